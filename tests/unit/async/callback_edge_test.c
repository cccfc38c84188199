/* What held is not missed at the edges either: beside failures, as the time ends, as all ends. */
#include <criterion/criterion.h>

#include "tests/unit/async/waits.h"

static enum err always_fails(void *user, const void *value, struct why *why)
{
    (void)user;
    (void)value;
    return fail(why, ERR_DISK, "no");
}

Test(callback_edge, a_failing_observer_does_not_stop_the_wake_up)
{
    for (enum wait_mode mode = WAIT_LAST_VALUE; mode <= WAIT_EVERY_VALUE; mode++) {
        struct scene s = scene_of(mode);
        callback_on_next(s.callback, always_fails, NULL);
        struct wait w = {0};
        wait_for(&s, &w, 1, UINT64_MAX);
        scene_set(&s, 1);
        loop_turn(s.loop);
        loop_turn(s.loop);
        wait_expect(&w, WAIT_MET, 1);
        cr_expect_eq(callback_counts(s.callback).failed, 1);
        scene_done(&s);
    }
}

struct late_set {
    struct timer timer;
    const struct scene *scene;
};

static void set_one(struct timer *t)
{
    scene_set(container_of(t, struct late_set, timer)->scene, 1);
}

/* The last value is shown in the next turn; the time is up in this one. */
Test(callback_edge, a_value_set_as_the_time_ends_is_still_looked_at)
{
    for (enum wait_mode mode = WAIT_LAST_VALUE; mode <= WAIT_EVERY_VALUE; mode++) {
        struct scene s = scene_of(mode);
        struct late_set late = {.scene = &s};
        timer_init(&late.timer, set_one);
        timer_set(s.loop, &late.timer, loop_now_ns(s.loop) + SECOND_NS);
        struct wait met = {0};
        struct wait not_met = {0};
        wait_for(&s, &met, 1, SECOND_NS);
        wait_for(&s, &not_met, 2, SECOND_NS);
        while (!met.ended || !not_met.ended)
            loop_turn(s.loop);
        wait_expect(&met, WAIT_MET, 1);
        wait_expect(&not_met, WAIT_NOT_MET, -1);
        scene_done(&s);
    }
}

Test(callback_edge, a_value_set_before_the_end_is_still_looked_at)
{
    for (enum wait_mode mode = WAIT_LAST_VALUE; mode <= WAIT_EVERY_VALUE; mode++) {
        struct scene s = scene_of(mode);
        struct wait met = {0};
        struct wait not_met = {0};
        wait_for(&s, &met, 1, UINT64_MAX);
        wait_for(&s, &not_met, 2, UINT64_MAX);
        scene_set(&s, 1);
        scene_done(&s);
        wait_expect(&met, WAIT_MET, 1);
        wait_expect(&not_met, WAIT_GONE, -1);
    }
}

/* Conditions that come back as all ends: what they do must neither be carried out nor leak. */
static bool meddle(void *user, const void *value)
{
    struct wait *w = user;
    w->looked++;
    callback_set(w->callback, value);
    callback_free(w->callback);
    return false;
}

Test(callback_edge, a_condition_that_is_looked_at_as_all_ends_may_set_and_free)
{
    struct scene s = scene_of(WAIT_LAST_VALUE);
    struct wait w = {.waiter = {.check = meddle}, .callback = s.callback};
    wait_for(&s, &w, 1, UINT64_MAX);
    scene_set(&s, 1);
    scene_done(&s);
    wait_expect(&w, WAIT_GONE, -1);
    cr_expect_eq(w.looked, 1);
}

static enum err set_last_and_free(void *user, const void *value, struct why *why)
{
    struct callback *c = user;
    int two = 2;
    int three = 3;
    (void)value;
    (void)why;
    callback_set(c, &two);
    callback_free(c);
    callback_set(c, &three); // too late
    return OK;
}

Test(callback_edge, a_last_value_set_from_inside_before_the_end_is_still_looked_at)
{
    for (enum wait_mode mode = WAIT_LAST_VALUE; mode <= WAIT_EVERY_VALUE; mode++) {
        struct scene s = scene_of(mode);
        callback_on_next(s.callback, set_last_and_free, s.callback);
        struct wait two = {0};
        struct wait three = {0};
        wait_for(&s, &two, 2, UINT64_MAX);
        wait_for(&s, &three, 3, UINT64_MAX);
        scene_set(&s, 1);
        loop_turn(s.loop);
        wait_expect(&two, WAIT_MET, 2);
        wait_expect(&three, WAIT_GONE, -1);
        loop_free(s.loop);
    }
}
