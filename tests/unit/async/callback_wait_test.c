/* Waiting for a value that meets a condition, on a clock of its own. */
#include <criterion/criterion.h>

#include "download/async/callback.h"
#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "tests/unit/async/number.h"

struct scene {
    struct loop *loop;
    struct callback *callback;
};

static struct scene scene(enum wait_mode mode)
{
    struct scene s;
    cr_assert_eq(loop_new_virtual(&s.loop, NULL), OK);
    s.callback = callback_new(
        &(struct callback_opts){.loop = s.loop, .values = &NUMBER_VALUES, .mode = mode});
    return s;
}

static void scene_done(struct scene *s)
{
    callback_free(s->callback);
    loop_drain(s->loop);
    loop_free(s->loop);
}

static void set(const struct scene *s, int value)
{
    callback_set(s->callback, &value);
}

/* A waiter for one number, and how it ended. */
struct wait {
    struct waiter waiter;
    int wanted;
    unsigned looked, ended;
    enum wait_status status;
    int met;
    struct callback *callback; // for those that meddle
    struct wait *other;
};

static bool is_wanted(void *user, const void *value)
{
    struct wait *w = user;
    w->looked++;
    return *(const int *)value == w->wanted;
}

static void on_done(struct waiter *waiter, enum wait_status status, const void *value)
{
    struct wait *w = container_of(waiter, struct wait, waiter);
    w->ended++;
    w->status = status;
    w->met = value ? *(const int *)value : -1;
}

static void wait_for(const struct scene *s, struct wait *w, int wanted, uint64_t timeout_ns)
{
    w->wanted = wanted;
    if (!w->waiter.check && !w->waiter.check_async) w->waiter.check = is_wanted;
    w->waiter.user = w;
    w->waiter.done = on_done;
    cr_assert_eq(callback_wait(s->callback, &w->waiter, timeout_ns, NULL), OK);
}

static void expect(const struct wait *w, enum wait_status status, int met)
{
    cr_expect_eq(w->ended, 1, "ended %u times", w->ended);
    cr_expect_eq(w->status, status, "status %d", w->status);
    cr_expect_eq(w->met, met, "met %d", w->met);
}

Test(callback_wait, a_value_already_set_satisfies_at_once_but_from_the_loop)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    set(&s, 2);
    struct wait w = {0};
    wait_for(&s, &w, 2, UINT64_MAX);
    cr_expect_eq(w.ended, 0, "never from inside the call that asked for it");
    uint64_t before = loop_now_ns(s.loop);
    loop_turn(s.loop);
    expect(&w, WAIT_MET, 2);
    cr_expect_eq(loop_now_ns(s.loop), before, "at once");
    scene_done(&s);
}

/* exo's set(1); set(2); set(3) loses the 2. */
Test(callback_wait, of_every_value_none_that_held_is_missed)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait w = {0};
    wait_for(&s, &w, 2, UINT64_MAX);
    set(&s, 1);
    set(&s, 2);
    set(&s, 3);
    loop_turn(s.loop);
    expect(&w, WAIT_MET, 2);
    scene_done(&s);
}

Test(callback_wait, of_the_last_value_each_turn_shows_one)
{
    struct scene s = scene(WAIT_LAST_VALUE);
    struct wait two = {0};
    struct wait three = {0};
    wait_for(&s, &two, 2, SECOND_NS);
    wait_for(&s, &three, 3, UINT64_MAX);
    set(&s, 1);
    set(&s, 2);
    set(&s, 3);
    cr_expect_eq(three.looked, 0, "in the next turn");
    loop_turn(s.loop);
    loop_turn(s.loop);
    expect(&three, WAIT_MET, 3);
    cr_expect_eq(three.looked, 1);
    while (!two.ended)
        loop_turn(s.loop);
    expect(&two, WAIT_NOT_MET, -1);
    scene_done(&s);
}

Test(callback_wait, many_wait_each_for_its_own)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait waits[10] = {0};
    for (int i = 0; i < 10; i++)
        wait_for(&s, &waits[i], i + 1, UINT64_MAX);
    for (int i = 10; i > 0; i--)
        set(&s, i);
    loop_turn(s.loop);
    for (int i = 0; i < 10; i++)
        expect(&waits[i], WAIT_MET, i + 1);
    scene_done(&s);
}

Test(callback_wait, the_two_time_outs_are_told_apart)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait never = {0};
    wait_for(&s, &never, 1, SECOND_NS);
    uint64_t start = loop_now_ns(s.loop);
    while (!never.ended)
        loop_turn(s.loop);
    expect(&never, WAIT_NEVER_SET, -1);
    cr_expect_eq(loop_now_ns(s.loop), start + SECOND_NS, "neither earlier nor later");
    struct wait not_met = {0};
    wait_for(&s, &not_met, 1, SECOND_NS);
    set(&s, 7);
    while (!not_met.ended)
        loop_turn(s.loop);
    expect(&not_met, WAIT_NOT_MET, -1);
    scene_done(&s);
}

Test(callback_wait, a_wait_can_be_cancelled)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait w = {0};
    wait_for(&s, &w, 1, SECOND_NS);
    callback_cancel_wait(&w.waiter);
    callback_cancel_wait(&w.waiter);
    cr_expect_eq(w.ended, 0);
    set(&s, 1);
    loop_turn(s.loop);
    expect(&w, WAIT_CANCELLED, -1);
    wait_for(&s, &w, 1, SECOND_NS); // the same waiter again
    loop_turn(s.loop);
    cr_expect_eq(w.ended, 2);
    cr_expect_eq(w.status, WAIT_MET);
    callback_cancel_wait(&w.waiter); // too late: nothing
    scene_done(&s);
}

Test(callback_wait, waiters_are_told_when_it_is_gone)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait a = {0};
    struct wait b = {0};
    wait_for(&s, &a, 1, UINT64_MAX);
    wait_for(&s, &b, 2, SECOND_NS);
    callback_free(s.callback);
    cr_expect_eq(a.ended, 0);
    loop_turn(s.loop);
    expect(&a, WAIT_GONE, -1);
    expect(&b, WAIT_GONE, -1);
    loop_free(s.loop);
}

Test(callback_wait, without_a_loop_nobody_can_wait)
{
    struct callback *c = callback_new(&(struct callback_opts){.values = &NUMBER_VALUES});
    struct wait w = {.waiter = {.check = is_wanted, .user = &w, .done = on_done}};
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
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait b = {0};
    struct wait a = {.waiter = {.check = cancel_other}, .other = &b};
    struct wait self = {.waiter = {.check = cancel_other}, .other = &self};
    wait_for(&s, &a, 1, UINT64_MAX);
    wait_for(&s, &b, 1, UINT64_MAX);
    wait_for(&s, &self, 1, UINT64_MAX);
    set(&s, 1);
    loop_turn(s.loop);
    expect(&a, WAIT_MET, 1);
    expect(&b, WAIT_CANCELLED, -1);
    expect(&self, WAIT_CANCELLED, -1);
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
        struct scene s = scene(mode);
        struct wait a = {.waiter = {.check = free_it}, .callback = s.callback};
        struct wait b = {0};
        wait_for(&s, &a, 1, UINT64_MAX);
        wait_for(&s, &b, 1, UINT64_MAX);
        set(&s, 1);
        loop_turn(s.loop);
        loop_turn(s.loop);
        expect(&a, WAIT_GONE, -1);
        expect(&b, WAIT_GONE, -1);
        loop_free(s.loop);
    }
}

/* ---- conditions that take their time ---- */

struct question {
    struct waiter *waiter;
    unsigned asked;
    int values[8];
    bool answer_at_once;
};

static void ask(void *user, const void *value, struct waiter *w)
{
    struct question *q = user;
    q->waiter = w;
    q->values[q->asked++ % 8] = *(const int *)value;
    if (q->answer_at_once) callback_answer(w, *(const int *)value == 2);
}

static void wait_async(const struct scene *s, struct wait *w, struct question *q)
{
    w->waiter = (struct waiter){.check_async = ask, .user = q, .done = on_done};
    cr_assert_eq(callback_wait(s->callback, &w->waiter, UINT64_MAX, NULL), OK);
}

Test(callback_wait, an_answer_may_come_from_inside)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait w = {0};
    struct question q = {.answer_at_once = true};
    wait_async(&s, &w, &q);
    set(&s, 1);
    set(&s, 2);
    set(&s, 3);
    loop_turn(s.loop);
    expect(&w, WAIT_MET, 2);
    cr_expect_eq(q.asked, 2, "after the answer nothing more is asked");
    scene_done(&s);
}

Test(callback_wait, while_a_question_is_open_every_value_queues)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait w = {0};
    struct question q = {0};
    wait_async(&s, &w, &q);
    for (int i = 1; i <= 4; i++)
        set(&s, i);
    cr_expect_eq(q.asked, 1, "one question at a time");
    callback_answer(q.waiter, false);
    callback_answer(q.waiter, false);
    cr_expect(q.asked == 3 && q.values[1] == 2 && q.values[2] == 3);
    callback_answer(q.waiter, true);
    loop_turn(s.loop);
    expect(&w, WAIT_MET, 3);
    scene_done(&s);
}

Test(callback_wait, while_a_question_is_open_the_newest_of_last_values_is_kept)
{
    struct scene s = scene(WAIT_LAST_VALUE);
    struct wait w = {0};
    struct question q = {0};
    wait_async(&s, &w, &q);
    for (int i = 1; i <= 4; i++) {
        set(&s, i);
        loop_turn(s.loop);
    }
    callback_answer(q.waiter, false);
    cr_expect(q.asked == 2 && q.values[0] == 1 && q.values[1] == 4);
    callback_answer(q.waiter, false);
    cr_expect_eq(q.asked, 2);
    callback_cancel_wait(&w.waiter);
    loop_turn(s.loop);
    expect(&w, WAIT_CANCELLED, -1);
    scene_done(&s);
}

Test(callback_wait, an_answer_that_comes_too_late_is_nothing)
{
    struct scene s = scene(WAIT_EVERY_VALUE);
    struct wait cancelled = {0};
    struct question q = {0};
    wait_async(&s, &cancelled, &q);
    set(&s, 1);
    set(&s, 2); // queues behind the open question
    callback_cancel_wait(&cancelled.waiter);
    callback_answer(&cancelled.waiter, true);
    loop_turn(s.loop);
    expect(&cancelled, WAIT_CANCELLED, -1);
    struct wait gone = {0};
    wait_async(&s, &gone, &q);
    callback_free(s.callback);
    callback_answer(&gone.waiter, true);
    loop_turn(s.loop);
    expect(&gone, WAIT_GONE, -1);
    loop_free(s.loop);
}
