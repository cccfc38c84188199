/* starts.h - when requests may start at an origin that has refused some, or whose replies say how
 * many more it takes.
 *
 *   refused   none until the time that it told; then one at once and the others slower than before,
 *             back along a cubic (fast, careful near where it was refused, fast again), as
 *             botocore's adaptive mode does for SlowDown
 *   quota     no more than are left until its window ends; where more would be used they are spread
 *             over it
 *
 * Nothing is limited before the first refusal or the first word of a quota.
 * Pure: time is an argument. Calls have pace.h, which asks here after a refusal. */
#ifndef SHARDFETCH_SCHED_STARTS_H
#define SHARDFETCH_SCHED_STARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/outcome.h"

/* Of one request. */
struct starts_ticket {
    uint64_t number; // the first is 1
    uint64_t at_ns;  // when it started
};

struct starts {
    uint64_t needed; // by the owner: requests that may still come, at most

    double peak;         // per second: the rate that was refused; 0 = not limited
    uint64_t refused_ns; // when
    uint64_t cut_ns;     // then, or when the wait that was told with it ends
    uint64_t back_ns;    // how long it takes to get back to it: longer each time
    double tokens;       // requests that may start now
    uint64_t at_ns;      // when `tokens` was right
    double seen;         // starts per second lately
    uint64_t seen_ns;    // when `seen` was right
    uint64_t count;      // requests that were started

    uint64_t until_ns;  // none starts before: the origin said so
    uint64_t waited_ns; // for that, in all, since a request brought something

    struct starts_quota {
        uint64_t until_ns; // when its window ends; 0 = not known
        uint64_t left;     // requests until then
        uint64_t number;   // of the request whose reply said so
        bool spread;
    } quota;
};

/* Nanoseconds until the next request may start; 0 = now. */
uint64_t starts_wait_ns(struct starts *s, uint64_t now_ns);
/* … as the origin itself told: it refused, or its quota is used up. */
uint64_t starts_told_ns(const struct starts *s, uint64_t now_ns);
struct starts_ticket starts_started(struct starts *s, uint64_t now_ns);
/* A request was refused; none is welcome for `wait_ns` (0 = that was not said). Those that were
 * under way and are refused as well make the wait longer when they say so, and nothing else. */
void starts_refused(struct starts *s, uint64_t wait_ns, uint64_t now_ns);
/* A reply came, with what its headers say of a quota (known = false: nothing). */
void starts_answered(struct starts *s, const struct starts_ticket *t,
                     const struct rate_limit *limit, uint64_t now_ns);
/* That request brought bytes. */
void starts_brought(struct starts *s, const struct starts_ticket *t);
/* Per second; 0 = not limited. */
double starts_rate(const struct starts *s, uint64_t now_ns);

#endif
