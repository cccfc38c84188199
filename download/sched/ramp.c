#include "download/base/scoped.h"
#include "download/sched/ramp_private.h"

enum { RESETS_BURST = 3, CRAWLS = 2 };
#define UNDECIDED_NS     (12 * SECOND_NS) // a probe that was never left alone
#define UNFILLED_NS      (2 * SECOND_NS)  // a climb that found nothing more to do
#define REFUSED_GUARD_NS SECOND_NS
#define RESETS_NS        SECOND_NS
#define QUICK_BYTES      (UINT64_C(2) << 20) // come in pieces of a quarter of a MiB

const char *ramp_cause_word(enum ramp_cause c)
{
    static const char *const WORDS[] = {
#define RAMP_CAUSE_WORD(name, word) [name] = (word),
        RAMP_CAUSE_LIST(RAMP_CAUSE_WORD)
#undef RAMP_CAUSE_WORD
    };
    return (size_t)c < ARRAY_LEN(WORDS) ? WORDS[c] : "unknown";
}

/* ---- every tick ---- */

static bool refused(struct ramp *r, const struct ramp_facts *f)
{
    if (r->last_ns - r->resets_ns > RESETS_NS) {
        r->resets = 0;
        r->resets_ns = r->last_ns;
    }
    r->resets += f->resets;
    bool burst = r->resets >= RESETS_BURST && r->resets * HALF >= r->advice.connections;
    return (f->refusals || burst) && r->last_ns >= r->refused_until_ns;
}

static void retreat(struct ramp *r, const struct ramp_facts *f)
{
    unsigned n = r->advice.connections;
    r->resets = 0;
    r->suspect = 0;
    r->seen_rate = r->best_rate = 0;
    r->refused_until_ns = r->last_ns + REFUSED_GUARD_NS + f->ttfb_ns;
    ceiling_lower(&r->ceiling, n - 1, n, r->last_ns);
    ramp_go(r, n * 7 / 10, RAMP_REFUSED, f);
    ramp_hold(r, HOLD_FIRST_NS);
}

static bool is_climbing(const struct ramp *r)
{
    return r->phase == PHASE_CLIMB && r->base_was.count;
}

static bool is_undecided(const struct ramp *r)
{
    bool trying = r->phase == PHASE_PROBE || r->phase == PHASE_LEAN;
    if (trying) return r->last_ns - r->level_ns > UNDECIDED_NS;
    return is_climbing(r) && r->last_ns - r->filled_ns > UNFILLED_NS;
}

/* What happened since the last tick. */
struct look {
    double rate;
    bool counts; // for the number that is wanted
    bool harms;  // fewer run, but more than before, and they bring a crawl
};

static struct look look(struct ramp *r, const struct ramp_facts *f, uint64_t now_ns)
{
    uint64_t passed = now_ns - r->last_ns;
    uint64_t bytes = f->bytes - r->last_bytes;
    bool settled = passed && r->last_ns >= r->settled_ns; // all of it
    r->last_ns = now_ns;
    r->last_bytes = f->bytes;
    r->limited = f->limited;
    struct look l = {.rate = passed ? (double)bytes * 1e9 / (double)passed : 0};
    bool filled = f->running >= r->advice.connections;
    bool more = is_climbing(r) || r->phase == PHASE_PROBE;
    bool partly = more && !filled && f->running > r->base;
    if (filled || f->limited || !settled) r->filled_ns = now_ns;
    l.counts = settled && filled && !f->limited;
    l.harms = settled && partly && !f->limited && ramp_is_crash(r, l.rate);
    r->crawls = l.harms ? r->crawls + 1 : 0;
    return l;
}

uint64_t ramp_tick_ns(const struct ramp *r)
{
    return r->phase == PHASE_CLIMB && !r->limited ? RAMP_QUICK_NS : RAMP_TICK_NS;
}

bool ramp_due(const struct ramp *r, uint64_t bytes, uint64_t now_ns)
{
    bool many = bytes - r->last_bytes >= QUICK_BYTES;
    uint64_t least = ramp_tick_ns(r);
    if (least == RAMP_QUICK_NS && !many) least = RAMP_CLIMB_NS;
    return now_ns - r->last_ns >= least;
}

struct ramp_advice ramp_tick(struct ramp *r, const struct ramp_facts *f, uint64_t now_ns)
{
    r->advice.changed = false;
    r->advice.elsewhere = false;
    bool begins = r->advice.cause == RAMP_START && r->settled_ns > now_ns;
    if (begins && f->ttfb_ns && f->running >= r->advice.connections) {
        uint64_t settled_ns = r->level_ns + ramp_settle_ns(0, f);
        r->settled_ns = settled_ns > now_ns ? settled_ns : now_ns;
    }
    struct look now = look(r, f, now_ns);
    if (refused(r, f) && !r->pinned) {
        retreat(r, f);
    } else if (now.counts) {
        samples_add(&r->samples, now.rate);
        ramp_decide(r, f);
    } else if (r->crawls >= CRAWLS) {
        ramp_punished(r, f);
    } else if (is_undecided(r)) {
        ramp_give_up(r, f);
    }
    return r->advice;
}

/* ---- from run to run ---- */

void ramp_init(struct ramp *r, unsigned pinned, unsigned most, const struct ramp_memory *known,
               uint64_t now_ns)
{
    static const struct ramp_memory NOTHING = {0};
    if (!known) known = &NOTHING;
    unsigned first = known->connections ? known->connections : (unsigned)RAMP_FIRST;
    *r = (struct ramp){
        .most = pinned ? pinned : most,
        .pinned = pinned,
        .advice = {.connections = pinned, .cause = RAMP_PINNED},
        .last_ns = now_ns,
        .level_ns = now_ns,
        .settled_ns = now_ns + SETTLE_NS,
        .resets_ns = now_ns,
        .hold_ns = HOLD_NS,
        .lean_ns = LEAN_NS,
        .climb_ns = CLIMB_AGAIN_NS,
        .lean_at_ns = now_ns + LEAN_NS,
    };
    if (known->ceiling) {
        r->ceiling = (struct ceiling){.level = known->ceiling,
                                      .until_ns = now_ns + known->ceiling_left_ns,
                                      .for_ns = known->ceiling_left_ns};
    }
    if (pinned) {
        r->phase = PHASE_HOLD;
        return;
    }
    r->advice.cause = RAMP_START;
    r->advice.connections = ramp_clamp(first, 1, ramp_limit(r));
}

void ramp_remember(const struct ramp *r, uint64_t now_ns, struct ramp_memory *ret)
{
    bool trying = r->phase == PHASE_PROBE || r->phase == PHASE_LEAN || r->phase == PHASE_CLIMB;
    bool counts = now_ns < r->ceiling.until_ns;
    *ret = (struct ramp_memory){
        .connections = trying ? r->base : r->advice.connections,
        .ceiling = counts ? r->ceiling.level : 0,
        .ceiling_left_ns = counts ? r->ceiling.until_ns - now_ns : 0,
    };
}
