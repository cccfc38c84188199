/* observer.h - a reader of events that may be slow, on a thread of its own behind a bounded mailbox
 * (design.md D1). The control thread tells it events and never waits: `progress` is replaced by
 * the newest, others are dropped and counted when the box is full, `result` always has room. */
#ifndef SHARDFETCH_CLI_OBSERVER_H
#define SHARDFETCH_CLI_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "download/event.h"

enum { OBSERVER_BOX_BYTES = 16 * 1024 * 1024 }; // contract: bounded memory

struct observer_loss {
    uint64_t coalesced; // `progress` events replaced by a newer one
    uint64_t dropped;   // events that found the box full
};

struct observer_ops {
    /* The observer's thread, once per event, in order. May block, until `interrupt`. */
    void (*event)(void *user, const struct event *e, const struct observer_loss *loss);
    /* The observer's thread, at the start, after every event, and when the time has come that it
     * returned last (monotonic ns; UINT64_MAX for none). NULL: never. */
    uint64_t (*tick)(void *user, uint64_t now_ns);
    /* Any thread, at most once: whatever blocks in `event` or `tick` must now return. */
    void (*interrupt)(void *user);
};

struct observer;

/* `ops` and `user` outlive the observer. `box_bytes`: OBSERVER_BOX_BYTES but in tests. */
struct observer *observer_start(const struct observer_ops *ops, void *user, size_t box_bytes);
/* One thread. Copies; never blocks. */
void observer_tell(struct observer *o, const struct event *e);
/* Sets memory aside for one last event, so that it can be told when there is none left. */
void observer_prepare(struct observer *o, const struct event *e);
/* The prepared event, for what is only known in the end; NULL before. Then any thread, once: tells
 * it and waits as observer_stop does; takes no memory and frees none. */
struct event *observer_prepared(struct observer *o);
void observer_tell_prepared(struct observer *o, uint64_t deadline_ns);
/* No more events: waits until the reader has taken all or `deadline_ns` has come, then interrupts
 * it. False: not even that helped; the thread is left alone for the short rest of the process, and
 * `user` must stay as it is. */
bool observer_stop(struct observer *take_o, uint64_t deadline_ns);

#endif
