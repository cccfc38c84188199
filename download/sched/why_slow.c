#include "download/sched/why_slow.h"

#include <stddef.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"

/* Shares, of taste where nothing else is said. */
enum {
    MOST_OF_IT = 500,
    HELD_BACK = 250, // the limiter stops and goes within a moment: less is its ordinary play
    AT_WORK = 900,
    SOME_WORK = 250, // less, and nobody wants what is unread
    DISORDERED = 10, // one packet lost puts what is on its way behind it out of order
};
static const double LIMIT_REACHED = 0.9;
static const double POLITE_REACHED = 0.5;
/* Round trips that grew to this, and by this, mean that packets queue. (Linux delays an
 * acknowledgement by 40 ms at most.) */
static const uint64_t QUEUE_FACTOR = 2;
static const uint64_t QUEUE_LEAST_NS = 50 * MILLI_NS;

const char *slow_word(enum slow_verdict v)
{
    static const char *const WORDS[] = {
#define SLOW_WORD(name, word) [name] = (word),
        SLOW_LIST(SLOW_WORD)
#undef SLOW_WORD
    };
    return (size_t)v < ARRAY_LEN(WORDS) ? WORDS[v] : NULL;
}

/* ---- what the controller found out ---- */

enum slow_tried slow_learn(enum slow_tried known, enum ramp_cause was, enum ramp_cause is)
{
    switch (is) {
    case RAMP_START:
    case RAMP_PINNED:
    case RAMP_RESTORED: return TRIED_NOTHING;
    case RAMP_CLIMB: return was == RAMP_CLIMB ? TRIED_GREW : TRIED_NOTHING; // the one before grew
    case RAMP_PROBE:
    case RAMP_UNTESTED: return known;
    case RAMP_LEAN: return was == RAMP_LEAN ? TRIED_FLAT : known; // fewer were as good
    case RAMP_PLATEAU: return was == RAMP_LEAN ? known : TRIED_FLAT;
    case RAMP_PUNISHED:
    case RAMP_COLLAPSE: return TRIED_PUNISHED;
    case RAMP_REFUSED: return TRIED_REFUSED;
    }
    return known;
}

/* ---- a second ---- */

static bool limited(const struct slow_facts *f)
{
    if (!f->limit_bytes_per_s) return false;
    double most = (double)f->limit_bytes_per_s * (double)f->span_ns / (double)SECOND_NS;
    double reached = f->polite ? POLITE_REACHED : LIMIT_REACHED;
    return (double)f->bytes >= reached * most || f->resting >= HELD_BACK;
}

static bool refused(const struct slow_facts *f)
{
    return f->refusals || f->refusing >= MOST_OF_IT || f->tried == TRIED_REFUSED;
}

static bool behind(const struct slow_facts *f)
{
    return f->busy >= AT_WORK || (f->full >= MOST_OF_IT && f->busy >= SOME_WORK);
}

static unsigned less(unsigned a, unsigned b)
{
    return a > b ? a - b : 0;
}

static enum slow_verdict our_work(const struct slow_facts *f)
{
    if (2 * f->delayed >= f->busy) return SLOW_PRESSURE;
    unsigned receiving = less(f->busy, f->writing + f->hashing);
    if (f->writing >= f->hashing && f->writing >= receiving) return SLOW_DISK;
    if (f->hashing >= receiving) return SLOW_HASH;
    return f->tls ? SLOW_TLS : SLOW_CPU;
}

static bool files_are_busy(const struct slow_facts *f)
{
    bool out = f->verifying >= MOST_OF_IT || f->storing >= MOST_OF_IT;
    return out && f->idle >= MOST_OF_IT;
}

static bool queues(const struct slow_facts *f)
{
    if (f->disorder >= DISORDERED && !f->full) return true;
    uint64_t grown = f->rtt_ns > f->rtt_best_ns ? f->rtt_ns - f->rtt_best_ns : 0;
    return f->rtt_best_ns && f->rtt_ns >= QUEUE_FACTOR * f->rtt_best_ns && grown >= QUEUE_LEAST_NS;
}

static enum slow_verdict beyond_us(const struct slow_facts *f)
{
    switch (f->tried) {
    case TRIED_NOTHING: return queues(f) ? SLOW_LINK : SLOW_CONNECTION;
    case TRIED_GREW: return SLOW_CONNECTION;
    case TRIED_FLAT: return queues(f) || f->flat_origins > 1 ? SLOW_LINK : SLOW_ORIGIN;
    case TRIED_PUNISHED: return SLOW_ORIGIN;
    case TRIED_REFUSED: break;
    }
    return SLOW_REFUSED;
}

enum slow_verdict slow_verdict(const struct slow_facts *f)
{
    if (!f->wanted) return SLOW_NOTHING;
    if (limited(f)) return f->polite ? SLOW_POLITE : SLOW_LIMIT_RATE;
    if (behind(f)) return our_work(f);
    if (f->pressed >= MOST_OF_IT) return SLOW_PRESSURE;
    if (refused(f)) return SLOW_REFUSED;
    if (files_are_busy(f)) return f->verifying >= f->storing ? SLOW_HASH : SLOW_DISK;
    if (!f->came) return f->asked ? SLOW_ORIGIN : SLOW_LINK;
    return beyond_us(f);
}

/* ---- a run ---- */

void slow_tally_add(struct slow_tally *t, enum slow_verdict v, uint64_t span_ns)
{
    if (v >= SLOW_VERDICTS) return;
    t->ns[v] += span_ns;
    t->last[v] = ++t->count;
}

enum slow_verdict slow_tally_most(const struct slow_tally *t)
{
    enum slow_verdict best = SLOW_NOTHING;
    for (size_t v = 0; v < SLOW_VERDICTS; v++) {
        if (!t->ns[v]) continue;
        bool first = best == SLOW_NOTHING;
        bool more = !first && t->ns[v] > t->ns[best];
        bool later = !first && t->ns[v] == t->ns[best] && t->last[v] > t->last[best];
        if (first || more || later) best = (enum slow_verdict)v;
    }
    return best;
}
