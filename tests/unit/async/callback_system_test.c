#include "download/async/callback_system.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "tests/unit/async/number.h"

static struct loop *loop;
static struct callback_system *sys;

static void begin(void)
{
    cr_assert_eq(loop_new_virtual(&loop, NULL), OK);
    sys = callback_system_new(
        &(struct callback_opts){.loop = loop, .values = &NUMBER_VALUES, .mode = WAIT_EVERY_VALUE});
}

static void finish(void)
{
    callback_system_free(sys);
    loop_drain(loop);
    loop_free(loop);
}

TestSuite(callback_system, .init = begin, .fini = finish);

static enum err count(void *user, const void *value, struct why *why)
{
    int *sum = user;
    (void)why;
    *sum += *(const int *)value;
    return OK;
}

Test(callback_system, the_same_name_is_the_same_callback)
{
    struct callback *a = callback_system_register(sys, "a");
    cr_expect_eq(callback_system_register(sys, "a"), a);
    cr_expect_eq(callback_system_register_as(sys, "a", WAIT_LAST_VALUE), a);
    cr_expect_neq(callback_system_register(sys, "b"), a);
    cr_expect_eq(callback_system_find(sys, "a"), a);
    cr_expect_null(callback_system_find(sys, "c"));
    cr_expect_eq(callback_system_count(sys), 2);
}

Test(callback_system, a_trigger_reaches_its_name_only)
{
    int a = 0;
    int b = 0;
    callback_on_next(callback_system_register(sys, "a"), count, &a);
    callback_on_next(callback_system_register(sys, "b"), count, &b);
    int value = 5;
    cr_expect(callback_system_trigger(sys, "a", &value));
    cr_expect_not(callback_system_trigger(sys, "nobody", &value));
    cr_expect(a == 5 && b == 0);
    cr_expect_eq(callback_system_trigger_all(sys, &value), 2);
    cr_expect(a == 10 && b == 5);
}

static void on_done(struct waiter *w, enum wait_status status, const void *value)
{
    (void)value;
    *(enum wait_status *)w->user = status;
}

static bool always(void *user, const void *value)
{
    (void)user;
    (void)value;
    return true;
}

static bool is_two(void *user, const void *value)
{
    (void)user;
    return *(const int *)value == 2;
}

static bool never(void *user, const void *value)
{
    (void)user;
    (void)value;
    return false;
}

Test(callback_system, whoever_waits_for_a_name_that_goes_is_told)
{
    enum wait_status status = WAIT_MET;
    struct waiter w = {.check = never, .user = &status, .done = on_done};
    struct callback *c = callback_system_register(sys, "a");
    cr_assert_eq(callback_wait(c, &w, 3600 * SECOND_NS, NULL), OK);
    cr_expect(callback_system_deregister(sys, "a"));
    cr_expect_not(callback_system_deregister(sys, "a"));
    uint64_t before = loop_now_ns(loop);
    loop_turn(loop);
    cr_expect_eq(status, WAIT_GONE);
    cr_expect_eq(loop_now_ns(loop), before, "at once, not by its time-out");
}

/* ---- the set of names changes while all are triggered ---- */

static int late;

static enum err change(void *user, const void *value, struct why *why)
{
    (void)why;
    count(user, value, NULL);
    callback_on_next(callback_system_register(sys, "new"), count, &late);
    callback_system_deregister(sys, "b");
    callback_system_deregister(sys, "a"); // itself
    return OK;
}

Test(callback_system, names_may_change_while_all_are_triggered)
{
    int a = 0;
    int b = 0;
    int c = 0;
    callback_on_next(callback_system_register(sys, "a"), change, &a);
    callback_on_next(callback_system_register(sys, "b"), count, &b);
    callback_on_next(callback_system_register(sys, "c"), count, &c);
    int value = 1;
    cr_expect_eq(callback_system_trigger_all(sys, &value), 2);
    cr_expect(a == 1 && c == 1);
    cr_expect_eq(b, 0, "gone before its turn");
    cr_expect_eq(late, 0, "came too late for this one");
    cr_expect_eq(callback_system_trigger_all(sys, &value), 2);
    cr_expect(late == 1 && c == 2);
}

Test(callback_system, a_name_that_comes_back_is_another_callback)
{
    int a = 0;
    int value = 1;
    callback_on_next(callback_system_register(sys, "a"), count, &a);
    callback_system_trigger(sys, "a", &value);
    cr_expect(callback_system_deregister(sys, "a"));
    cr_expect_not(callback_system_trigger(sys, "a", &value));
    cr_expect_null(callback_value(callback_system_register(sys, "a")),
                   "it knows nothing of before");
    cr_expect(callback_system_trigger(sys, "a", &value));
    cr_expect_eq(a, 1, "nor whom it told");
}

/* ---- what triggers trigger ---- */

static char told[64];

static enum err note_and_pass_on(void *user, const void *value, struct why *why)
{
    const char *name = user;
    int next = *(const int *)value + 1;
    (void)why;
    snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%d ", name, next - 1);
    if (next <= 2) callback_system_trigger_all(sys, &next);
    return OK;
}

Test(callback_system, all_may_be_triggered_from_inside_of_all)
{
    static char a[] = "a";
    static char b[] = "b";
    callback_on_next(callback_system_register(sys, a), note_and_pass_on, a);
    callback_on_next(callback_system_register(sys, b), note_and_pass_on, b);
    int one = 1;
    cr_expect_eq(callback_system_trigger_all(sys, &one), 2);
    /* The one that is told a value has heard it out before it is told the next. */
    cr_expect_str_eq(told, "a1 b2 a2 b1 a2 b2 ", "%s", told);
}

static enum err leave(void *user, const void *value, struct why *why)
{
    (void)user;
    (void)value;
    (void)why;
    cr_expect(callback_system_deregister(sys, "a"));
    cr_expect_null(callback_system_find(sys, "a"), "at once");
    return OK;
}

Test(callback_system, whoever_waits_for_the_value_that_ends_its_name_sees_it)
{
    for (enum wait_mode mode = WAIT_LAST_VALUE; mode <= WAIT_EVERY_VALUE; mode++) {
        enum wait_status status[] = {WAIT_CANCELLED, WAIT_CANCELLED};
        struct waiter one = {.check = always, .user = &status[0], .done = on_done};
        struct waiter none = {.check = never, .user = &status[1], .done = on_done};
        struct callback *c = callback_system_register_as(sys, "a", mode);
        callback_on_next(c, leave, NULL);
        cr_assert_eq(callback_wait(c, &one, UINT64_MAX, NULL), OK);
        cr_assert_eq(callback_wait(c, &none, UINT64_MAX, NULL), OK);
        int value = 1;
        cr_expect(callback_system_trigger(sys, "a", &value));
        loop_turn(loop);
        cr_expect_eq(status[0], WAIT_MET);
        cr_expect_eq(status[1], WAIT_GONE);
    }
}

Test(callback_system, a_name_may_show_values_to_waiters_in_its_own_way)
{
    enum wait_status status = WAIT_CANCELLED;
    struct waiter w = {.check = is_two, .user = &status, .done = on_done};
    struct callback *c = callback_system_register_as(sys, "a", WAIT_LAST_VALUE);
    cr_assert_eq(callback_wait(c, &w, SECOND_NS, NULL), OK);
    for (int i = 1; i <= 3; i++)
        callback_system_trigger(sys, "a", &i);
    pass_time(loop, 2 * SECOND_NS);
    cr_expect_eq(status, WAIT_NOT_MET, "the 2 was replaced within its turn");
}
