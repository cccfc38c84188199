/* callback_private.h - what callback.c (values and observers) and callback_wait.c (waiters) share.
 */
#ifndef SHARDFETCH_ASYNC_CALLBACK_PRIVATE_H
#define SHARDFETCH_ASYNC_CALLBACK_PRIVATE_H

#include "download/async/callback.h"

struct callback {
    struct callback_opts opts;
    void *value; // the last; NULL: never set
    struct list observers;
    struct idmap *ids;
    struct list waiters;
    struct list sets; // values not carried out yet
    struct callback_counts counts;
    struct timer look; // last-value mode: waiters look at the value in the next turn
    bool busy;         // others' code runs from inside: sets, removals and the end wait
    bool freed;
};

void *callback_copy(const struct callback *c, const void *value);
/* Others' code runs between these. `leave` does what had to wait meanwhile; after the outermost
 * one the callback may be gone. */
bool callback_enter(struct callback *c);
void callback_leave(struct callback *c, bool was_busy);

/* Inside the two: whoever waits looks at the value, unless it has. */
void callback_look(struct callback *c);
void callback_on_look(struct timer *t); // the same, as `look` fires
/* All that still wait end as WAIT_GONE. */
void callback_leave_waiters(struct callback *c);

#endif
