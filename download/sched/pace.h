/* pace.h - how fast requests may start at an origin whose replies carry RateLimit headers: a count
 * of what is left in each bucket, spread over the rest of its window when it gets low. A bucket
 * that refused a request gets none until the time that it told, and then fewer (starts.h). Pure:
 * time is an argument. The Hub has two buckets that matter: api and resolvers (hub.md §1.6).
 */
#ifndef SHARDFETCH_SCHED_PACE_H
#define SHARDFETCH_SCHED_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/outcome.h"
#include "download/sched/starts.h"

enum pace_kind {
    PACE_API,
    PACE_RESOLVE,
    PACE_KINDS,
    PACE_NONE = PACE_KINDS, // asked of another origin: its replies say nothing about this one
};

struct pace {
    struct pace_bucket {
        bool known;
        uint64_t remaining;   // requests left in this window, less those under way
        uint64_t quota;       // of a whole window; 0 = not told
        uint64_t reset_at_ns; // when the window ends
        uint64_t next_at_ns;  // earliest start of the next request
        unsigned under_way;
        struct starts starts; // what follows a refusal
    } buckets[PACE_KINDS];
};

/* Nanoseconds until a request of that kind may start; 0 = now. */
uint64_t pace_wait_ns(struct pace *p, enum pace_kind kind, uint64_t now_ns);
/* … as the origin told; what is more is our own care. */
uint64_t pace_told_ns(struct pace *p, enum pace_kind kind, uint64_t now_ns);
/* It starts now. */
void pace_started(struct pace *p, enum pace_kind kind, uint64_t now_ns);
/* Its reply came; `limit` as read from it (known = false: it said nothing). */
void pace_ended(struct pace *p, enum pace_kind kind, const struct rate_limit *limit,
                uint64_t now_ns);
/* It was refused, with a wait as in starts_refused. */
void pace_refused(struct pace *p, enum pace_kind kind, uint64_t wait_ns, uint64_t now_ns);

#endif
