/* shard.h - an I/O shard: one thread, one curl multi with its connections, the bytes' whole way
 * from socket to file while they are hot (design.md D1, D2). Control talks to it by messages only.
 * Concurrency is control's business: a shard starts what it is given at once. */
#ifndef SHARDFETCH_XFER_SHARD_H
#define SHARDFETCH_XFER_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/async/loop.h"
#include "download/xfer/exchange.h"
#include "download/xfer/knock.h"
#include "download/xfer/net.h"
#include "download/xfer/sample.h"

enum { SHARD_REPORT_MS = 25, SHARD_REPORT_QUICK_MS = 10 };

/* Where the running bodies of a shard stand, each SHARD_REPORT_MS at most while bytes arrive.
 * Delivered to control, which frees it with mem_free. */
struct shard_report {
    struct post post;
    void *user;
    size_t count;
    struct shard_mark {
        uint64_t id;            // exchange
        uint64_t reached;       // [from, reached) is in its place
        uint64_t received;      // bytes that came, a slab more at most
        uint64_t first_byte_ns; // from its start to the first byte of the body; 0 = none came
        bool resting;           // held back by the rate limit
        char address[OUTCOME_ADDRESS_MAX]; // attempt.h
        struct door door;                  // the same
    } marks[];
};

/* A cut was carried out: exchange `id` ends at `end` (never less than it has). `id` unknown to the
 * shard: it had ended before, `found` is false and the exchange itself tells. */
struct shard_cut {
    struct post post;
    void *user;
    uint64_t id;
    uint64_t end;
    bool found;
};

struct shard_opts {
    struct loop *loop;     // where everything goes back to
    const struct net *net; // outlives the shard
    bool http2;            // calls: HTTP/2 where the server can; bodies: HTTP/1.1
    unsigned max_bodies;   // connections kept open between them
    post_fn *on_report;
    post_fn *on_cut;
    post_fn *on_sample; // NULL: none is asked for
    void *user;
};

struct shard;

/* Library start-up and its end, once per process. */
NODISCARD enum err xfer_start(struct why *why);
void xfer_stop(void);

NODISCARD enum err shard_start(const struct shard_opts *opts, struct shard **ret, struct why *why);
/* Ends the thread; every exchange still inside comes back as CAUSE_CANCELLED first (turn the loop
 * afterwards). NULL is fine. */
void shard_stop(struct shard *s);
void shard_run(struct shard *s, struct exchange *take_x);
/* A body ends at `end`, or where it is if that is more; a call is cancelled. */
void shard_cut(struct shard *s, uint64_t id, uint64_t end);
/* Exactly one shard_sample comes, soon. */
void shard_ask(struct shard *s);
/* From the next report on; QUICK costs more turns and is for numbers that are looked at often. */
void shard_report_every(struct shard *s, unsigned ms);
/* Every exchange comes back as soon as possible, bodies with what they have. */
void shard_cancel_all(struct shard *s);

/* Versions for `--version` and run_start. */
void xfer_version(char *ret, size_t size);

#endif
