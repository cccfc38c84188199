#include "download/async/stream.h"

#include <criterion/criterion.h>
#include <pthread.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/unit/async/number.h"

enum { ROOM_FOR_A_FEW = 256 };

static struct stream *new_stream(enum stream_policy policy, size_t max_bytes)
{
    return stream_new(
        &(struct stream_opts){.ops = &NUMBER_VALUES, .policy = policy, .max_bytes = max_bytes});
}

static enum stream_put put(struct stream *s, int value)
{
    return stream_put(s, &value);
}

/* The next value, which must be there. */
static int take(struct stream *s)
{
    void *value = NULL;
    cr_assert_eq(stream_next(s, 0, &value), STREAM_VALUE);
    int n = *(int *)value;
    mem_free(value);
    return n;
}

Test(stream, values_come_in_order_and_then_the_end)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    for (int i = 1; i <= 3; i++)
        cr_expect_eq(put(s, i), STREAM_TAKEN);
    stream_end(s);
    stream_end(s);
    cr_expect_eq(put(s, 4), STREAM_GONE, "it has ended");
    for (int i = 1; i <= 3; i++)
        cr_expect_eq(take(s), i, "what was inside is still read");
    void *none = NULL;
    cr_expect_eq(stream_next(s, UINT64_MAX, &none), STREAM_ENDED);
    cr_expect_eq(stream_next(s, 0, &none), STREAM_ENDED);
    cr_expect_eq(stream_loss(s).dropped, 1);
    stream_free(s);
}

Test(stream, nothing_there_is_a_time_out)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    void *none = NULL;
    cr_expect_eq(stream_next(s, 0, &none), STREAM_TIMEOUT);
    cr_expect_eq(stream_next(s, clock_now_ns() + MILLI_NS, &none), STREAM_TIMEOUT);
    stream_free(s);
}

Test(stream, the_newest_of_a_key_replaces_the_unsent_one)
{
    struct stream *s = new_stream(STREAM_COALESCE, 0);
    put(s, -1);
    put(s, 5);
    cr_expect_eq(put(s, -2), STREAM_REPLACED);
    cr_expect_eq(stream_loss(s).coalesced, 1);
    cr_expect_eq(take(s), 5, "it does not overtake what was put before it");
    cr_expect_eq(take(s), -2);
    stream_free(s);
}

Test(stream, a_queue_replaces_nothing)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    put(s, -1);
    cr_expect_eq(put(s, -2), STREAM_TAKEN);
    cr_expect_eq(take(s), -1);
    cr_expect_eq(take(s), -2);
    stream_free(s);
}

Test(stream, what_finds_no_room_is_counted_but_the_last_has_a_place)
{
    struct stream *s = new_stream(STREAM_COALESCE, ROOM_FOR_A_FEW);
    unsigned taken = 0;
    for (int i = 1; i <= 100; i++)
        taken += put(s, i) == STREAM_TAKEN;
    cr_expect(taken > 0 && taken < 100);
    cr_expect_eq(stream_loss(s).dropped, 100 - taken);
    cr_expect_eq(put(s, 0), STREAM_TAKEN);
    for (unsigned i = 1; i <= taken; i++)
        cr_expect_eq(take(s), (int)i);
    cr_expect_eq(take(s), 0);
    stream_free(s);
}

Test(stream, a_reader_that_closes_loses_what_is_inside)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    put(s, 1);
    put(s, 2);
    stream_close(s);
    cr_expect_eq(put(s, 3), STREAM_GONE);
    cr_expect_eq(stream_loss(s).dropped, 3);
    void *none = NULL;
    cr_expect_eq(stream_next(s, UINT64_MAX, &none), STREAM_ENDED);
    stream_free(s);
}

Test(stream, a_nudge_ends_one_wait)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    stream_nudge(s);
    stream_nudge(s);
    void *none = NULL;
    cr_expect_eq(stream_next(s, UINT64_MAX, &none), STREAM_NUDGED);
    cr_expect_eq(stream_next(s, 0, &none), STREAM_TIMEOUT, "two at once are one");
    put(s, 1);
    stream_nudge(s);
    cr_expect_eq(take(s), 1, "values come first");
    cr_expect_eq(stream_next(s, UINT64_MAX, &none), STREAM_NUDGED);
    stream_free(s);
}

Test(stream, the_prepared_value_is_put_without_memory)
{
    struct stream *s = new_stream(STREAM_QUEUE, 1);
    cr_expect_null(stream_prepared(s));
    int zero = 0;
    stream_prepare(s, &zero);
    *(int *)stream_prepared(s) = 0;
    struct mem_stats before;
    struct mem_stats after;
    mem_stats(&before);
    stream_put_prepared(s);
    mem_stats(&after);
    cr_expect_eq(after.live[MEM_OTHER], before.live[MEM_OTHER]);
    cr_expect_eq(take(s), 0);
    stream_free(s);
    s = new_stream(STREAM_QUEUE, 0);
    stream_prepare(s, &zero);
    stream_put_prepared(s);
    stream_free(s); // still inside
}

Test(stream, a_nudge_that_was_answered_ends_no_later_wait)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    void *none = NULL;
    stream_nudge(s);
    cr_expect_eq(stream_next(s, 0, &none), STREAM_NUDGED, "by looking, without a wait");
    uint64_t deadline_ns = clock_now_ns() + 5 * MILLI_NS;
    cr_expect_eq(stream_next(s, deadline_ns, &none), STREAM_TIMEOUT);
    cr_expect_geq(clock_now_ns(), deadline_ns, "no time-out before its time");
    stream_free(s);
}

Test(stream, the_prepared_value_has_a_place_whatever_it_is)
{
    struct stream *s = new_stream(STREAM_COALESCE, ROOM_FOR_A_FEW);
    while (put(s, 1) == STREAM_TAKEN)
        continue;
    cr_expect_eq(put(s, -1), STREAM_DROPPED);
    struct stream_loss before = stream_loss(s);
    int last = 9; // neither the last by its kind nor of a key
    stream_prepare(s, &last);
    stream_put_prepared(s);
    cr_expect_eq(stream_loss(s).dropped, before.dropped);
    int found = 1;
    while (found == 1)
        found = take(s);
    cr_expect_eq(found, 9);
    stream_free(s);
}

Test(stream, the_prepared_value_replaces_nothing)
{
    struct stream *s = new_stream(STREAM_COALESCE, 0);
    int keyed = -2;
    stream_prepare(s, &keyed);
    put(s, -1);
    stream_put_prepared(s);
    cr_expect_eq(take(s), -1);
    cr_expect_eq(take(s), -2);
    stream_free(s);
}

Test(stream, a_prepared_value_that_comes_too_late_is_counted)
{
    struct stream *s = new_stream(STREAM_QUEUE, 0);
    int zero = 0;
    stream_prepare(s, &zero);
    stream_close(s);
    stream_put_prepared(s);
    cr_expect_eq(stream_loss(s).dropped, 1);
    stream_free(s);
}

static struct stream *waited_for;

static void put_one(struct stream *s)
{
    put(s, 1);
}

static void *wait_without_end(void *user)
{
    void *value = NULL;
    enum stream_next *ret_how = user;
    *ret_how = stream_next(waited_for, UINT64_MAX, &value);
    mem_free(value);
    return NULL;
}

Test(stream, a_value_a_nudge_and_the_end_wake_a_reader_that_waits)
{
    static void (*const WAKE[])(struct stream * s) = {put_one, stream_nudge, stream_end};
    static const enum stream_next HOW[] = {STREAM_VALUE, STREAM_NUDGED, STREAM_ENDED};
    for (size_t i = 0; i < ARRAY_LEN(WAKE); i++) {
        waited_for = new_stream(STREAM_QUEUE, 0);
        enum stream_next how = STREAM_TIMEOUT;
        pthread_t reader;
        cr_assert_eq(pthread_create(&reader, NULL, wait_without_end, &how), 0);
        WAKE[i](waited_for);
        pthread_join(reader, NULL);
        cr_expect_eq(how, HOW[i]);
        stream_free(waited_for);
    }
}

static void *put_many(void *user)
{
    for (int i = 1; i <= 1000; i++)
        cr_assert_eq(put(user, i), STREAM_TAKEN);
    stream_end(user);
    return NULL;
}

Test(stream, a_writer_that_waits_loses_nothing)
{
    struct stream *s = new_stream(STREAM_BLOCK, 1); // every value is larger than the box
    pthread_t writer;
    cr_assert_eq(pthread_create(&writer, NULL, put_many, s), 0);
    void *value = NULL;
    int expected = 1;
    while (stream_next(s, UINT64_MAX, &value) == STREAM_VALUE) {
        cr_assert_eq(*(int *)value, expected++);
        mem_free(value);
    }
    cr_expect_eq(expected, 1001);
    pthread_join(writer, NULL);
    stream_free(s);
}

static void *put_until_gone(void *user)
{
    int i = 1;
    while (put(user, i) != STREAM_GONE)
        i++;
    return NULL;
}

Test(stream, closing_lets_a_waiting_writer_go)
{
    struct stream *s = new_stream(STREAM_BLOCK, 1);
    pthread_t writer;
    cr_assert_eq(pthread_create(&writer, NULL, put_until_gone, s), 0);
    void *value = NULL;
    cr_assert_eq(stream_next(s, UINT64_MAX, &value), STREAM_VALUE);
    mem_free(value);
    stream_close(s);
    pthread_join(writer, NULL);
    stream_free(s);
}
