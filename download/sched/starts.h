/* starts.h - how fast requests may start at an origin that has refused some: slower at once, then
 * back along a cubic (fast, careful near where it was refused, fast again), as botocore's adaptive
 * mode does for SlowDown. Nothing is limited before the first refusal.
 * Pure: time is an argument. What RateLimit headers say is pace.h's. */
#ifndef SHARDFETCH_SCHED_STARTS_H
#define SHARDFETCH_SCHED_STARTS_H

#include <stdint.h>

struct starts {
    double peak;      // per second: the rate that was refused; 0 = not limited
    uint64_t cut_ns;  // when
    uint64_t back_ns; // how long it takes to get back to it: longer each time
    double tokens;    // requests that may start now
    uint64_t at_ns;   // when `tokens` was right
    double seen;      // starts per second lately
    uint64_t seen_ns; // when `seen` was right
};

/* Nanoseconds until the next request may start; 0 = now. */
uint64_t starts_wait_ns(struct starts *s, uint64_t now_ns);
void starts_started(struct starts *s, uint64_t now_ns);
void starts_refused(struct starts *s, uint64_t now_ns);
/* Per second; 0 = not limited. */
double starts_rate(const struct starts *s, uint64_t now_ns);

#endif
