/* Waiting for a value that meets a condition, on a clock of its own. */
#include <criterion/criterion.h>

#include "tests/unit/async/waits.h"

Test(callback_wait, a_value_already_set_satisfies_at_once_but_from_the_loop)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    scene_set(&s, 2);
    struct wait w = {0};
    wait_for(&s, &w, 2, UINT64_MAX);
    cr_expect_eq(w.ended, 0, "never from inside the call that asked for it");
    uint64_t before = loop_now_ns(s.loop);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_MET, 2);
    cr_expect_eq(loop_now_ns(s.loop), before, "at once");
    scene_done(&s);
}

/* exo's set(1); set(2); set(3) loses the 2. */
Test(callback_wait, of_every_value_none_that_held_is_missed)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {0};
    wait_for(&s, &w, 2, UINT64_MAX);
    scene_set(&s, 1);
    scene_set(&s, 2);
    scene_set(&s, 3);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_MET, 2);
    scene_done(&s);
}

Test(callback_wait, of_the_last_value_each_turn_shows_one)
{
    struct scene s = scene_of(WAIT_LAST_VALUE);
    struct wait two = {0};
    struct wait three = {0};
    wait_for(&s, &two, 2, SECOND_NS);
    wait_for(&s, &three, 3, UINT64_MAX);
    scene_set(&s, 1);
    scene_set(&s, 2);
    scene_set(&s, 3);
    cr_expect_eq(three.looked, 0, "in the next turn");
    loop_turn(s.loop);
    loop_turn(s.loop);
    wait_expect(&three, WAIT_MET, 3);
    cr_expect_eq(three.looked, 1);
    while (!two.ended)
        loop_turn(s.loop);
    wait_expect(&two, WAIT_NOT_MET, -1);
    scene_done(&s);
}

Test(callback_wait, many_wait_each_for_its_own)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait waits[10] = {0};
    for (int i = 0; i < 10; i++)
        wait_for(&s, &waits[i], i + 1, UINT64_MAX);
    for (int i = 10; i > 0; i--)
        scene_set(&s, i);
    loop_turn(s.loop);
    for (int i = 0; i < 10; i++)
        wait_expect(&waits[i], WAIT_MET, i + 1);
    scene_done(&s);
}

Test(callback_wait, the_two_time_outs_are_told_apart)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait never = {0};
    wait_for(&s, &never, 1, SECOND_NS);
    uint64_t start = loop_now_ns(s.loop);
    while (!never.ended)
        loop_turn(s.loop);
    wait_expect(&never, WAIT_NEVER_SET, -1);
    cr_expect_eq(loop_now_ns(s.loop), start + SECOND_NS, "neither earlier nor later");
    struct wait not_met = {0};
    wait_for(&s, &not_met, 1, SECOND_NS);
    scene_set(&s, 7);
    while (!not_met.ended)
        loop_turn(s.loop);
    wait_expect(&not_met, WAIT_NOT_MET, -1);
    scene_done(&s);
}

Test(callback_wait, a_wait_can_be_cancelled)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {0};
    wait_for(&s, &w, 1, SECOND_NS);
    callback_cancel_wait(&w.waiter);
    callback_cancel_wait(&w.waiter);
    cr_expect_eq(w.ended, 0);
    scene_set(&s, 1);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_CANCELLED, -1);
    wait_for(&s, &w, 1, SECOND_NS); // the same waiter again
    loop_turn(s.loop);
    cr_expect_eq(w.ended, 2);
    cr_expect_eq(w.status, WAIT_MET);
    callback_cancel_wait(&w.waiter); // too late: nothing
    scene_done(&s);
}

Test(callback_wait, waiters_are_told_when_it_is_gone)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait a = {0};
    struct wait b = {0};
    wait_for(&s, &a, 1, UINT64_MAX);
    wait_for(&s, &b, 2, SECOND_NS);
    callback_free(s.callback);
    cr_expect_eq(a.ended, 0);
    loop_turn(s.loop);
    wait_expect(&a, WAIT_GONE, -1);
    wait_expect(&b, WAIT_GONE, -1);
    loop_free(s.loop);
}

Test(callback_wait, without_a_loop_nobody_can_wait)
{
    struct callback *c = callback_new(&(struct callback_opts){.values = &NUMBER_VALUES});
    struct wait w = {.waiter = {.check = wait_is_wanted, .user = &w, .done = wait_done}};
    cr_expect_eq(callback_wait(c, &w.waiter, 1, NULL), ERR_USAGE);
    callback_free(c);
}

/* ---- conditions that change things ---- */

static bool cancel_other(void *user, const void *value)
{
    struct wait *w = user;
    (void)value;
    callback_cancel_wait(&w->other->waiter);
    return true;
}

Test(callback_wait, a_condition_may_cancel_others_and_itself)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait b = {0};
    struct wait a = {.waiter = {.check = cancel_other}, .other = &b};
    struct wait self = {.waiter = {.check = cancel_other}, .other = &self};
    wait_for(&s, &a, 1, UINT64_MAX);
    wait_for(&s, &b, 1, UINT64_MAX);
    wait_for(&s, &self, 1, UINT64_MAX);
    scene_set(&s, 1);
    loop_turn(s.loop);
    wait_expect(&a, WAIT_MET, 1);
    wait_expect(&b, WAIT_CANCELLED, -1);
    wait_expect(&self, WAIT_CANCELLED, -1);
    scene_done(&s);
}

static bool free_it(void *user, const void *value)
{
    struct wait *w = user;
    (void)value;
    callback_free(w->callback);
    return false;
}

Test(callback_wait, a_condition_may_free_the_callback)
{
    for (enum wait_mode mode = WAIT_LAST_VALUE; mode <= WAIT_EVERY_VALUE; mode++) {
        struct scene s = scene_of(mode);
        struct wait a = {.waiter = {.check = free_it}, .callback = s.callback};
        struct wait b = {0};
        wait_for(&s, &a, 1, UINT64_MAX);
        wait_for(&s, &b, 1, UINT64_MAX);
        scene_set(&s, 1);
        loop_turn(s.loop);
        loop_turn(s.loop);
        wait_expect(&a, WAIT_GONE, -1);
        wait_expect(&b, WAIT_MET, 1); // it held
        loop_free(s.loop);
    }
}

static bool set_next(void *user, const void *value)
{
    struct wait *w = user;
    int next = *(const int *)value + 1;
    if (next <= 3) callback_set(w->callback, &next);
    return false;
}

Test(callback_wait, a_condition_may_set_and_everybody_sees_one_order)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait a = {.waiter = {.check = set_next}, .callback = s.callback};
    struct wait two = {0};
    struct wait three = {0};
    wait_for(&s, &a, 0, UINT64_MAX);
    wait_for(&s, &two, 2, UINT64_MAX);
    wait_for(&s, &three, 3, UINT64_MAX);
    scene_set(&s, 1);
    loop_turn(s.loop);
    wait_expect(&two, WAIT_MET, 2);
    wait_expect(&three, WAIT_MET, 3);
    cr_expect(two.looked == 2 && three.looked == 3);
    callback_cancel_wait(&a.waiter);
    scene_done(&s);
}

static bool wait_too(void *user, const void *value)
{
    struct wait *w = user;
    const struct scene s = {.callback = w->callback};
    (void)value;
    wait_for(&s, w->other, 1, UINT64_MAX);
    return true;
}

Test(callback_wait, a_condition_may_wait_for_the_same_value)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait b = {0};
    struct wait a = {.waiter = {.check = wait_too}, .callback = s.callback, .other = &b};
    wait_for(&s, &a, 1, UINT64_MAX);
    scene_set(&s, 1);
    loop_turn(s.loop);
    wait_expect(&a, WAIT_MET, 1);
    wait_expect(&b, WAIT_MET, 1);
    cr_expect_eq(b.looked, 1, "shown once");
    scene_done(&s);
}

static void wait_again(struct waiter *waiter, enum wait_status status, const void *value)
{
    struct wait *w = container_of(waiter, struct wait, waiter);
    wait_done(waiter, status, value);
    if (w->ended > 2) return;
    w->wanted++;
    cr_assert_eq(callback_wait(w->callback, waiter, UINT64_MAX, NULL), OK);
}

Test(callback_wait, done_may_wait_again)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {.callback = s.callback, .wanted = 1};
    w.waiter = (struct waiter){.check = wait_is_wanted, .user = &w, .done = wait_again};
    cr_assert_eq(callback_wait(s.callback, &w.waiter, UINT64_MAX, NULL), OK);
    for (int i = 1; i <= 3; i++) {
        scene_set(&s, i);
        loop_turn(s.loop);
        cr_expect_eq(w.met, i);
    }
    cr_expect_eq(w.ended, 3);
    scene_done(&s);
}
