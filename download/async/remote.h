/* remote.h - the callback system for threads that do not own it: a call goes to the loop's thread
 * as a message and its caller waits for the answer. Never from the loop's own thread. Loop and
 * system are there as long as any of these calls is: their owner closes the loop, delivers what was
 * posted (loop_drain), deregisters all, delivers again, joins its threads, and only then frees the
 * two. */
#ifndef SHARDFETCH_ASYNC_REMOTE_H
#define SHARDFETCH_ASYNC_REMOTE_H

#include "download/async/callback_system.h"

/* Runs `fn` on the loop's thread and returns when it has. False: the loop has been closed, `fn`
 * was not and will not be called. */
bool remote_call(struct loop *l, void (*fn)(void *user), void *user);

struct remote_wait {
    const char *name; // registered if it is not
    check_fn *check;  // on the loop's thread
    void *user;
    uint64_t timeout_ns;
};
/* As callback_wait, and blocks. MET: `*ret_value` is a copy, the caller's (mem_free). GONE also
 * when the loop was closed. */
enum wait_status remote_wait(struct loop *l, struct callback_system *s,
                             const struct remote_wait *what, void **ret_value);
/* Copies; does not wait. False: the loop has been closed. */
bool remote_trigger(struct loop *l, struct callback_system *s, const char *name, const void *value);

#endif
