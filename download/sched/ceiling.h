/* ceiling.h - how many connections an origin puts up with, as far as trouble has shown: refusals,
 * punishment, a collapse. Kept for a while, then passed in small steps, halfway to what was trouble
 * last. Each trouble makes the while twice as long. Pure. */
#ifndef SHARDFETCH_SCHED_CEILING_H
#define SHARDFETCH_SCHED_CEILING_H

#include <stdint.h>

struct ceiling {
    unsigned level;    // not above it …
    uint64_t until_ns; // … until then; 0 = none is known
    uint64_t for_ns;   // how long it counts
    unsigned trouble;  // the lowest number that was any, above `level`; 0 = none lately
    unsigned lasted;   // a level that was none for its whole time; 0 = none did
};

/* As many as may be tried now, at most `most`. */
unsigned ceiling_limit(const struct ceiling *c, unsigned most, uint64_t now_ns);
/* `trouble` was too many; `good` or what has lasted before is not. */
void ceiling_lower(struct ceiling *c, unsigned good, unsigned trouble, uint64_t now_ns);
/* So many were tried and did well. */
void ceiling_passed(struct ceiling *c, unsigned level, uint64_t now_ns);

#endif
