/* mailbox.h - messages from any thread to one taker, in order (learned from libuv's async queue and
 * curl's thread queue). A message has one owner: the sender, then the box, then the taker.
 * Costs are counted, so that a box can be bounded; a keyed message replaces the unsent one of the
 * same key. Putting
 * does not block, unless asked to. Close is for good: what is still inside stays takeable. */
#ifndef SHARDFETCH_ASYNC_MAILBOX_H
#define SHARDFETCH_ASYNC_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/list.h"

struct message {
    struct list node;  // belongs to the box while inside
    size_t cost_bytes; // counted against the box's limit; 0 is never refused
    unsigned key;      // 0 = stands alone; else the newest of a key replaces the older one
};

struct mailbox;

/* Called by the sender's thread, without the lock, after a put into an empty box. */
typedef void mailbox_wake_fn(void *user);

struct mailbox_opts {
    size_t max_cost_bytes; // 0 = no limit
    mailbox_wake_fn *wake; // NULL: the taker uses mailbox_wait
    void *wake_user;
};

struct mailbox *mailbox_new(const struct mailbox_opts *opts);
void mailbox_free(struct mailbox *m); // must be empty; NULL is fine

enum mailbox_put { PUT_OK, PUT_REPLACED, PUT_FULL, PUT_CLOSED };
/* OK: the box owns `take_m`. REPLACED: it took the older one's place, which is in `*ret_old` (never
 * refused for cost). FULL, CLOSED: the sender still owns it. `ret_old` may be NULL if no keys. */
enum mailbox_put mailbox_put(struct mailbox *m, struct message *take_m, struct message **ret_old);
/* The same, but waits for room until `deadline_ns` (clock_now_ns; UINT64_MAX = for ever) where it
 * would have been FULL. A message larger than the box gets in when the box is empty. */
enum mailbox_put mailbox_put_wait(struct mailbox *m, struct message *take_m, uint64_t deadline_ns);
/* The oldest message, or NULL when empty. Never blocks. */
struct message *mailbox_take(struct mailbox *m);
/* The oldest message; waits for one until `deadline_ns` (clock_now_ns; UINT64_MAX = for ever).
 * NULL: time is up, closed and empty, or nudged and empty. */
struct message *mailbox_wait(struct mailbox *m, uint64_t deadline_ns);
/* Any thread: one wait of the taker ends, this one or the next. */
void mailbox_nudge(struct mailbox *m);
/* No more puts; wakes the taker. Idempotent. */
void mailbox_close(struct mailbox *m);
bool mailbox_closed(struct mailbox *m);
/* Waits until what is inside costs no more than that, or the deadline. True when it does. */
bool mailbox_wait_below(struct mailbox *m, size_t cost_bytes, uint64_t deadline_ns);
/* Waits until everything was taken, or the deadline. True when empty. */
bool mailbox_drained(struct mailbox *m, uint64_t deadline_ns);

#endif
