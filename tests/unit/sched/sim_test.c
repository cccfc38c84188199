/* The real scheduler, controller, retry and throttle on virtual lines: does it find what the best
 * fixed number of connections brings, and does it never fall far below it for long? */
#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "tests/support/sim_profile.h"

enum { SEEDS = 3 };

static const unsigned FIXED[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64};
static const double SHARE = 0.9; // of the best fixed number
static const double COUNTS_S = 120;
static const double FIXED_S = 60;
static const double STARTED_S = 15;

/* From then on it counts. Lines that answer late, or differently each few seconds, take longer. */
static double converged_s(const char *profile)
{
    if (strcmp(profile, "a crawl after 10 s above 24") == 0) return 180;
    if (strcmp(profile, "a bursty neighbour") == 0) return 180;
    return 60;
}

static double best_fixed(const struct sim_plan *p)
{
    double best = 0;
    for (size_t k = 0; k < sizeof(FIXED) / sizeof(FIXED[0]); k++) {
        static struct sim s;
        sim_init(&s, p, FIXED[k], 1);
        sim_run(&s, FIXED_S);
        double rate = sim_goodput(&s, FIXED_S / 2, FIXED_S);
        if (rate > best) best = rate;
        sim_done(&s);
    }
    return best;
}

/* Bytes that count are there once; what came twice is the hedges' and within their allowance. */
static void expect_bytes_once(const struct sim *s)
{
    const char *name = s->plan->name;
    uint64_t there = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        const struct sim_file *f = &s->files[i];
        there += ranges_total(&f->done);
        cr_expect_leq(ranges_reach(&f->done, 0), f->size, "%s", name);
    }
    cr_expect_eq(there, s->fetched_bytes, "%s", name);
    cr_expect_leq(s->extra_bytes, s->total_bytes / TAIL_EXTRA_SHARE, "%s", name);
    cr_expect(s->hedges > 0 || s->extra_bytes == 0, "%s", name);
    cr_expect_eq(s->failed, 0, "%s", name);
}

static void try_profile(const struct sim_plan *p, double best, uint64_t seed)
{
    static struct sim s;
    sim_init(&s, p, 0, seed);
    double from_s = converged_s(p->name);
    double to_s = from_s + COUNTS_S;
    sim_run(&s, to_s);
    double share = sim_goodput(&s, from_s, to_s) / best;
    cr_expect_geq(share, SHARE, "%s, seed %d: %.2f of %.1f MB/s", p->name, (int)seed, share,
                  best / 1e6);
    double below = sim_longest_below(&s, best / 2, STARTED_S, to_s);
    cr_expect_leq(below, 5, "%s, seed %d: below half for %.1f s", p->name, (int)seed, below);
    expect_bytes_once(&s);
    sim_done(&s);
}

Test(sim, the_controller_finds_the_best_of_each_line)
{
    size_t count = 0;
    const struct sim_plan *profiles = sim_profiles(&count);
    for (size_t i = 0; i < count; i++) {
        struct sim_plan p = profiles[i];
        p.line.change.at = 0; // the best for what the line is at last …
        if (profiles[i].line.change.per_connection > 0) {
            p.line.per_connection = profiles[i].line.change.per_connection;
        }
        double best = best_fixed(&p);
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            try_profile(&profiles[i], best, seed);
    }
}

/* At the next look at the latest; what it shares the line with then is not our choice. */
Test(sim, a_critical_file_takes_a_connection_of_a_shard_at_once)
{
    struct sim_plan p = {
        .name = "a critical file",
        .line = {.link = 125e6, .rtt = .02, .queue = .03, .server = .02},
        .files = {{.count = 50, .bytes = UINT64_C(5) << 30, .priority = PRIORITY_NORMAL},
                  {.count = 1, .bytes = 1 << 20, .priority = PRIORITY_CRITICAL, .at = 10}}};
    static struct sim s;
    sim_init(&s, &p, 8, 1);
    sim_run(&s, 30);
    const struct sim_file *f = &s.files[s.file_count - 1];
    cr_expect_gt(s.preempted, 0);
    cr_expect_gt(f->done_ns, 0);
    cr_expect_leq(f->longest_wait, RAMP_TICK_NS);
    sim_done(&s);
}

/* Seconds for 4 GB over nine connections of which one may crawl. */
static double nine_s(double crawl)
{
    struct sim_plan p = {
        .name = "one of nine crawls",
        .line = {.link = 180e6, .rtt = .02, .queue = .03, .server = .02, .per_connection = 20e6},
        .files = {{.count = 9, .bytes = 444 << 20, .priority = PRIORITY_NORMAL}},
        .crawl = {.from = 5, .rate = crawl}};
    static struct sim s;
    sim_init(&s, &p, 9, 1);
    cr_expect(sim_run(&s, 300), "it ends");
    double took = sim_seconds(&s);
    cr_expect(crawl <= 0 || s.evictions > 0);
    expect_bytes_once(&s);
    sim_done(&s);
    return took;
}

Test(sim, a_connection_that_crawls_or_stalls_costs_little)
{
    double well = nine_s(0);
    double crawls = nine_s(10e3);
    double stalls = nine_s(.001);
    cr_expect_leq(crawls, well + 2, "%.1f s against %.1f s", crawls, well);
    cr_expect_leq(stalls, well + 2, "%.1f s against %.1f s", stalls, well);
}

Test(sim, nothing_starves)
{
    struct sim_plan p = {
        .name = "normal before low",
        .line = {.link = 20e6, .rtt = .02, .queue = .03, .server = .02},
        .files = {{.count = 100, .bytes = UINT64_C(1) << 30, .priority = PRIORITY_NORMAL},
                  {.count = 1, .bytes = 4 << 20, .priority = PRIORITY_LOW}}};
    static struct sim s;
    sim_init(&s, &p, 8, 1);
    sim_run(&s, 90);
    cr_expect_gt(s.files[s.file_count - 1].done_ns, 0, "it waited for all others");
    cr_expect_geq(s.files[s.file_count - 1].longest_wait, ORDER_AGE_NS, "and not in its turn");
    sim_done(&s);
}

/* ---- caps ---- */

Test(sim, our_own_limit_holds_within_two_percent_also_when_it_changes)
{
    struct sim_plan p = {
        .name = "a limit that changes",
        .line = {.link = 1250e6, .rtt = .02, .queue = .02, .server = .02, .per_connection = 20e6},
        .files = {{.count = 50, .bytes = UINT64_C(1) << 30, .priority = PRIORITY_NORMAL}},
        .limit = {.rate = 50000000, .until = 20, .next = 20000000}};
    static struct sim s;
    sim_init(&s, &p, 0, 1);
    sim_run(&s, 40);
    enum { WINDOW_S = 5, CHANGE_S = 20, END_S = 40 };
    for (int from = 2; from + WINDOW_S <= END_S; from++) {
        if (from < CHANGE_S + 2 && from + WINDOW_S > CHANGE_S) continue; // it changes in between
        double cap = from < CHANGE_S ? 50e6 : 20e6;
        double rate = sim_goodput(&s, from, from + WINDOW_S);
        cr_expect(rate > .98 * cap && rate < 1.02 * cap, "%.2f MB/s from %d s", rate / 1e6, from);
    }
    sim_done(&s);
}

/* 30 requests a second are answered, more are refused: after the first refusals it asks no faster
 * than it is answered, but for a careful look now and then. */
Test(sim, an_origin_that_counts_requests_is_asked_no_faster)
{
    struct sim_plan p = {
        .name = "thirty requests a second",
        .line = {.link = 125e6,
                 .rtt = .02,
                 .queue = .03,
                 .server = .02,
                 .refuse = {.starts = 30, .retry_after = 1}},
        .files = {{.count = 20000, .bytes = 1 << 20, .priority = PRIORITY_NORMAL}}};
    static struct sim s;
    sim_init(&s, &p, 0, 1);
    sim_run(&s, 20);
    unsigned refused_before = s.net.refusals;
    unsigned asked_before = s.net.requests;
    sim_run(&s, 120);
    unsigned refused = s.net.refusals - refused_before;
    unsigned asked = s.net.requests - asked_before;
    cr_expect_gt(refused_before, 0, "it was told");
    cr_expect_leq(refused, asked / 20, "%u of %u requests were refused", refused, asked);
    cr_expect_geq(asked - refused, 100 * 30 / 2, "%u answered in 100 s", asked - refused);
    sim_done(&s);
}
