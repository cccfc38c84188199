#include "download/async/callback_system.h"

#include <criterion/criterion.h>

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
