/* Observers. Waiters are in callback_wait_test.c. */
#include "download/async/callback.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/unit/async/number.h"

enum { TOLD_MAX = 256 };

/* What observers were told, in order: "a1 b1 a2 …". */
struct log {
    struct callback *callback;
    char told[TOLD_MAX];
    char name; // of the observer whose user this is
    struct log *shared;
    struct id id;
    enum err fails;
    unsigned failures;
    int failed_at;
    char why[WHY_MAX];
};

static void note(struct log *l, int value)
{
    struct log *to = l->shared ? l->shared : l;
    size_t len = strlen(to->told);
    snprintf(to->told + len, TOLD_MAX - len, "%c%d ", l->name, value);
}

static enum err observe(void *user, const void *value, struct why *why)
{
    struct log *l = user;
    note(l, *(const int *)value);
    return l->fails ? fail(why, l->fails, "no") : OK;
}

static void on_failure(void *user, const void *value, enum err e, const struct why *why)
{
    struct log *l = user;
    l->failed_at = *(const int *)value;
    l->failures++;
    cr_expect_neq(e, OK);
    snprintf(l->why, sizeof(l->why), "%s", why->text);
}

static void set(struct callback *c, int value)
{
    callback_set(c, &value);
}

/* Without a loop: the tests below need none, and show that observers do not. */
static struct callback *new_callback(struct log *l)
{
    return callback_new(
        &(struct callback_opts){.values = &NUMBER_VALUES, .on_failure = on_failure, .user = l});
}

Test(callback, observers_are_told_inside_the_set_in_order_of_registration)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log a = {.name = 'a', .shared = &all};
    struct log b = {.name = 'b', .shared = &all};
    callback_on_next(c, observe, &a);
    cr_expect_null(callback_value(c));
    set(c, 1);
    callback_on_next(c, observe, &b);
    cr_expect_str_eq(all.told, "a1 ", "no replay for who comes later");
    set(c, 2);
    cr_expect_str_eq(all.told, "a1 a2 b2 ");
    cr_expect_eq(*(const int *)callback_value(c), 2);
    cr_expect_eq(callback_counts(c).sets, 2);
    callback_free(c);
}

Test(callback, the_value_is_a_copy)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    int value = 7;
    callback_set(c, &value);
    value = 8;
    cr_expect_eq(*(const int *)callback_value(c), 7);
    callback_free(c);
}

Test(callback, a_failing_observer_stops_nobody_and_is_reported)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log a = {.name = 'a', .shared = &all, .fails = ERR_DISK};
    struct log b = {.name = 'b', .shared = &all};
    callback_on_next(c, observe, &a);
    callback_on_next(c, observe, &b);
    set(c, 1);
    set(c, 2);
    cr_expect_str_eq(all.told, "a1 b1 a2 b2 ");
    cr_expect_eq(all.failures, 2);
    cr_expect_str_eq(all.why, "no");
    cr_expect_eq(all.failed_at, 2);
    cr_expect_eq(callback_counts(c).failed, 2);
    callback_free(c);
}

Test(callback, observers_are_removed_one_by_one)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log logs[] = {{.name = 'a', .shared = &all},
                         {.name = 'b', .shared = &all},
                         {.name = 'c', .shared = &all}};
    for (size_t i = 0; i < ARRAY_LEN(logs); i++)
        logs[i].id = callback_on_next(c, observe, &logs[i]);
    cr_expect(callback_remove(c, logs[1].id));
    cr_expect_not(callback_remove(c, logs[1].id), "it was gone already");
    set(c, 1);
    cr_expect_str_eq(all.told, "a1 c1 ");
    callback_free(c);
}

/* ---- changes from inside ---- */

static struct log *to_remove;

static enum err remove_from_inside(void *user, const void *value, struct why *why)
{
    struct log *l = user;
    (void)why;
    note(l, *(const int *)value);
    callback_remove(l->callback, to_remove->id);
    return OK;
}

Test(callback, observers_are_removed_from_inside)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log a = {.name = 'a', .shared = &all, .callback = c};
    struct log b = {.name = 'b', .shared = &all};
    struct log z = {.name = 'z', .shared = &all};
    a.id = callback_on_next(c, remove_from_inside, &a);
    b.id = callback_on_next(c, observe, &b);
    z.id = callback_on_next(c, observe, &z);
    to_remove = &b;
    set(c, 1);
    cr_expect_str_eq(all.told, "a1 z1 ", "not even of the set that is under way");
    to_remove = &a;
    set(c, 2);
    to_remove = &z;
    set(c, 3);
    cr_expect_str_eq(all.told, "a1 z1 a2 z2 z3 ", "one may remove itself");
    callback_free(c);
}

static enum err add_from_inside(void *user, const void *value, struct why *why)
{
    struct log *l = user;
    (void)why;
    note(l, *(const int *)value);
    if (*(const int *)value == 1) callback_on_next(l->callback, observe, to_remove);
    return OK;
}

Test(callback, an_observer_added_from_inside_is_first_told_of_the_next_value)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log a = {.name = 'a', .shared = &all, .callback = c};
    struct log b = {.name = 'b', .shared = &all};
    to_remove = &b;
    callback_on_next(c, add_from_inside, &a);
    set(c, 1);
    set(c, 2);
    cr_expect_str_eq(all.told, "a1 a2 b2 ");
    callback_free(c);
}

static enum err set_from_inside(void *user, const void *value, struct why *why)
{
    struct log *l = user;
    int n = *(const int *)value;
    (void)why;
    note(l, n);
    if (n < 3) set(l->callback, n + 1);
    return OK;
}

Test(callback, a_set_from_inside_keeps_one_order_for_all)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log a = {.name = 'a', .shared = &all, .callback = c};
    struct log b = {.name = 'b', .shared = &all};
    callback_on_next(c, set_from_inside, &a);
    callback_on_next(c, observe, &b);
    set(c, 1);
    cr_expect_str_eq(all.told, "a1 b1 a2 b2 a3 b3 ");
    callback_free(c);
}

static enum err free_from_inside(void *user, const void *value, struct why *why)
{
    struct log *l = user;
    (void)why;
    note(l, *(const int *)value);
    callback_free(l->callback);
    return OK;
}

Test(callback, it_can_be_freed_from_inside)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct log a = {.name = 'a', .shared = &all, .callback = c};
    struct log b = {.name = 'b', .shared = &all};
    callback_on_next(c, free_from_inside, &a);
    callback_on_next(c, observe, &b);
    set(c, 1);
    cr_expect_str_eq(all.told, "a1 ", "nobody after it is told");
}

/* ---- observers on threads of their own ---- */

struct slow {
    sem_t entered, opened;
    int sum;
    unsigned values;
};

static void slow_value(void *user, const void *value, const struct stream_loss *loss)
{
    struct slow *s = user;
    (void)loss;
    if (s->values++ == 0) {
        sem_post(&s->entered);
        sem_wait(&s->opened);
    }
    s->sum += *(const int *)value;
}

static struct observer *start_slow(struct slow *s, enum stream_policy policy, size_t max_bytes)
{
    static const struct observer_ops OPS = {.value = slow_value};
    sem_init(&s->entered, 0, 0);
    sem_init(&s->opened, 0, 0);
    struct observer *o = observer_start(&(struct observer_opts){
        .ops = &OPS,
        .user = s,
        .stream = {.ops = &NUMBER_VALUES, .policy = policy, .max_bytes = max_bytes}});
    cr_assert_not_null(o);
    return o;
}

static void end(struct observer *o)
{
    cr_expect(observer_end(o, clock_now_ns() + 30 * SECOND_NS));
    observer_free(o);
}

Test(callback, a_slow_observer_never_delays_a_set)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct slow s = {0};
    struct observer *o = start_slow(&s, STREAM_COALESCE, 0);
    struct id id;
    cr_assert_eq(callback_on_next_async(c, o, &id, NULL), OK);
    set(c, 1);
    sem_wait(&s.entered); // from now on it hangs
    for (int i = -1; i >= -100; i--)
        set(c, i);
    set(c, 5);
    sem_post(&s.opened);
    end(o);
    cr_expect_eq(s.sum, 1 - 100 + 5, "of one key only the newest came");
    callback_free(c);
}

Test(callback, one_that_does_not_run_is_skipped_counted_and_reported_once)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct slow s = {0};
    struct observer *ended = start_slow(&s, STREAM_QUEUE, 0);
    sem_post(&s.opened);
    cr_expect(observer_end(ended, clock_now_ns() + 30 * SECOND_NS));
    struct log a = {.name = 'a', .shared = &all};
    struct id id;
    cr_assert_eq(callback_on_next_async(c, NULL, &id, NULL), OK, "there was no thread to be had");
    cr_assert_eq(callback_on_next_async(c, ended, &id, NULL), OK);
    callback_on_next(c, observe, &a);
    set(c, 1);
    set(c, 2);
    cr_expect_str_eq(all.told, "a1 a2 ", "the others are told");
    cr_expect_eq(callback_counts(c).skipped, 4);
    cr_expect_eq(all.failures, 2, "each is reported the first time");
    callback_free(c);
    observer_free(ended);
}

Test(callback, a_control_thread_never_waits_for_an_observer)
{
    struct loop *l = NULL;
    cr_assert_eq(loop_new_virtual(&l, NULL), OK);
    struct callback *of_loop =
        callback_new(&(struct callback_opts){.loop = l, .values = &NUMBER_VALUES});
    struct log all = {0};
    struct callback *of_nobody = new_callback(&all);
    struct slow s = {0};
    struct observer *o = start_slow(&s, STREAM_BLOCK, 1);
    sem_post(&s.opened);
    struct id id;
    cr_expect_eq(callback_on_next_async(of_loop, o, &id, NULL), ERR_USAGE);
    cr_assert_eq(callback_on_next_async(of_nobody, o, &id, NULL), OK);
    for (int i = 1; i <= 50; i++)
        set(of_nobody, i); // waits for room instead of losing any
    end(o);
    cr_expect_eq(s.sum, 50 * 51 / 2);
    callback_free(of_loop);
    callback_free(of_nobody);
    loop_free(l);
}

/* Room for a few; many come at once. */
Test(callback, whoever_reads_is_given_the_time_for_it_and_loses_nothing)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct slow s = {0};
    struct observer *o = start_slow(&s, STREAM_QUEUE, 1024);
    sem_post(&s.opened);
    struct id id;
    cr_assert_eq(callback_on_next_async(c, o, &id, NULL), OK);
    for (int i = 1; i <= 10000; i++) {
        callback_give_room(c, 30 * SECOND_NS);
        set(c, i);
    }
    end(o);
    cr_expect_eq(s.values, 10000);
    callback_free(c);
}

Test(callback, whoever_does_not_read_is_waited_for_once)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct slow s = {0};
    struct observer *o = start_slow(&s, STREAM_QUEUE, 1024);
    struct id id;
    cr_assert_eq(callback_on_next_async(c, o, &id, NULL), OK);
    for (int i = 1; i <= 1000; i++) {
        callback_give_room(c, i == 1 ? 30 * SECOND_NS : MILLI_NS); // the first finds it empty
        set(c, i);
    }
    callback_give_room(c, UINT64_MAX / 2); // would be for ever
    sem_post(&s.opened);
    end(o);
    cr_expect_lt(s.values, 1000);
    callback_free(c);
}

Test(callback, a_removed_asynchronous_observer_is_told_nothing_more)
{
    struct log all = {0};
    struct callback *c = new_callback(&all);
    struct slow s = {0};
    struct observer *o = start_slow(&s, STREAM_QUEUE, 0);
    sem_post(&s.opened);
    struct id id;
    cr_assert_eq(callback_on_next_async(c, o, &id, NULL), OK);
    set(c, 3);
    cr_expect(callback_remove(c, id));
    set(c, 4);
    end(o);
    cr_expect_eq(s.sum, 3);
    callback_free(c);
}
