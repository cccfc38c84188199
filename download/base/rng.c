#include "download/base/rng.h"

#include <sys/random.h>
#include <unistd.h>

#include "download/base/clock.h"

void rng_seed(struct rng *r)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed)) {
        seed = clock_now_ns() ^ clock_wall_ms() << 20 ^ (uint64_t)getpid() << 40;
    }
    r->state = seed;
}

uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* The lowest 2^64 mod bound values are drawn again, so that every remainder is equally likely. */
uint64_t rng_below(struct rng *r, uint64_t bound)
{
    if (bound == 0) return 0;
    uint64_t refused = (UINT64_MAX - bound + 1) % bound;
    uint64_t n = rng_next(r);
    while (n < refused)
        n = rng_next(r);
    return n % bound;
}
