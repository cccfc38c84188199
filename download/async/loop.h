/* loop.h - the control thread's turn: posts that other threads sent, timers that are due, one clock
 * reading per turn. Everything the loop calls runs on its thread, exactly once, never from inside
 * the call that asked for it. */
#ifndef SHARDFETCH_ASYNC_LOOP_H
#define SHARDFETCH_ASYNC_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/mailbox.h"
#include "download/base/err.h"

struct loop;

/* A message to the loop; `deliver` is called with it on the loop's thread and owns it then. */
struct post;
typedef void post_fn(struct post *p);
struct post {
    struct message message;
    post_fn *deliver;
};

/* Something to do at a time. The owner keeps the memory; setting again moves it. */
struct timer;
typedef void timer_fn(struct timer *t);
struct timer {
    struct list node; // in the loop, ordered by `at_ns`, when set
    uint64_t at_ns;
    timer_fn *fire; // the timer is no longer set when it is called
};

/* A descriptor that something will become of. The owner keeps the memory and the descriptor. */
struct watch;
typedef void watch_fn(struct watch *w);
struct watch {
    struct list node; // in the loop, while it is watched
    int fd;
    watch_fn *fire; // it is no longer watched when it is called
};
enum { LOOP_WATCHES_MAX = 4 }; // at a time

NODISCARD enum err loop_new(struct loop **ret, struct why *why); // ERR_INTERNAL: no descriptor left
/* The same on a clock of its own, for tests: a turn that has nothing to deliver takes the time of
 * the next timer instead of waiting for it. */
NODISCARD enum err loop_new_virtual(struct loop **ret, struct why *why);
void loop_free(struct loop *l); // what was posted must have been delivered

/* Any thread. False: the loop has been closed, and the post is still the caller's. */
bool loop_post(struct loop *l, struct post *take_p);
/* No more posts are taken; what was posted is still delivered by turns. Idempotent. */
void loop_close(struct loop *l);
/* Any thread and signal handlers: the next turn comes at once, and gives these bits to the function
 * of loop_on_raise; raises that come close together are given as one. */
void loop_raise(struct loop *l, unsigned bits);

/* Loop's thread only. */
uint64_t loop_now_ns(const struct loop *l); // as read at the start of this turn
void timer_init(struct timer *t, timer_fn *fire);
void timer_set(struct loop *l, struct timer *t, uint64_t at_ns);
void timer_cancel(struct timer *t);
bool timer_is_set(const struct timer *t);
/* Until it can be written to, fails or is at its end. Not on a virtual clock, which has no
 * descriptors. */
void watch_set(struct loop *l, struct watch *w, int fd, watch_fn *fire);
void watch_cancel(struct watch *w); // also one that is all zero
typedef void raised_fn(void *user, unsigned bits);
void loop_on_raise(struct loop *l, raised_fn *fn, void *user);
/* Delivers what has been posted and what is due, without waiting: for the end. */
void loop_drain(struct loop *l);
/* One turn: waits for a post, a timer, a watched descriptor or a raise, and runs what is due. */
void loop_turn(struct loop *l);
/* The same, and `fd` becoming readable ends the wait, too: true when it is (or is at its end). */
bool loop_turn_with(struct loop *l, int fd);

#endif
