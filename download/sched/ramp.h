/* ramp.h - how many connections to keep to one origin. Measured, not guessed: it climbs while the
 * verified goodput climbs, leaves what does not help, and backs off from what is refused or
 * punished. Pure: facts and time in, a number and its cause out. One thread per origin's state.
 *
 *            ┌──────── grew: twice as many ───────┐
 *   start ─▶ CLIMB ─────────────────────────────▶─┘
 *              │ did not grow: as many as the goodput was worth
 *              ▼
 *            HOLD ──due──▶ PROBE (a quarter more)  ──better──▶ PROBE again, else back to HOLD
 *              │   ──due──▶ LEAN (an eighth fewer) ──as good─▶ LEAN again, else back to HOLD
 *              │ goodput below 0.3 of the best for 1.5 s
 *              ▼
 *            SEARCH: as many at other addresses; then a quarter, and a quarter of that. Where
 *            goodput comes back it climbs again, up to half of what collapsed; where fewer only
 *            bring less it was not our number: all of them again, and from there CLIMB.
 *
 * A number that cannot be reached, for want of files that can be split further, is left at once
 * when those that run, more than before, bring a crawl, and soon otherwise: for as many as run.
 *
 * A refusal (429, 503, a burst of resets) takes it to 0.7 of what it was from any state. Numbers
 * that were refused, or whose goodput fell by itself until there were fewer, are not tried again
 * for a while (ceiling.h).
 *
 * Why not the delay: ranges on a fair link take time in proportion to the number of connections,
 * so delay says nothing (xet-core #930). Why not the utility G / 1.02^N (Falcon): its optimum is
 * near 50 connections even where goodput grows in proportion. */
#ifndef SHARDFETCH_SCHED_RAMP_H
#define SHARDFETCH_SCHED_RAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "download/sched/ceiling.h"
#include "download/sched/samples.h"
#include "download/sched/search.h"

#define RAMP_TICK_NS  UINT64_C(250000000) // how often facts are asked for …
#define RAMP_CLIMB_NS UINT64_C(50000000)  // … while it climbs …
#define RAMP_QUICK_NS UINT64_C(25000000)  // … and where many bytes came meanwhile

enum {
    RAMP_FIRST = 8, // connections to an origin nothing is known of
    RAMP_MOST = 64, // where nothing else is said
};

/* name, word in events */
#define RAMP_CAUSE_LIST(X)                                                                         \
    X(RAMP_START, "start")                                                                         \
    X(RAMP_PINNED, "pinned")     /* by the user */                                                 \
    X(RAMP_CLIMB, "climb")       /* twice as many */                                               \
    X(RAMP_PROBE, "probe")       /* a few more: do they help? */                                   \
    X(RAMP_LEAN, "lean")         /* a few fewer: were they needed? */                              \
    X(RAMP_PLATEAU, "plateau")   /* more brought nothing, or fewer cost something */               \
    X(RAMP_UNTESTED, "untested") /* back from a number of which nothing could be said */           \
    X(RAMP_PUNISHED, "punished") /* more brought less */                                           \
    X(RAMP_REFUSED, "refused")   /* the origin said so */                                          \
    X(RAMP_COLLAPSE, "collapse") /* goodput fell to a crawl */                                     \
    X(RAMP_RESTORED, "restored") /* the crawl had another cause than our number */

enum ramp_cause {
#define RAMP_CAUSE_ENUM(name, word) name,
    RAMP_CAUSE_LIST(RAMP_CAUSE_ENUM)
#undef RAMP_CAUSE_ENUM
};
const char *ramp_cause_word(enum ramp_cause c);

/* What is worth knowing of a host when it is met again; all zero: nothing. Its keeper forgets it
 * after a day. */
struct ramp_memory {
    unsigned connections;     // that were good; 0 = none was tried long enough to know
    unsigned ceiling;         // more were punished or refused; 0 = none
    uint64_t ceiling_left_ns; // how long that still counts
};

/* Since the last tick, of this origin. */
struct ramp_facts {
    uint64_t bytes;     // of bodies that went to be stored and hashed, since the start: only grows
    unsigned running;   // connections that have a request now
    unsigned refusals;  // 429, 503 and the like
    unsigned resets;    // connections lost or refused
    bool limited;       // something of ours held it back: rate, disk, pressure, a pause
    uint64_t ttfb_ns;   // from a request's start to its first byte, as is usual; 0 = unknown
    unsigned addresses; // of its name, that can be chosen from
};

struct ramp_advice {
    unsigned connections; // wanted; what is above it is ended now, slowest first
    enum ramp_cause cause;
    bool changed;   // by this tick
    bool elsewhere; // end all requests and go on with them at other addresses of the name; also
                    // when pinned
};

struct ramp {
    unsigned most;   // never more
    unsigned pinned; // 0 = not
    enum ramp_phase { PHASE_CLIMB, PHASE_HOLD, PHASE_PROBE, PHASE_LEAN, PHASE_SEARCH } phase;
    struct ramp_advice advice;

    uint64_t last_ns, last_bytes; // of the tick before
    bool limited;                 // … as it was told
    struct samples samples;       // of this level, since it settled, when nothing limited
    uint64_t level_ns;            // when this level began
    uint64_t settled_ns;          // samples before it do not count
    uint64_t filled_ns;           // when so many were last running, or could not have been
    unsigned crawls;              // ticks in a row in which fewer than that brought a crawl

    unsigned base;           // the level that this one is compared with
    struct summary base_was; // its goodput; its count 0 = not known
    double best_rate;        // goodput that was held lately: what a collapse is measured by
    double seen_rate;        // … or only seen: less for long means that the line changed

    double held_rate;                   // when holding began; 0 = not known yet
    uint64_t hold_until_ns, lean_at_ns; // the next probe, the next lean
    uint64_t hold_ns, lean_ns;          // how long to wait for it after one that failed
    uint64_t climb_at_ns, climb_ns;     // … and before the line may count as changed again

    struct ceiling ceiling;
    unsigned suspect; // was too many if goodput comes back with fewer; 0 = none
    uint64_t suspect_until_ns;

    uint64_t refused_until_ns; // refusals until then belong to the one that was answered
    unsigned resets;           // lately …
    uint64_t resets_ns;        // … since then
    struct search search;
};

/* `pinned` 0: find out, at most `most`. `known` may be NULL. */
void ramp_init(struct ramp *r, unsigned pinned, unsigned most, const struct ramp_memory *known,
               uint64_t now_ns);
/* From the last tick to the next, at least: there is no hurry while something of ours limits it. */
uint64_t ramp_tick_ns(const struct ramp *r);
/* `bytes` as in the facts. */
bool ramp_due(const struct ramp *r, uint64_t bytes, uint64_t now_ns);
/* When it is due: collapses and probes are counted in ticks. */
struct ramp_advice ramp_tick(struct ramp *r, const struct ramp_facts *f, uint64_t now_ns);
void ramp_remember(const struct ramp *r, uint64_t now_ns, struct ramp_memory *ret);

#endif
