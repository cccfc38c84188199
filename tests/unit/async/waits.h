/* waits.h - a callback of numbers on a clock of its own, and waiters that note how they ended. */
#ifndef SHARDFETCH_TESTS_WAITS_H
#define SHARDFETCH_TESTS_WAITS_H

#include "download/async/callback.h"
#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "tests/unit/async/number.h"

struct scene {
    struct loop *loop;
    struct callback *callback; // who frees it frees the loop too, instead of scene_done
};

struct scene scene_of(enum wait_mode mode);
void scene_done(struct scene *s);
void scene_set(const struct scene *s, int value);

/* A waiter for one number, and how it ended. */
struct wait {
    struct waiter waiter; // zeroed: `wait_is_wanted`, else its condition is kept
    int wanted;
    unsigned looked, ended;
    enum wait_status status;
    int met;
    struct callback *callback; // for those that meddle
    struct wait *other;
};

bool wait_is_wanted(void *user, const void *value);
void wait_done(struct waiter *waiter, enum wait_status status, const void *value);
void wait_for(const struct scene *s, struct wait *w, int wanted, uint64_t timeout_ns);
/* It has ended, once, and so; `met` is -1 where there is no value. */
void wait_expect(const struct wait *w, enum wait_status status, int met);

#endif
