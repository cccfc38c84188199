/* rng.h - small seeded generator for jitter, nonces of part names and tests; not for secrets.
 * splitmix64 (Steele, Lea, Flood 2014). One thread per state. */
#ifndef SHARDFETCH_BASE_RNG_H
#define SHARDFETCH_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

/* Seeds from getrandom(2), from the clock where that fails. */
void rng_seed(struct rng *r);
uint64_t rng_next(struct rng *r);
/* Uniform in [0, bound); 0 for bound 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);

#endif
