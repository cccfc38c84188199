/* What is done in each phase of ramp.h. */
#include "download/sched/ramp_private.h"

#include "download/base/clock.h"

/* Numbers are peers.md §3.3's, or were tried out on the lines of tests/support/sim_profile.h.
 */
static const double CLIMB_GAIN = 1.25;     // twice as many must bring at least this
static const double LEAP_GAIN = 1.8;       // … and after this, four times as many are next …
static const double FAST = 80e6;           // … if so much comes that nobody else can be in need
static const double PROBE_SHARE = 0.25;    // more brings, of what it would in proportion …
static const double PROBE_LEAST = 0.03;    // … but at least this
static const double PROBE_ENOUGH = 0.05;   // … and no more is asked for
static const double LEAN_KEEPS = 0.97;     // fewer must keep this
static const double PUNISHED_BELOW = 0.7;  // more that bring less than this are a mistake
static const double CRASHED_BELOW = 0.5;   // … seen at once
static const double RECOVERED = 0.8;       // back at fewer: it was the number
static const double COLLAPSED_BELOW = 0.3; // of the best
static const double LESS_THAN_SEEN = 0.7;  // means that the line is another one now …
static const double MORE_THAN_HELD = 1.4;  // … and so does this
static const double BEST_FADES = 0.9975;   // per tick: half in 70 s
static const double CLIMB_CLEAR = 0.5;     // standard errors; while all of it grows that is enough

enum {
    CLIMB_SAMPLES = 8, // in which growth must show
    FIRST_SAMPLES = 2,
    FEW_SAMPLES = 4, // a second
    LONG_SAMPLES = 6,
    LEAN_LEAST = 2, // connections; one alone stands still when it does
};

#define SETTLE_MOST_NS (5 * SECOND_NS)
#define HOLD_MOST_NS   (60 * SECOND_NS)
#define LEAN_MOST_NS   (120 * SECOND_NS)
#define SUSPECT_NS     (6 * SECOND_NS)

unsigned ramp_clamp(unsigned n, unsigned least, unsigned most)
{
    if (n > most) n = most;
    return n < least ? least : n;
}

static uint64_t shorter(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

unsigned ramp_limit(const struct ramp *r)
{
    return ceiling_limit(&r->ceiling, r->most, r->last_ns);
}

uint64_t ramp_settle_ns(uint64_t least, const struct ramp_facts *f)
{
    uint64_t ns = 3 * f->ttfb_ns;
    if (ns < least) ns = least;
    return shorter(ns, SETTLE_MOST_NS);
}

void ramp_go(struct ramp *r, unsigned n, enum ramp_cause cause, const struct ramp_facts *f)
{
    r->advice.connections = ramp_clamp(n, 1, r->most);
    r->advice.cause = cause;
    r->advice.changed = true;
    samples_clear(&r->samples);
    r->level_ns = r->last_ns;
    uint64_t least = cause == RAMP_CLIMB ? CLIMB_SETTLE_NS : SETTLE_NS;
    r->settled_ns = r->last_ns + ramp_settle_ns(least, f);
}

void ramp_hold(struct ramp *r, uint64_t for_ns)
{
    if (r->phase == PHASE_CLIMB) r->samples.noise = 0; // its samples are shorter
    r->phase = PHASE_HOLD;
    r->hold_until_ns = r->last_ns + for_ns;
    r->held_rate = 0;
}

static void compare_with_this(struct ramp *r, unsigned samples)
{
    r->base = r->advice.connections;
    r->base_was = samples_summary(&r->samples, samples);
    if (r->base_was.rate > r->seen_rate) r->seen_rate = r->base_was.rate;
}

bool ramp_is_crash(const struct ramp *r, double rate)
{
    return rate < CRASHED_BELOW * r->base_was.least;
}

static bool crashed(const struct ramp *r)
{
    return r->samples.count >= 2 && ramp_is_crash(r, samples_mean(&r->samples, 2));
}

/* Back. If that brings it back, it was the number. */
void ramp_punished(struct ramp *r, const struct ramp_facts *f)
{
    r->suspect = r->advice.connections;
    r->suspect_until_ns = r->last_ns + SUSPECT_NS;
    ramp_go(r, r->base, RAMP_PUNISHED, f);
    ramp_hold(r, HOLD_FIRST_NS);
}

/* ---- climb ---- */

static void climb_on(struct ramp *r, const struct ramp_facts *f)
{
    bool grew = r->phase == PHASE_CLIMB && r->base && r->base < r->advice.connections;
    if (grew) r->climb_ns = CLIMB_AGAIN_NS;
    double rate = samples_mean(&r->samples, 2);
    bool leaps = grew && rate >= LEAP_GAIN * r->base_was.rate && rate >= FAST;
    compare_with_this(r, FEW_SAMPLES);
    unsigned next = ramp_clamp((leaps ? 4 : 2) * r->base, 1, ramp_limit(r));
    if (next > r->base) {
        ramp_go(r, next, RAMP_CLIMB, f);
    } else {
        ramp_hold(r, HOLD_FIRST_NS);
    }
}

/* Goodput grew in proportion up to the base: what it reached is worth so many. */
static void climb_ends(struct ramp *r, const struct ramp_facts *f)
{
    double worth = r->base * samples_mean(&r->samples, FEW_SAMPLES) / r->base_was.rate;
    unsigned n = ramp_clamp((unsigned)worth + 1, r->base, r->advice.connections);
    if (worth < r->base * (1 + PROBE_LEAST)) n = r->base;
    if (n != r->advice.connections) ramp_go(r, n, RAMP_PLATEAU, f);
    ramp_hold(r, HOLD_FIRST_NS);
}

static void climb(struct ramp *r, const struct ramp_facts *f)
{
    unsigned n = r->samples.count;
    if (!r->base_was.count) {                             // the first level
        bool fast = samples_mean(&r->samples, 1) >= FAST; // so many bytes are no accident
        if (fast || n >= FIRST_SAMPLES) climb_on(r, f);
        return;
    }
    if (n < 2) return;
    bool more = samples_mean(&r->samples, 2) >= CLIMB_GAIN * r->base_was.rate;
    bool clear = samples_lead(&r->samples, 2, &r->base_was, CLIMB_GAIN) > CLIMB_CLEAR;
    if (crashed(r)) {
        ramp_punished(r, f);
    } else if (more && clear) {
        climb_on(r, f);
    } else if (n >= CLIMB_SAMPLES) {
        climb_ends(r, f);
    }
}

/* ---- probe and lean ---- */

static void probe_on(struct ramp *r, const struct ramp_facts *f)
{
    compare_with_this(r, SAMPLES_MAX);
    unsigned next = ramp_clamp(r->base + ramp_clamp(r->base / 4, 1, r->most), 1, ramp_limit(r));
    if (next <= r->base) {
        ramp_hold(r, r->hold_ns);
        return;
    }
    r->phase = PHASE_PROBE;
    ramp_go(r, next, RAMP_PROBE, f);
}

static void back(struct ramp *r, const struct ramp_facts *f)
{
    ramp_go(r, r->base, RAMP_PLATEAU, f);
    ramp_hold(r, r->hold_ns);
}

void ramp_give_up(struct ramp *r, const struct ramp_facts *f)
{
    bool some = r->base < f->running && f->running < r->advice.connections;
    ramp_go(r, some ? f->running : r->base, RAMP_UNTESTED, f);
    ramp_hold(r, r->hold_ns);
}

static double probe_factor(const struct ramp *r)
{
    double more = (double)(r->advice.connections - r->base) / r->base * PROBE_SHARE;
    if (more < PROBE_LEAST) more = PROBE_LEAST;
    return 1 + (more > PROBE_ENOUGH ? PROBE_ENOUGH : more);
}

static void probe(struct ramp *r, const struct ramp_facts *f)
{
    enum worth more = samples_worth(&r->samples, &r->base_was, probe_factor(r));
    bool harm = samples_mean(&r->samples, SAMPLES_MAX) < PUNISHED_BELOW * r->base_was.least;
    if (crashed(r) || (more == WORTH_LESS && harm)) {
        ramp_punished(r, f);
    } else if (more == WORTH_MORE) {
        ceiling_passed(&r->ceiling, r->advice.connections, r->last_ns);
        r->hold_ns = HOLD_NS;
        r->lean_ns = LEAN_NS;
        probe_on(r, f);
    } else if (more == WORTH_LESS) {
        r->hold_ns = shorter(2 * r->hold_ns, HOLD_MOST_NS);
        back(r, f);
    }
}

/* A row of leans is compared with where it began, so that small losses do not add up. */
static void lean_on(struct ramp *r, const struct ramp_facts *f)
{
    double rate = samples_mean(&r->samples, SAMPLES_MAX);
    if (rate > r->base_was.rate) compare_with_this(r, SAMPLES_MAX);
    r->base = r->advice.connections;
    unsigned step = ramp_clamp(r->base / 8, 1, r->most);
    if (r->base < LEAN_LEAST + step) {
        ramp_hold(r, r->hold_ns);
        return;
    }
    r->phase = PHASE_LEAN;
    ramp_go(r, r->base - step, RAMP_LEAN, f);
}

static void lean(struct ramp *r, const struct ramp_facts *f)
{
    enum worth as_good = samples_worth(&r->samples, &r->base_was, LEAN_KEEPS);
    if (as_good == WORTH_MORE && r->samples.count >= LONG_SAMPLES) {
        lean_on(r, f);
    } else if (as_good == WORTH_LESS || crashed(r)) {
        r->lean_at_ns = r->last_ns + r->lean_ns;
        r->lean_ns = shorter(2 * r->lean_ns, LEAN_MOST_NS);
        back(r, f);
    }
}

/* ---- hold ---- */

/* Next time halfway between the two, if that is worth a try. */
static void judge_suspect(struct ramp *r)
{
    if (r->samples.count < FEW_SAMPLES) return;
    unsigned n = r->advice.connections;
    if (samples_mean(&r->samples, FEW_SAMPLES) >= RECOVERED * r->base_was.rate) {
        unsigned half = (r->suspect - n) / HALF;
        ceiling_lower(&r->ceiling, half * 10 >= n ? n + half : n, r->suspect, r->last_ns);
        r->suspect = 0;
    } else if (r->last_ns >= r->suspect_until_ns) {
        r->suspect = 0; // fewer did not help either
    }
}

/* Goodput moved by itself, and not to a crawl: another number may be right now. */
static bool line_changed(const struct ramp *r)
{
    if (r->last_ns < r->climb_at_ns) return false;
    bool crawls = samples_mean(&r->samples, 2) < COLLAPSED_BELOW * r->best_rate;
    bool less = samples_most(&r->samples, LONG_SAMPLES) < LESS_THAN_SEEN * r->seen_rate;
    bool more = samples_least(&r->samples, LONG_SAMPLES) > MORE_THAN_HELD * r->held_rate;
    return !crawls && (less || more);
}

static void climb_again(struct ramp *r, const struct ramp_facts *f)
{
    r->seen_rate = r->best_rate = samples_mean(&r->samples, FEW_SAMPLES);
    r->hold_ns = HOLD_NS;
    r->lean_ns = LEAN_NS;
    r->climb_at_ns = r->last_ns + r->climb_ns;
    r->climb_ns = shorter(2 * r->climb_ns, HOLD_MOST_NS);
    r->phase = PHASE_CLIMB;
    climb_on(r, f);
}

/* ---- collapse ---- */

static void climb_from_here(struct ramp *r, double rate)
{
    r->seen_rate = r->best_rate = rate;
    r->base_was.count = 0;
    r->phase = PHASE_CLIMB;
}

static void collapse(struct ramp *r, const struct ramp_facts *f)
{
    unsigned n = r->advice.connections;
    double rate = samples_mean(&r->samples, FEW_SAMPLES);
    bool elsewhere = f->addresses > 1;
    if (!elsewhere && (r->pinned || !search_has_room(n))) {
        r->best_rate = rate; // so it is, then
        return;
    }
    r->advice.elsewhere = elsewhere;
    search_begin(&r->search, n, rate, r->best_rate, elsewhere, r->last_ns);
    ramp_go(r, r->pinned ? n : r->search.now, RAMP_COLLAPSE, f);
    if (r->pinned) {
        r->best_rate = 0;
    } else {
        r->phase = PHASE_SEARCH;
    }
}

static void search(struct ramp *r, const struct ramp_facts *f)
{
    if (r->samples.count < 2) return;
    const struct search *s = &r->search;
    double rate = samples_mean(&r->samples, 2);
    switch (search_step(&r->search, rate, r->last_ns)) {
    case SEARCH_GOES_ON: break;
    case SEARCH_FEWER: ramp_go(r, s->now, RAMP_COLLAPSE, f); break;
    case SEARCH_FOUND:
        if (s->now < s->from) ceiling_lower(&r->ceiling, s->from / HALF, s->from, r->last_ns);
        climb_from_here(r, rate);
        break;
    case SEARCH_LOST:
        ramp_go(r, s->from, RAMP_RESTORED, f);
        climb_from_here(r, rate);
        break;
    }
}

/* ---- hold ---- */

static bool collapsed(struct ramp *r)
{
    double rate = samples_mean(&r->samples, LONG_SAMPLES);
    r->best_rate *= BEST_FADES;
    r->seen_rate *= BEST_FADES;
    if (rate > r->best_rate) r->best_rate = rate;
    if (rate > r->seen_rate) r->seen_rate = rate;
    if (r->held_rate <= 0) r->held_rate = rate;
    return rate < COLLAPSED_BELOW * r->best_rate;
}

static void holding(struct ramp *r, const struct ramp_facts *f)
{
    if (r->suspect) judge_suspect(r);
    if (r->samples.count < LONG_SAMPLES) return;
    if (collapsed(r)) {
        collapse(r, f);
        return;
    }
    if (r->suspect || r->pinned) return;
    if (line_changed(r)) {
        climb_again(r, f);
    } else if (r->last_ns >= r->hold_until_ns) {
        probe_on(r, f);
    }
    bool steady = r->samples.count >= 2 * SAMPLES_MAX; // and not about to recover from something
    if (r->phase == PHASE_HOLD && steady && r->last_ns >= r->lean_at_ns) {
        r->base_was.rate = 0;
        lean_on(r, f);
    }
}

void ramp_decide(struct ramp *r, const struct ramp_facts *f)
{
    switch (r->phase) {
    case PHASE_CLIMB: climb(r, f); break;
    case PHASE_HOLD: holding(r, f); break;
    case PHASE_PROBE: probe(r, f); break;
    case PHASE_LEAN: lean(r, f); break;
    case PHASE_SEARCH: search(r, f); break;
    }
}
