/* callback.h - one observable value (exo's AsyncCallback, without its defects): who wants to know
 * is told of every new one, who waits for a condition is woken when it holds.
 *
 *   set(v) ─┬─ observers in order of registration, inside the call        callback_on_next
 *           ├─ observers on threads of their own, through bounded boxes   callback_on_next_async
 *           └─ waiters whose condition v meets; `done` comes from the loop  callback_wait
 *
 * A set from inside an observer is carried out after the running one has reached everybody, so all
 * see the values in the same order. Observers and waiters may be added and removed from inside;
 * an added one is first told of the next value. One thread: the loop's, or with no loop the
 * setter's. */
#ifndef SHARDFETCH_ASYNC_CALLBACK_H
#define SHARDFETCH_ASYNC_CALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/loop.h"
#include "download/async/observer.h"
#include "download/base/idmap.h"

/* An error is reported and stops neither the other observers nor the waiters. */
typedef enum err observe_fn(void *user, const void *value, struct why *why);
/* `value` is the one that an observer failed at, or was not told. */
typedef void observe_failed_fn(void *user, const void *value, enum err e, const struct why *why);

/* What a waiter is shown. */
enum wait_mode {
    WAIT_LAST_VALUE,  // one value a loop turn: the last of those set in it. For what is set often
    WAIT_EVERY_VALUE, // each value, also one that was replaced at once: no state that held is
                      // missed
};

struct callback_opts {
    struct loop *loop;              // NULL: none runs; observers work, nobody can wait
    const struct value_ops *values; // `copy` is needed
    enum wait_mode mode;
    observe_failed_fn *on_failure; // of an observer; NULL: only counted
    void *user;
};

struct callback;

struct callback *callback_new(const struct callback_opts *opts);
/* No observer is told anything any more. Waiters still look at what was set before, so conditions
 * may be called; then they end as WAIT_GONE. From inside an observer or a condition the callback
 * stays until that has returned, and takes no more values. NULL is fine. */
void callback_free(struct callback *c);

/* Copies `value`, tells it. */
void callback_set(struct callback *c, const void *value);
/* The last value; NULL: never set. Until the next set. */
const void *callback_value(const struct callback *c);

struct id callback_on_next(struct callback *c, observe_fn *fn, void *user);
/* `o` outlives its registration; its policy was chosen when it was started. One whose policy is
 * STREAM_BLOCK is refused where there is a loop (ERR_USAGE: a control thread never waits). An
 * observer that does not run (NULL, or ended) is skipped, counted, and reported the first time. */
NODISCARD enum err callback_on_next_async(struct callback *c, struct observer *o, struct id *ret_id,
                                          struct why *why);
/* False: it was gone already. It is told nothing any more, not even of a set that is under way. */
bool callback_remove(struct callback *c, struct id id);

/* Between many values at once, when nothing else waits for this thread: gives the asynchronous
 * observers time to read, `patience_ns` each at most; one that did not use it gets none again. */
void callback_give_room(struct callback *c, uint64_t patience_ns);

struct callback_counts {
    uint64_t sets;
    uint64_t failed;  // observers that returned an error
    uint64_t skipped; // values that an observer which does not run was not told
};
struct callback_counts callback_counts(const struct callback *c);

/* ---- waiting ---- */

enum wait_status {
    WAIT_MET,
    WAIT_NEVER_SET, // time is up and nothing was ever set
    WAIT_NOT_MET,   // time is up, no value met the condition
    WAIT_GONE,      // the callback is no more
    WAIT_CANCELLED,
};

struct waiter;
struct question;
typedef bool check_fn(void *user, const void *value);
/* Finds out elsewhere: answers with callback_answer, from inside or later on this thread. `value`
 * lives until then. One question at a time; meanwhile values queue (every value) or the newest is
 * kept (last value). */
typedef void check_async_fn(void *user, const void *value, struct question *q);
/* From the loop, exactly once. `value` is the one that met the condition, else NULL; it lives for
 * the call. The waiter may be used again or freed. */
typedef void waited_fn(struct waiter *w, enum wait_status status, const void *value);

/* The owner's memory until `done` ran. One of `check` and `check_async` is set. */
struct waiter {
    check_fn *check;
    check_async_fn *check_async;
    void *user;
    waited_fn *done;
    /* private */
    struct list node;
    struct callback *callback; // NULL: not waiting
    struct timer timeout;      // then: of `done`
    enum wait_status status;
    void *met;
    uint64_t looked;        // the number of the set that it was shown
    struct list queued;     // of questions
    struct question *asked; // not answered yet
    bool asking;            // check_async runs
};

/* A value already set is looked at first. `timeout_ns` from now; UINT64_MAX = for ever.
 * ERR_USAGE: there is no loop. */
NODISCARD enum err callback_wait(struct callback *c, struct waiter *w, uint64_t timeout_ns,
                                 struct why *why);
/* Every question exactly once, also after its wait was decided, the waiter or the callback freed:
 * then the answer is nothing, and only releases `take_q` and its value. */
void callback_answer(struct question *take_q, bool met);
/* `done` comes with WAIT_CANCELLED, unless it had been decided otherwise. */
void callback_cancel_wait(struct waiter *w);

#endif
