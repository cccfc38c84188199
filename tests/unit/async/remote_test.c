/* The callback system from another thread; here the loop's thread is the test's. */
#include "download/async/remote.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/unit/async/number.h"

static struct loop *loop;
static struct callback_system *sys;

static void begin(void)
{
    cr_assert_eq(loop_new(&loop, NULL), OK);
    sys = callback_system_new(
        &(struct callback_opts){.loop = loop, .values = &NUMBER_VALUES, .mode = WAIT_EVERY_VALUE});
}

static void finish(void)
{
    callback_system_free(sys);
    loop_drain(loop);
    loop_free(loop);
}

TestSuite(remote, .init = begin, .fini = finish);

/* A thread that waits for a number, and how that ended. */
struct asker {
    pthread_t thread;
    pthread_t looked_on; // the loop's thread: where its condition was looked at
    int wanted;
    uint64_t timeout_ns;
    enum wait_status status;
    int met;
    atomic_bool over;
};

static bool is_wanted(void *user, const void *value)
{
    struct asker *a = user;
    a->looked_on = pthread_self();
    return *(const int *)value == a->wanted;
}

static void *ask(void *user)
{
    struct asker *a = user;
    const struct remote_wait what = {
        .name = "a", .check = is_wanted, .user = a, .timeout_ns = a->timeout_ns};
    void *value = NULL;
    a->status = remote_wait(loop, sys, &what, &value);
    cr_expect_eq(a->status == WAIT_MET, value != NULL);
    a->met = value ? *(int *)value : -1;
    mem_free(value);
    atomic_store(&a->over, true);
    loop_raise(loop, 1);
    return NULL;
}

/* Started, and waiting: it has registered its name. */
static void start(struct asker *a, int wanted, uint64_t timeout_ns)
{
    a->wanted = wanted;
    a->timeout_ns = timeout_ns;
    cr_assert_eq(pthread_create(&a->thread, NULL, ask, a), 0);
    while (!callback_system_find(sys, "a"))
        loop_turn(loop);
}

static void expect(struct asker *a, enum wait_status status, int met)
{
    while (!atomic_load(&a->over))
        loop_turn(loop);
    pthread_join(a->thread, NULL);
    cr_expect_eq(a->status, status, "status %d", a->status);
    cr_expect_eq(a->met, met, "met %d", a->met);
}

Test(remote, a_wait_gets_a_copy_of_the_value_that_met_it)
{
    struct asker a = {0};
    start(&a, 2, UINT64_MAX);
    for (int i = 1; i <= 3; i++)
        callback_system_trigger(sys, "a", &i);
    expect(&a, WAIT_MET, 2);
    cr_expect(pthread_equal(a.looked_on, pthread_self()), "conditions are the loop's thread's");
}

Test(remote, a_value_already_set_satisfies_a_wait)
{
    int two = 2;
    callback_system_register(sys, "a");
    callback_system_trigger(sys, "a", &two);
    struct asker a = {0};
    start(&a, 2, 0);
    expect(&a, WAIT_MET, 2);
}

Test(remote, the_two_time_outs_are_told_apart)
{
    struct asker never = {0};
    start(&never, 1, MILLI_NS);
    expect(&never, WAIT_NEVER_SET, -1);
    int two = 2;
    callback_system_trigger(sys, "a", &two);
    struct asker not_met = {0};
    start(&not_met, 1, MILLI_NS);
    expect(&not_met, WAIT_NOT_MET, -1);
}

Test(remote, a_name_that_goes_ends_the_wait)
{
    struct asker a = {0};
    start(&a, 1, UINT64_MAX);
    callback_system_deregister(sys, "a");
    expect(&a, WAIT_GONE, -1);
}

/* As at the end of a run: met, not told yet, and everything goes. */
Test(remote, a_wait_that_was_met_is_told_so_though_the_system_is_freed)
{
    struct asker a = {0};
    start(&a, 2, UINT64_MAX);
    int two = 2;
    callback_system_trigger(sys, "a", &two);
    callback_system_free(TAKE(sys));
    expect(&a, WAIT_MET, 2);
}

/* ---- calls and triggers ---- */

struct errand {
    pthread_t ran_on;
    int calls, seen_after, sum;
    bool triggered;
};

static void run_errand(void *user)
{
    struct errand *e = user;
    e->calls++;
    e->ran_on = pthread_self();
}

static void *send_call(void *user)
{
    struct errand *e = user;
    cr_expect(remote_call(loop, run_errand, e));
    e->seen_after = e->calls;
    loop_raise(loop, 1);
    return NULL;
}

Test(remote, a_call_runs_on_the_loops_thread_before_it_returns)
{
    struct errand e = {0};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, send_call, &e), 0);
    while (!e.calls)
        loop_turn(loop);
    pthread_join(thread, NULL);
    cr_expect_eq(e.calls, 1);
    cr_expect_eq(e.seen_after, 1);
    cr_expect(pthread_equal(e.ran_on, pthread_self()));
}

static enum err add(void *user, const void *value, struct why *why)
{
    struct errand *e = user;
    (void)why;
    e->sum += *(const int *)value;
    return OK;
}

static void *send_triggers(void *user)
{
    struct errand *e = user;
    int value = 5;
    e->triggered = remote_trigger(loop, sys, "a", &value);
    value = 7; // the first was copied
    e->triggered = remote_trigger(loop, sys, "nobody", &value) && e->triggered;
    return NULL;
}

Test(remote, a_trigger_copies_and_does_not_wait)
{
    struct errand e = {0};
    callback_on_next(callback_system_register(sys, "a"), add, &e);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, send_triggers, &e), 0);
    pthread_join(thread, NULL); // no turn was needed for that
    cr_expect(e.triggered);
    cr_expect_eq(e.sum, 0);
    loop_drain(loop);
    cr_expect_eq(e.sum, 5);
    cr_expect_eq(callback_system_count(sys), 1, "a trigger registers nothing");
}

/* ---- the end ---- */

Test(remote, a_closed_loop_refuses_all)
{
    loop_close(loop);
    struct errand e = {0};
    int value = 1;
    cr_expect_not(remote_call(loop, run_errand, &e));
    cr_expect_not(remote_trigger(loop, sys, "a", &value));
    struct asker a = {.timeout_ns = UINT64_MAX};
    ask(&a);
    cr_expect_eq(a.status, WAIT_GONE);
    loop_drain(loop);
    cr_expect_eq(e.calls, 0);
}

Test(remote, a_wait_ends_when_the_loop_is_closed_and_all_is_deregistered)
{
    struct asker a = {0};
    start(&a, 1, UINT64_MAX);
    loop_close(loop);
    loop_drain(loop);
    callback_system_deregister_all(sys);
    expect(&a, WAIT_GONE, -1);
}
