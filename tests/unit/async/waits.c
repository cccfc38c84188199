#include "tests/unit/async/waits.h"

#include <criterion/criterion.h>

struct scene scene_of(enum wait_mode mode)
{
    struct scene s;
    cr_assert_eq(loop_new_virtual(&s.loop, NULL), OK);
    s.callback = callback_new(
        &(struct callback_opts){.loop = s.loop, .values = &NUMBER_VALUES, .mode = mode});
    return s;
}

void scene_done(struct scene *s)
{
    callback_free(s->callback);
    loop_drain(s->loop);
    loop_free(s->loop);
}

void scene_set(const struct scene *s, int value)
{
    callback_set(s->callback, &value);
}

bool wait_is_wanted(void *user, const void *value)
{
    struct wait *w = user;
    w->looked++;
    return *(const int *)value == w->wanted;
}

void wait_done(struct waiter *waiter, enum wait_status status, const void *value)
{
    struct wait *w = container_of(waiter, struct wait, waiter);
    w->ended++;
    w->status = status;
    w->met = value ? *(const int *)value : -1;
}

void wait_for(const struct scene *s, struct wait *w, int wanted, uint64_t timeout_ns)
{
    w->wanted = wanted;
    if (!w->waiter.check && !w->waiter.check_async) w->waiter.check = wait_is_wanted;
    w->waiter.user = w;
    w->waiter.done = wait_done;
    cr_assert_eq(callback_wait(s->callback, &w->waiter, timeout_ns, NULL), OK);
}

void wait_expect(const struct wait *w, enum wait_status status, int met)
{
    cr_expect_eq(w->ended, 1, "ended %u times", w->ended);
    cr_expect_eq(w->status, status, "status %d", w->status);
    cr_expect_eq(w->met, met, "met %d", w->met);
}
