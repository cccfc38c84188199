/* origins.h - the servers that bodies come from, each with its own controller: how many connections
 * it bears, how fast requests may start there, which classes of files wait for it. Control thread.
 */
#ifndef SHARDFETCH_DOWNLOAD_ORIGINS_H
#define SHARDFETCH_DOWNLOAD_ORIGINS_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/list.h"
#include "download/contacts.h"
#include "download/sched/order.h"
#include "download/sched/ramp.h"
#include "download/sched/starts.h"
#include "download/slowness.h"

struct origin {
    struct list node;
    char *name;               // "https://host", with the port unless it is the scheme's
    struct ramp ramp;         // how many connections
    struct starts starts;     // when it may be asked
    uint64_t held_until_ns;   // … because it told us to wait until then
    uint64_t announced_ns;    // … as people were told
    bool held;                // files wait for that now
    struct order_ages ages;   // of its classes
    unsigned running;         // exchanges under way
    unsigned cutting;         // steals that were asked for: what they free will be given to another
    unsigned resting;         // exchanges that our own rate limit held back when they last told
    struct contacts contacts; // its addresses
    struct slow_origin slow;  // for slowness.c
    bool idle;                // a connection is free and there is nothing to give it
    uint64_t bytes;           // in their place, from it, in this run
    uint64_t came;            // or about to be: it has not the steps of writes
    uint64_t usual_rate;      // bytes/s of one request that ended well; 0 = not known
    uint64_t first_byte_ns;   // from a request to its first byte, as is usual; 0 = not known
    /* since the last tick */
    unsigned refusals, resets;
    bool limited; // by us
    uint64_t rate_bytes_per_s;
    uint64_t tick_bytes;
};

struct origins {
    struct list all;
    unsigned pinned;     // connections to each; 0 = as many as are found to be best
    struct hosts *known; // by earlier runs
    uint64_t wall_ns;    // add it to monotonic time for wall time
};

/* What is kept in `state_dir` (may be NULL) is not asked where connections are pinned. */
void origins_init(struct origins *os, unsigned pinned, const char *state_dir);
void origins_done(struct origins *os);
/* Keeps what was learned, for later runs. */
NODISCARD enum err origins_remember(const struct origins *os, const char *state_dir,
                                    uint64_t now_ns, struct why *why);
/* The one of this URL; made when it is new. `url` was parsed before. */
struct origin *origins_of(struct origins *os, const char *url, uint64_t now_ns);
/* Connections that it may have now. */
unsigned origin_wanted(const struct origin *o);
/* A first byte came after so long. */
void origin_answered(struct origin *o, uint64_t first_byte_ns);
/* A request for so many bytes ended well. */
void origin_brought(struct origin *o, uint64_t bytes, uint64_t elapsed_ns);
/* Nanoseconds until another request may start there; 0 = now. */
uint64_t origin_wait_ns(struct origin *o, uint64_t now_ns);

#endif
