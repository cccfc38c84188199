/* observer.h - a reader of values that may be slow, on a thread of its own behind a bounded mailbox
 * (design.md D1). The thread that tells never waits, unless the policy says so. */
#ifndef SHARDFETCH_ASYNC_OBSERVER_H
#define SHARDFETCH_ASYNC_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/stream.h"

struct observer_ops {
    /* The observer's thread, once per value, in order. May block, until `interrupt`. */
    void (*value)(void *user, const void *value, const struct stream_loss *loss);
    /* The observer's thread, at the start, after every value or nudge, and when the time has come
     * that it returned last (monotonic ns; UINT64_MAX for none). NULL: never. */
    uint64_t (*tick)(void *user, uint64_t now_ns);
    /* Any thread, at most once: whatever blocks in `value` or `tick` must now return. */
    void (*interrupt)(void *user);
};

struct observer_opts {
    const struct observer_ops *ops; // outlives the observer, as does `user`
    void *user;
    struct stream_opts stream;
};

struct observer;

/* NULL: there is no thread to be had. */
struct observer *observer_start(const struct observer_opts *opts);
enum stream_policy observer_policy(const struct observer *o);
/* One thread. Copies. GONE: it has been stopped. */
enum stream_put observer_tell(struct observer *o, const void *value);
/* See stream_wait_room. */
bool observer_wait_room(struct observer *o, uint64_t deadline_ns);
/* Any thread: its `tick` is called soon. */
void observer_nudge(struct observer *o);
/* The last value for the time without memory: see stream_prepare. */
void observer_prepare(struct observer *o, const void *value);
void *observer_prepared(struct observer *o);
/* Any thread, once: tells it and waits as observer_end does; takes no memory and frees none. */
void observer_tell_prepared(struct observer *o, uint64_t deadline_ns);
/* No more values: waits until the reader has taken all or `deadline_ns` has come, then interrupts
 * it. False: not even that helped; the thread is left alone for the short rest of the process, and
 * `user` must stay as it is. The observer itself stays until observer_free. */
bool observer_end(struct observer *o, uint64_t deadline_ns);
/* After observer_end was true, and when nobody tells it any more. NULL is fine. */
void observer_free(struct observer *o);

#endif
