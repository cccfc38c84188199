/* tail.h - connections that are not worth waiting for. One that is far slower than its siblings, or
 * silent while they are not, is ended (its bytes stay, what is left goes to another); at the very
 * end, what the last ones still have to bring is asked for a second time and the first to bring it
 * wins. Pure. */
#ifndef SHARDFETCH_SCHED_TAIL_H
#define SHARDFETCH_SCHED_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAIL_HEDGE_BYTES (UINT64_C(64) << 20) // left in all, when hedging may begin
enum { TAIL_EXTRA_SHARE = 100 };              // one byte in so many may be fetched twice

struct tail_connection {
    uint64_t started_ns;   // its request
    uint64_t last_byte_ns; // or when the request started
    uint64_t rate;         // bytes/s lately
    uint64_t left_bytes;
    bool ending;            // was asked to, or is doubled already
    uint64_t slow_since_ns; // 0 = it is not; tail_evict keeps it
};

struct tail_view {
    struct tail_connection *connections;
    size_t count;
    uint64_t now_ns;
    uint64_t first_byte_ns; // what a new connection needs to its first byte, about
    uint64_t usual_rate;    // bytes/s of connections that have ended; 0 = not known
    bool idle;              // a connection is free and nothing is left to choose
    bool limited;           // something of ours holds all of them back: nobody is judged
    uint64_t total_bytes;   // of the run
    uint64_t left_bytes;    // of the run
    uint64_t extra_bytes;   // fetched twice so far
};

/* The connection to end now; `count`: none. Every quarter of a second or so. */
size_t tail_evict(const struct tail_view *v);
/* The connection whose remainder to ask for once more; `count`: none. */
size_t tail_hedge(const struct tail_view *v);

#endif
