/* exchange.h - one HTTP request and everything that came back. Made by control, handed to one
 * shard, handed back filled in: its owner is whoever holds it, and nobody else looks inside.
 * Two kinds: a *call* (reply body in memory, capped) and a *body* (a range of a file into a sink).
 */
#ifndef SHARDFETCH_XFER_EXCHANGE_H
#define SHARDFETCH_XFER_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/loop.h"
#include "download/sink/sink.h"
#include "download/source/request.h"

#define TO_THE_END UINT64_MAX

struct exchange {
    /* control sets */
    struct post post; // how it comes back: `deliver` runs on the control thread, exactly once
    void *owner;      // whose exchange it is, for `deliver`
    uint64_t id;      // never used twice in a run
    struct request request;
    uint64_t timeout_s; // calls: for the whole exchange; 0 = only the stall time-out
    struct sink *sink;  // NULL: a call
    uint64_t from, to;  // body: the range asked for, `to` TO_THE_END when the size is not known
    uint64_t size;      // body: of the whole object, TO_THE_END when not known
    char *if_range;     // body: strong validator to insist on, or NULL
    unsigned rank;      // body: who waits for whom where the rate is limited (precedence.h)
    char *address;      // of its host, to connect to; NULL = any. Not for use with a proxy

    /* the shard sets */
    struct reply reply;    // outcome, headers, and for calls the decoded body
    uint64_t reached;      // body: [from, reached) is in its place
    uint64_t learned_size; // body: whole size by Content-Range or Content-Length, or TO_THE_END
};

/* Zeroed, with a reply of `body_max` bytes at most and `deliver` for its way back. */
struct exchange *exchange_new(post_fn *deliver, size_t body_max);
void exchange_free(struct exchange *x); // the sink is its owner's

#endif
