#include <string.h>

#include <criterion/criterion.h>

#include "download/base/rng.h"
#include "tests/support/relay_link.h"
#include "tests/support/relay_pipe.h"

enum { RATE = 125 * 1000 * 1000, KIB = 1024, QUEUE = 1024 * KIB };
static const uint64_t DELAY_NS = 20 * MILLI_NS;
static const uint64_t RTT_NS = 40 * MILLI_NS;

/* ---- the shared link ---- */

Test(relay_link, bytes_leave_one_after_the_other_at_the_rate)
{
    struct relay_link l = {.rate = RATE, .due_ns = SECOND_NS};
    cr_expect_eq(relay_link_take(&l, RATE / 100, SECOND_NS), SECOND_NS + 10 * MILLI_NS);
    cr_expect_eq(relay_link_take(&l, RATE / 100, SECOND_NS), SECOND_NS + 20 * MILLI_NS);
    cr_expect_eq(relay_link_wait_ns(&l, SECOND_NS), 20 * MILLI_NS - RELAY_QUEUE_NS);
    cr_expect_eq(relay_link_wait_ns(&l, SECOND_NS + 20 * MILLI_NS), 0);
}

Test(relay_link, what_was_not_used_is_lost_but_for_a_small_credit)
{
    struct relay_link l = {.rate = RATE};
    uint64_t took = 0;
    for (; relay_link_wait_ns(&l, SECOND_NS) == 0; took += KIB)
        cr_expect_geq(relay_link_take(&l, KIB, SECOND_NS), SECOND_NS);
    uint64_t most = RATE * (RELAY_CREDIT_NS + RELAY_QUEUE_NS) / SECOND_NS;
    cr_expect_leq(took, most + 2 * KIB);
    cr_expect_geq(took, most - 2 * KIB);
}

Test(relay_link, without_a_rate_it_never_waits)
{
    struct relay_link l = {0};
    cr_expect_eq(relay_link_take(&l, SIZE_MAX, SECOND_NS), SECOND_NS);
    cr_expect_eq(relay_link_wait_ns(&l, SECOND_NS), 0);
}

/* ---- the window ---- */

Test(relay_window, it_doubles_up_to_the_threshold_and_then_adds_a_segment)
{
    struct relay_window w = relay_window_new(QUEUE);
    cr_expect_eq(w.bytes, 10 * RELAY_SEGMENT);
    relay_window_acked(&w, w.bytes, w.bytes);
    cr_expect_eq(w.bytes, 20 * RELAY_SEGMENT);
    relay_window_lost(&w, SECOND_NS, RTT_NS);
    cr_expect_eq(w.bytes, 10 * RELAY_SEGMENT);
    relay_window_acked(&w, w.bytes, w.bytes);
    cr_expect_eq(w.bytes, 11 * RELAY_SEGMENT);
}

Test(relay_window, a_round_trip_has_one_loss)
{
    struct relay_window w = relay_window_new(QUEUE);
    w.bytes = QUEUE;
    relay_window_lost(&w, SECOND_NS, RTT_NS);
    relay_window_lost(&w, SECOND_NS + RTT_NS - 1, RTT_NS);
    cr_expect_eq(w.bytes, QUEUE / 2);
    relay_window_lost(&w, SECOND_NS + RTT_NS, RTT_NS);
    cr_expect_eq(w.bytes, QUEUE / 4);
}

Test(relay_window, it_stays_within_its_bounds)
{
    struct relay_window w = relay_window_new(QUEUE);
    for (unsigned i = 0; i < 100; i++)
        relay_window_acked(&w, w.bytes, w.bytes);
    cr_expect_eq(w.bytes, QUEUE);
    for (uint64_t i = 1; i < 100; i++)
        relay_window_lost(&w, i * SECOND_NS, RTT_NS);
    cr_expect_eq(w.bytes, 2 * RELAY_SEGMENT);
}

Test(relay_window, idling_does_not_open_it)
{
    struct relay_window w = relay_window_new(QUEUE);
    relay_window_acked(&w, RELAY_SEGMENT, RELAY_SEGMENT);
    cr_expect_eq(w.bytes, 10 * RELAY_SEGMENT);
}

/* ---- a pipe ---- */

static void put(struct relay_pipe *p, size_t n, uint64_t leave_ns)
{
    struct iovec at[2];
    relay_pipe_space(p, n, at);
    cr_assert_eq(at[0].iov_len + at[1].iov_len, n);
    memset(at[0].iov_base, 'x', at[0].iov_len);
    memset(at[1].iov_base, 'x', at[1].iov_len);
    relay_pipe_took(p, n, leave_ns);
}

static size_t ready_at(struct relay_pipe *p, uint64_t now_ns)
{
    struct iovec at[2];
    relay_pipe_turn(p, now_ns);
    return relay_pipe_ready(p, at);
}

Test(relay_pipe, bytes_arrive_one_delay_after_they_left)
{
    const struct relay_path path = {.delay_ns = DELAY_NS, .queue = QUEUE};
    struct relay_pipe p = relay_pipe_new(&path, 1, 0);
    put(&p, 1000, SECOND_NS);
    cr_expect_eq(ready_at(&p, SECOND_NS + DELAY_NS - 1), 0);
    cr_expect_eq(relay_pipe_next_ns(&p, false, SECOND_NS), SECOND_NS + DELAY_NS);
    cr_expect_eq(ready_at(&p, SECOND_NS + DELAY_NS), 1000);
    relay_pipe_done(&p);
}

Test(relay_pipe, the_handshake_takes_a_round_trip)
{
    const struct relay_path path = {.delay_ns = DELAY_NS, .queue = QUEUE};
    struct relay_pipe p = relay_pipe_new(&path, 1, SECOND_NS);
    cr_expect_eq(relay_pipe_room(&p, SECOND_NS + RTT_NS - 1), 0);
    cr_expect_eq(relay_pipe_next_ns(&p, true, SECOND_NS), SECOND_NS + RTT_NS);
    cr_expect_gt(relay_pipe_room(&p, SECOND_NS + RTT_NS), 0);
    relay_pipe_done(&p);
}

Test(relay_pipe, no_more_than_the_window_is_under_way)
{
    const struct relay_path path = {.delay_ns = DELAY_NS, .queue = QUEUE};
    struct relay_pipe p = relay_pipe_new(&path, 1, 0);
    size_t window = relay_pipe_room(&p, SECOND_NS);
    put(&p, window, SECOND_NS);
    cr_expect_eq(relay_pipe_room(&p, SECOND_NS), 0);
    relay_pipe_turn(&p, SECOND_NS + RTT_NS - 1);
    cr_expect_eq(relay_pipe_room(&p, SECOND_NS + RTT_NS - 1), 0);
    relay_pipe_turn(&p, SECOND_NS + RTT_NS);
    cr_expect_eq(relay_pipe_room(&p, SECOND_NS + RTT_NS), 2 * window, "slow start");
    relay_pipe_done(&p);
}

Test(relay_pipe, what_nobody_takes_out_stops_what_goes_in)
{
    const struct relay_path path = {.delay_ns = DELAY_NS, .queue = 64 * KIB};
    struct relay_pipe p = relay_pipe_new(&path, 1, 0);
    uint64_t now_ns = SECOND_NS;
    for (size_t n; (n = relay_pipe_room(&p, now_ns)) > 0; now_ns += RTT_NS) {
        put(&p, n, now_ns);
        relay_pipe_turn(&p, now_ns + RTT_NS);
    }
    cr_expect_eq(ready_at(&p, now_ns), path.queue);
    relay_pipe_gave(&p, 5);
    cr_expect_eq(relay_pipe_room(&p, now_ns), 5);
    relay_pipe_done(&p);
}

Test(relay_pipe, a_loss_holds_up_what_follows_for_a_round_trip_and_halves_the_window)
{
    struct relay_path path = {.delay_ns = DELAY_NS, .queue = QUEUE, .loss_ppm = 1000000};
    struct relay_pipe p = relay_pipe_new(&path, 1, 0);
    uint64_t window = p.window.bytes;
    put(&p, RELAY_SEGMENT, SECOND_NS);
    cr_expect_eq(p.window.bytes, window / 2);
    path.loss_ppm = 0;
    put(&p, RELAY_SEGMENT, SECOND_NS);
    cr_expect_eq(ready_at(&p, SECOND_NS + DELAY_NS + RTT_NS - 1), 0);
    cr_expect_eq(ready_at(&p, SECOND_NS + DELAY_NS + RTT_NS), 2 * RELAY_SEGMENT);
    cr_expect_eq(p.acked, 2 * RELAY_SEGMENT, "the second one was acknowledged in time");
    relay_pipe_done(&p);
}

/* Losses of a million segments, one in a call. */
static unsigned losses(uint64_t seed, unsigned ppm)
{
    const struct relay_path path = {.loss_ppm = ppm, .queue = QUEUE};
    struct relay_pipe p = relay_pipe_new(&path, seed, 0);
    unsigned lost = 0;
    for (uint64_t i = 1; i <= 1000000; i++) {
        p.window.bytes = QUEUE;
        p.taken = p.given = (i - 1) * RELAY_SEGMENT;
        put(&p, RELAY_SEGMENT, i);
        lost += p.window.bytes < QUEUE;
    }
    relay_pipe_done(&p);
    return lost;
}

Test(relay_pipe, segments_are_lost_as_often_as_asked_and_as_the_seed_says)
{
    unsigned lost = losses(1, 1000);
    cr_expect_geq(lost, 900);
    cr_expect_leq(lost, 1100);
    cr_expect_eq(losses(1, 1000), lost);
    cr_expect_neq(losses(2, 1000), lost);
    cr_expect_eq(losses(1, 0), 0);
}

Test(relay_pipe, its_end_arrives_after_its_last_byte)
{
    const struct relay_path path = {.delay_ns = DELAY_NS, .queue = QUEUE};
    struct relay_pipe p = relay_pipe_new(&path, 1, 0);
    put(&p, 10, SECOND_NS + 5 * MILLI_NS);
    relay_pipe_end(&p, SECOND_NS);
    cr_expect_eq(relay_pipe_room(&p, SECOND_NS), 0);
    uint64_t end_ns = SECOND_NS + 5 * MILLI_NS + DELAY_NS;
    cr_expect_eq(ready_at(&p, end_ns), 10);
    cr_expect_not(relay_pipe_over(&p, end_ns));
    relay_pipe_gave(&p, 10);
    cr_expect_not(relay_pipe_over(&p, end_ns - 1));
    cr_expect(relay_pipe_over(&p, end_ns));
    relay_pipe_done(&p);
}

/* The n-th byte of a stream. */
static char byte_at(uint64_t n)
{
    return (char)(n * UINT64_C(2654435761) >> 13);
}

static void copy_in(struct relay_pipe *p, size_t n, uint64_t now_ns)
{
    struct iovec at[2];
    uint64_t offset = p->taken;
    relay_pipe_space(p, n, at);
    for (size_t i = 0; i < 2; i++) {
        char *to = at[i].iov_base;
        for (size_t k = 0; k < at[i].iov_len; k++)
            to[k] = byte_at(offset++);
    }
    relay_pipe_took(p, n, now_ns);
}

static void check_out(struct relay_pipe *p, size_t n)
{
    struct iovec at[2];
    size_t seen = 0;
    if (relay_pipe_ready(p, at) == 0) return;
    for (size_t i = 0; i < 2; i++) {
        const char *from = at[i].iov_base;
        for (size_t k = 0; k < at[i].iov_len && seen < n; k++, seen++)
            cr_assert_eq(from[k], byte_at(p->given + seen));
    }
    relay_pipe_gave(p, seen);
}

Test(relay_pipe, bytes_keep_their_order_whatever_moves_when)
{
    const struct relay_path path = {.delay_ns = MILLI_NS, .queue = 300000, .loss_ppm = 10000};
    struct relay_pipe p = relay_pipe_new(&path, 7, 0);
    struct rng rng = {42};
    for (uint64_t now_ns = SECOND_NS; p.given < 8000000; now_ns += rng_below(&rng, MILLI_NS / 2)) {
        relay_pipe_turn(&p, now_ns);
        size_t room = relay_pipe_room(&p, now_ns);
        if (room > 0) copy_in(&p, (size_t)rng_below(&rng, room) + 1, now_ns);
        check_out(&p, (size_t)rng_below(&rng, 100000));
    }
    cr_expect_leq(p.cap, 2 * path.queue);
    relay_pipe_done(&p);
}
