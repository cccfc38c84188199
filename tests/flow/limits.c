#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/scene.h"
#include "tests/flow/servers.h"
#include "tests/support/proc.h"
#include "tests/support/tmpdir.h"

enum { MANY = 5000, SOON_MS = 30 * 1000 };

/* The Hub's quota of 3,000, with a window a hundredth as long. */
Test(limits, thousands_of_small_files_pass_under_the_buckets_of_the_hub)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    hub_add_many(h, "org/name", MANY, 100);
    hub_limit(h, HUB_BUCKET_RESOLVERS, 3000, 3000);
    hub_limit(h, HUB_BUCKET_API, 3, 1000);
    SCOPED(run_done)
    struct run r = run(dir,
                       WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out",
                             "--json", "--no-sync"),
                       NO_ENV);
    cr_expect_eq(r.status, 0, "%s", r.err);
    cr_expect_eq(tmpdir_count(dir, "out/data"), MANY);
    const struct hub_log_filter refused = {.status = 429};
    cr_expect_eq(hub_log_count(hub_log(h), &refused), 0, "waiting was told beforehand");
    cr_expect(strstr(r.out, "\"type\":\"wait\""), "people are told");
}

Test(limits, a_wait_that_is_too_long_ends_with_when_to_come_again)
{
    static const struct {
        const char *name;
        enum hub_bucket bucket;
        unsigned quota;
        const char *only; // so many files are asked for
    } cases[] = {
        {"pages of the listing", HUB_BUCKET_API, 2, "data/*"},
        {"many files at once", HUB_BUCKET_RESOLVERS, 10, "data/*"},
        {"where the only file is", HUB_BUCKET_RESOLVERS, 0, "*/file-000003.bin"},
        {"the bytes of the only file", HUB_BUCKET_RESOLVERS, 1, "*/file-000003.bin"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){.page_size = 10});
        hub_add_many(h, "org/name", 50, 100);
        unsigned quota = cases[i].quota;
        hub_limit(h, cases[i].bucket, quota ? quota : 1, 1000 * 1000);
        struct hub_fault spend =
            HUB_FAULT_NONE; // a failure that took a request, and is tried again
        spend.route = HUB_RESOLVE;
        spend.status = 503;
        spend.last = spend.first = 1;
        if (!quota) hub_add_fault(h, &spend);
        SCOPED(run_done)
        struct run r = run(dir,
                           WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir",
                                 "out", "--json", "--max-wait", "5", "--include", cases[i].only),
                           NO_ENV);
        cr_expect_eq(r.status, 7, "%s: %s", cases[i].name, r.err);
        cr_expect(strstr(r.out, "\"code\":\"rate-limited\""), "%s", cases[i].name);
        cr_expect(strstr(r.out, "\"retry_after_s\":100"), "%s: %s", cases[i].name, r.out);
        cr_expect(strstr(r.err, "try again"), "%s: %s", cases[i].name, r.err);
        cr_expect_leq(hub_log_count(hub_log(h), &(struct hub_log_filter){.status = 429}), 16,
                      "%s: calls that were under way already", cases[i].name);
    }
}

/* A limit is a promise: no sooner than the bytes take at that rate, over all connections together.
 * (What a run begins with is a moment's credit, and so is what comes last.) */
Test(limits, a_rate_limit_holds_over_all_connections)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    enum { FILES = 3, EACH = 1 << 20, RATE = 2 << 20, CREDIT_MS = 100 };
    for (int i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%d.bin", i);
        hub_add_generated(s.hub, "org/name", path, EACH, (uint64_t)i, true);
    }
    GET(&s, "org/name", "--local-dir", "out", "--limit-rate", "2M");
    scene_expect(&s, 0, NULL);
    uint64_t least_ms = (uint64_t)FILES * EACH * 1000 / RATE - CREDIT_MS;
    cr_expect_geq(scene_number(&s, "result", 0, "elapsed_ms"), least_ms);
    cr_expect_eq(scene_events(&s, "retry"), 0, "resting is no silence");
}

/* Slower than the stall time-out would allow if resting counted. */
Test(limits, a_slow_rate_stalls_nothing)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 40 * 1024, 1, true);
    hub_add_generated(s.hub, "org/name", "b.bin", 40 * 1024, 2, true);
    GET(&s, "org/name", "--local-dir", "out", "--limit-rate", "20K", "--stall-timeout", "1");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "retry"), 0);
}

/* At its first rate it would take a week. */
Test(limits, a_rate_in_a_file_changes_while_it_runs)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 700 * 1024, 1, true);
    tmpdir_put_text(s.dir, "rate", "1\n");
    scene_start(&s,
                WORDS("get", "--json", "org/name", "--local-dir", "out", "--limit-rate", "@rate"));
    const struct hub_log_filter body = {.route = HUB_CDN, .status = 206};
    cr_assert(hub_log_wait(hub_log(s.hub), &body, 1, SOON_MS));
    tmpdir_put_text(s.dir, "rate", "fast\n");
    cr_assert(proc_wait_out(s.proc, "\"code\":\"limit-rate\"", SOON_MS), "%s", proc_out(s.proc));
    tmpdir_put_text(s.dir, "other", "none");
    SCOPED(mem_freep) char *from = mem_printf("%s/other", s.dir);
    SCOPED(mem_freep) char *to = mem_printf("%s/rate", s.dir);
    cr_assert_eq(rename(from, to), 0);
    scene_end(&s);
    scene_expect(&s, 0, NULL);
    cr_expect(strstr(scene_text(&s, "warning", 0, "message"), "neither a rate"));
}

Test(limits, a_file_without_a_rate_is_a_mistake)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    GET(&s, "org/name", "--local-dir", "out", "--limit-rate", "@nowhere");
    scene_expect(&s, 2, "nowhere");
    tmpdir_put_text(s.dir, "rate", "");
    GET(&s, "org/name", "--local-dir", "out", "--limit-rate", "@rate");
    scene_expect(&s, 2, "neither a rate");
}

/* Two programs at once, then one that was killed: together no faster than the rate. */
Test(limits, a_shared_rate_holds_over_all_runs_and_survives_one_that_is_killed)
{
    enum { EACH = 2 << 20, RATE = 2 << 20, CREDIT_MS = 200 };
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    SCOPED(scene_done) struct scene other = scene_new(NULL);
    SCOPED(mem_freep) char *runtime = mem_printf("XDG_RUNTIME_DIR=%s", s.dir);
    s.env = other.env = WORDS(runtime);
    hub_add_generated(s.hub, "org/name", "a.bin", EACH, 1, true);
    hub_add_generated(other.hub, "org/name", "b.bin", EACH, 2, true);
    static const char *const ARGS[] = {
        "get", "--json", "org/name", "--local-dir", "out", "--limit-rate-shared", "2M", NULL};
    uint64_t from_ns = clock_now_ns();
    scene_start(&other, ARGS);
    scene_run(&s, ARGS);
    scene_end(&other);
    uint64_t took_ms = (clock_now_ns() - from_ns) / MILLI_NS;
    scene_expect(&s, 0, NULL);
    scene_expect(&other, 0, NULL);
    cr_expect_geq(took_ms, (uint64_t)2 * EACH * 1000 / RATE - CREDIT_MS);

    hub_add_generated(other.hub, "org/name", "c.bin", EACH, 3, true);
    scene_start(&other, WORDS("get", "--json", "org/name", "--local-dir", "out",
                              "--limit-rate-shared", "1"));
    const struct hub_log_filter body = {.route = HUB_CDN, .status = 206, .file = "c.bin"};
    cr_assert(hub_log_wait(hub_log(other.hub), &body, 1, SOON_MS));
    proc_signal(other.proc, SIGKILL);
    cr_assert(proc_wait(other.proc, SOON_MS));
    scene_run(&s, WORDS("get", "--json", "org/name", "--local-dir", "again", "--limit-rate-shared",
                        "1000M"));
    scene_expect(&s, 0, NULL);
}

/* The directory of a cgroup, as far as it matters. */
static void press(const struct scene *s, uint64_t total_us)
{
    SCOPED(mem_freep)
    char *text = mem_printf("some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\n",
                            (unsigned long long)total_us);
    tmpdir_put_text(s->dir, "group/cpu.pressure", text);
}

/* The first bytes come slowly and no more after them: only a run that lets go of its connections,
 * and asks again when the pressure is over, gets to the end. */
Test(limits, a_run_gives_way_to_a_cgroup_and_comes_back)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 2 << 20, 1, true);
    scene_fault(&s, "cdn * #1 stall=1048576");
    press(&s, 0);
    SCOPED(mem_freep) char *group = mem_printf("%s/group", s.dir);
    scene_start(&s, WORDS("get", "--json", "org/name", "--local-dir", "out", "--connections", "1",
                          "--stall-timeout", "600", "--yield-to", group));
    cr_assert(proc_wait_out(s.proc, "\"downloaded\":1048576,", SOON_MS), "%s", proc_out(s.proc));
    press(&s, UINT64_C(1) << 40);
    cr_assert(proc_wait_out(s.proc, "\"waiting_for\":\"pressure\"", SOON_MS), "%s",
              proc_out(s.proc));
    scene_end(&s);
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(scene_text(&s, "wait", 0, "cause"), "pressure");
    cr_expect_eq(scene_events(&s, "wait"), 1);
    cr_expect_eq(scene_events(&s, "retry"), 0);
    cr_expect_eq(scene_sent(&s, "a.bin"), 2 << 20, "no byte twice");
    cr_expect_str_eq(scene_text(&s, "result", 0, "why_slow"), "pressure");
}

Test(limits, a_cgroup_that_tells_no_pressure_is_a_mistake)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    GET(&s, "org/name", "--local-dir", "out", "--yield-to", "no/such.slice");
    scene_expect(&s, 2, "/sys/fs/cgroup/no/such.slice");
}

/* While the first one is fetched it becomes known where the others are. */
Test(limits, a_priority_decides_what_comes_first)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    static const char *const PATHS[] = {"a.json", "b.bin", "c.md"};
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++)
        hub_add_generated(s.hub, "org/name", PATHS[i], 1000, i, true);
    scene_fault(&s, "cdn c.md delay=500");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "1", "--max-workers", "1",
        "--priority", "*.md=critical", "--priority", "a.*=low");
    scene_expect(&s, 0, NULL);
    static const char *const ORDER[] = {"c.md", "b.bin", "a.json"};
    static const char *const LEVELS[] = {"critical", "normal", "low"};
    for (size_t i = 0; i < ARRAY_LEN(ORDER); i++) {
        cr_expect_str_eq(scene_text(&s, "file_start", i, "file"), ORDER[i]);
        cr_expect_str_eq(scene_text(&s, "file_start", i, "priority"), LEVELS[i]);
        cr_expect_str_eq(scene_text(&s, "file_done", i, "file"), ORDER[i]);
    }
}

/* What files other than that one have, by a progress event; 0 without one. */
static uint64_t others_have(const struct json *progress, uint64_t id)
{
    uint64_t sum = 0;
    const struct json *files = json_get(progress, "files");
    for (const struct json *file = json_first(files); file; file = json_next(file)) {
        uint64_t is = 0, bytes = 0;
        cr_assert(json_u64(json_get(file, "id"), &is));
        cr_assert(json_u64(json_get(file, "downloaded"), &bytes));
        if (is != id) sum += bytes;
    }
    return sum;
}

/* A file of a higher class that comes while the rate is used up by others gets nearly all of it. */
Test(limits, the_rate_goes_to_the_highest_class)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 6 << 20, 1, true);
    hub_add_generated(s.hub, "org/name", "b.bin", 6 << 20, 2, true);
    hub_add_generated(s.hub, "org/name", "c.bin", 4 << 20, 3, true);
    scene_fault(&s, "resolve c.bin delay=700");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "4", "--limit-rate", "4M",
        "--priority", "c.bin=high");
    scene_expect(&s, 0, NULL);
    bool runs = false;
    uint64_t id = 0;
    const struct json *first = NULL, *last = NULL;
    for (size_t i = 0; i < s.line_count; i++) {
        const struct json *line = json_root(s.lines[i]);
        const char *type = json_string(json_get(line, "type"));
        const char *file = json_string(json_get(line, "file"));
        bool own = file && strcmp(file, "c.bin") == 0;
        if (own && strcmp(type, "file_start") == 0) runs = json_u64(json_get(line, "id"), &id);
        if (own && strcmp(type, "file_done") == 0) runs = false;
        if (!runs || strcmp(type, "progress") != 0) continue;
        if (!first) first = line;
        last = line;
    }
    cr_assert(first && last != first, "%s", s.out);
    cr_expect_leq(others_have(last, id) - others_have(first, id), 1 << 20);
    cr_expect_eq(scene_events(&s, "retry"), 0);
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_fetched"), 16 << 20);
}
