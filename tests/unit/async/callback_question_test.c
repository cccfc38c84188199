/* Conditions that find out elsewhere and answer later. */
#include <criterion/criterion.h>

#include "tests/unit/async/waits.h"

enum { ASKED_MAX = 8 };

/* Whoever is asked: notes, and answers when the test says so. */
struct answerer {
    struct question *open[ASKED_MAX];
    const int *borrowed[ASKED_MAX]; // live until they are answered
    int values[ASKED_MAX];
    unsigned asked;
    bool answers_at_once;
};

static void ask(void *user, const void *value, struct question *q)
{
    struct answerer *a = user;
    unsigned i = a->asked++ % ASKED_MAX;
    a->open[i] = q;
    a->borrowed[i] = value;
    a->values[i] = *(const int *)value;
    if (a->answers_at_once) callback_answer(q, a->values[i] == 2);
}

static void wait_async(const struct scene *s, struct wait *w, struct answerer *a)
{
    w->waiter = (struct waiter){.check_async = ask, .user = a, .done = wait_done};
    cr_assert_eq(callback_wait(s->callback, &w->waiter, UINT64_MAX, NULL), OK);
}

Test(callback_question, an_answer_may_come_from_inside)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {0};
    struct answerer a = {.answers_at_once = true};
    wait_async(&s, &w, &a);
    scene_set(&s, 1);
    scene_set(&s, 2);
    scene_set(&s, 3);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_MET, 2);
    cr_expect_eq(a.asked, 2, "after the answer nothing more is asked");
    scene_done(&s);
}

Test(callback_question, while_a_question_is_open_every_value_queues)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {0};
    struct answerer a = {0};
    wait_async(&s, &w, &a);
    for (int i = 1; i <= 4; i++)
        scene_set(&s, i);
    cr_expect_eq(a.asked, 1, "one question at a time");
    callback_answer(a.open[0], false);
    callback_answer(a.open[1], false);
    cr_expect(a.asked == 3 && a.values[1] == 2 && a.values[2] == 3);
    callback_answer(a.open[2], true);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_MET, 3);
    scene_done(&s);
}

Test(callback_question, while_a_question_is_open_the_newest_of_last_values_is_kept)
{
    struct scene s = scene_of(WAIT_LAST_VALUE);
    struct wait w = {0};
    struct answerer a = {0};
    wait_async(&s, &w, &a);
    for (int i = 1; i <= 4; i++) {
        scene_set(&s, i);
        loop_turn(s.loop);
    }
    callback_answer(a.open[0], false);
    cr_expect(a.asked == 2 && a.values[0] == 1 && a.values[1] == 4);
    callback_answer(a.open[1], false);
    cr_expect_eq(a.asked, 2);
    callback_cancel_wait(&w.waiter);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_CANCELLED, -1);
    scene_done(&s);
}

Test(callback_question, an_answer_that_comes_too_late_is_nothing)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait cancelled = {0};
    struct answerer a = {0};
    wait_async(&s, &cancelled, &a);
    scene_set(&s, 1);
    scene_set(&s, 2); // queues behind the open question
    callback_cancel_wait(&cancelled.waiter);
    loop_turn(s.loop);
    wait_expect(&cancelled, WAIT_CANCELLED, -1);
    cr_expect_eq(*a.borrowed[0], 1, "the value lives until the answer");
    callback_answer(a.open[0], true);
    wait_expect(&cancelled, WAIT_CANCELLED, -1);
    struct wait gone = {0};
    wait_async(&s, &gone, &a);
    callback_free(s.callback);
    loop_turn(s.loop);
    wait_expect(&gone, WAIT_GONE, -1);
    loop_free(s.loop);
    cr_expect_eq(*a.borrowed[1], 2, "even longer than callback and loop");
    callback_answer(a.open[1], true);
    wait_expect(&gone, WAIT_GONE, -1);
}

Test(callback_question, a_late_answer_is_not_taken_for_one_to_the_next_question)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    scene_set(&s, 1);
    struct wait w = {0};
    struct answerer a = {0};
    wait_async(&s, &w, &a);
    callback_cancel_wait(&w.waiter);
    loop_turn(s.loop);
    wait_async(&s, &w, &a); // the same waiter again
    callback_answer(a.open[0], true);
    loop_turn(s.loop);
    cr_expect_eq(w.ended, 1, "nobody has answered yet");
    callback_answer(a.open[1], true);
    loop_turn(s.loop);
    cr_expect_eq(w.ended, 2);
    cr_expect_eq(w.status, WAIT_MET);
    scene_done(&s);
}

Test(callback_question, a_question_open_as_the_time_ends_is_no_yes)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    scene_set(&s, 1);
    struct answerer a = {0};
    struct wait w = {.waiter = {.check_async = ask, .user = &a, .done = wait_done}};
    cr_assert_eq(callback_wait(s.callback, &w.waiter, SECOND_NS, NULL), OK);
    while (!w.ended)
        loop_turn(s.loop);
    callback_answer(a.open[0], true);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_NOT_MET, -1);
    scene_done(&s);
}

/* An answer from inside must not go one level deeper for every value. */
Test(callback_question, many_values_behind_a_question_are_asked_in_turn)
{
    enum { MANY = 200 * 1000 };
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {0};
    struct answerer a = {0};
    wait_async(&s, &w, &a);
    for (int i = 0; i < MANY; i++)
        scene_set(&s, i == MANY - 1 ? 2 : 1);
    a.answers_at_once = true;
    callback_answer(a.open[0], false);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_MET, 2);
    cr_expect_eq(a.asked, MANY);
    scene_done(&s);
}

static void cancel_inside(void *user, const void *value, struct question *q)
{
    struct wait *w = user;
    (void)value;
    w->looked++;
    callback_cancel_wait(&w->waiter);
    callback_answer(q, true);
}

Test(callback_question, whoever_is_asked_may_cancel)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {0};
    w.waiter = (struct waiter){.check_async = cancel_inside, .user = &w, .done = wait_done};
    cr_assert_eq(callback_wait(s.callback, &w.waiter, UINT64_MAX, NULL), OK);
    scene_set(&s, 1);
    scene_set(&s, 2);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_CANCELLED, -1);
    cr_expect_eq(w.looked, 1);
    scene_done(&s);
}

static void free_inside(void *user, const void *value, struct question *q)
{
    struct wait *w = user;
    (void)value;
    callback_free(w->callback);
    callback_answer(q, false);
}

Test(callback_question, whoever_is_asked_may_free_the_callback)
{
    struct scene s = scene_of(WAIT_EVERY_VALUE);
    struct wait w = {.callback = s.callback};
    w.waiter = (struct waiter){.check_async = free_inside, .user = &w, .done = wait_done};
    scene_set(&s, 1);
    cr_assert_eq(callback_wait(s.callback, &w.waiter, UINT64_MAX, NULL), OK);
    loop_turn(s.loop);
    wait_expect(&w, WAIT_GONE, -1);
    loop_free(s.loop);
}
