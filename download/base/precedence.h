/* precedence.h - who is served first where a rate limit makes bodies wait: as long as one of a
 * better rank is short of its share of the rate, those of lower ranks wait, whichever thread they
 * are on. Plain atomics; any thread; cannot fail. Without a limit nobody is short of anything. */
#ifndef SHARDFETCH_BASE_PRECEDENCE_H
#define SHARDFETCH_BASE_PRECEDENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PRECEDENCE_RANKS = 4 }; // 0 is the best

struct precedence {
    atomic_uint_least64_t until_ns[PRECEDENCE_RANKS]; // short of it, as far as is known
};

/* One of that rank is short of it now; who does not say so again by then is not. */
void precedence_claim(struct precedence *p, unsigned rank, uint64_t until_ns);
/* It takes less than there is. */
void precedence_waive(struct precedence *p, unsigned rank);
/* Is one of a better rank short of it? NULL: nobody ever is. */
bool precedence_yields(const struct precedence *p, unsigned rank, uint64_t now_ns);

#endif
