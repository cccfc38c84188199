/* ramp_private.h - ramp.h's two halves: ramp.c has ticks and memory, ramp_phase.c what is done in
 * each phase. */
#ifndef SHARDFETCH_SCHED_RAMP_PRIVATE_H
#define SHARDFETCH_SCHED_RAMP_PRIVATE_H

#include "download/base/clock.h"
#include "download/sched/ramp.h"

enum { HALF = 2 };
#define SETTLE_NS       (SECOND_NS / 4)  // and three times the way to a first byte …
#define CLIMB_SETTLE_NS (SECOND_NS / 20) // … and while all of it grows
#define HOLD_FIRST_NS   (2 * SECOND_NS)
#define HOLD_NS         (5 * SECOND_NS)
#define LEAN_NS         (30 * SECOND_NS)
#define CLIMB_AGAIN_NS  (5 * SECOND_NS)

unsigned ramp_clamp(unsigned n, unsigned least, unsigned most);
/* As many as may be tried now. */
unsigned ramp_limit(const struct ramp *r);
/* What comes before says nothing of a new level. */
uint64_t ramp_settle_ns(uint64_t least, const struct ramp_facts *f);
/* So many from now on. */
void ramp_go(struct ramp *r, unsigned n, enum ramp_cause cause, const struct ramp_facts *f);
void ramp_hold(struct ramp *r, uint64_t for_ns);
/* Of what was tried nothing can be said: as many as there is something to do for. */
void ramp_give_up(struct ramp *r, const struct ramp_facts *f);
/* More brought much less. */
void ramp_punished(struct ramp *r, const struct ramp_facts *f);
bool ramp_is_crash(const struct ramp *r, double rate);
/* There is a new sample. */
void ramp_decide(struct ramp *r, const struct ramp_facts *f);

#endif
