/* stream.h - values from one thread that must not wait to one reader that may be slow: a pull
 * iterator over a bounded mailbox. What is lost is counted, never silent. One writer, one reader,
 * each on a thread of its own choice; stream_nudge and stream_loss are for any thread. */
#ifndef SHARDFETCH_ASYNC_STREAM_H
#define SHARDFETCH_ASYNC_STREAM_H

#include <stdint.h>

#include "download/async/value.h"

enum stream_policy {
    STREAM_QUEUE,    // keeps all; what finds no room is dropped
    STREAM_COALESCE, // the same, but the newest of a key replaces the unsent one
    STREAM_BLOCK,    // the writer waits for room: not for a control thread or a shard
};

struct stream_opts {
    const struct value_ops *ops; // outlives the stream
    enum stream_policy policy;
    size_t max_bytes; // of values inside; 0 = no limit
};

struct stream_loss {
    uint64_t coalesced; // replaced by a newer one
    uint64_t dropped;   // found no room, or a reader that had closed
};

struct stream;

struct stream *stream_new(const struct stream_opts *opts);
/* When neither side uses it any more; drops what is inside. NULL is fine. */
void stream_free(struct stream *s);

/* ---- the writer ---- */

enum stream_put { STREAM_TAKEN, STREAM_REPLACED, STREAM_DROPPED, STREAM_GONE };
/* Copies. REPLACED: an older one of its key is gone for it. DROPPED: no room. GONE: the reader has
 * closed, or the stream had ended; also counted as dropped. */
enum stream_put stream_put(struct stream *s, const void *value);
/* Waits until half of the room is free, or the deadline; true when it is. A stream without limit
 * always has room. */
bool stream_wait_room(struct stream *s, uint64_t deadline_ns);
/* No more values: the reader gets what is inside, then the end. Idempotent, any thread. */
void stream_end(struct stream *s);
/* Sets memory aside for one last value, so that it can be put when there is none left. */
void stream_prepare(struct stream *s, const void *value);
/* The prepared value, for what is only known in the end; NULL before. */
void *stream_prepared(struct stream *s);
/* Any thread, once: puts it; takes no memory and frees none. */
void stream_put_prepared(struct stream *s);

/* ---- the reader ---- */

enum stream_next { STREAM_VALUE, STREAM_TIMEOUT, STREAM_NUDGED, STREAM_ENDED };
/* Waits for the next value until `deadline_ns` (clock_now_ns; 0 = does not wait, UINT64_MAX = for
 * ever). VALUE: `*ret_value` is the caller's (mem_free). */
enum stream_next stream_next(struct stream *s, uint64_t deadline_ns, void **ret_value);
/* The reader has had enough: what is inside and what comes is dropped and counted. */
void stream_close(struct stream *s);

/* ---- any thread ---- */

/* The reader's wait ends, once, with NUDGED: there is something else to do. */
void stream_nudge(struct stream *s);
struct stream_loss stream_loss(const struct stream *s);

#endif
