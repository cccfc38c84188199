#include "download/sched/tail.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"

#define MIB   (UINT64_C(1) << 20)
#define START (1000 * SECOND_NS)

enum { SIBLINGS = 5 };

/* All at 10 MB/s, receiving until now, with much to do. */
static struct tail_view siblings(struct tail_connection *c, uint64_t now_ns)
{
    for (size_t i = 0; i < SIBLINGS; i++) {
        uint64_t slow_since = c[i].slow_since_ns;
        c[i] = (struct tail_connection){.started_ns = START,
                                        .last_byte_ns = now_ns,
                                        .rate = 10 * MIB,
                                        .left_bytes = 1000 * MIB,
                                        .slow_since_ns = slow_since};
    }
    return (struct tail_view){.connections = c,
                              .count = SIBLINGS,
                              .now_ns = now_ns,
                              .first_byte_ns = MILLI_NS,
                              .total_bytes = 100000 * MIB,
                              .left_bytes = 5000 * MIB};
}

/* The third one is at 1 MB/s from `from_s` to `to_s` after the start; was it ended? */
static bool slow_is_ended(uint64_t from_s, uint64_t to_s, bool limited, bool idle)
{
    struct tail_connection c[SIBLINGS] = {{0}};
    for (uint64_t s = from_s; s <= to_s; s++) {
        struct tail_view v = siblings(c, START + s * SECOND_NS);
        c[2].rate = MIB;
        v.limited = limited;
        v.idle = idle;
        size_t worst = tail_evict(&v);
        cr_expect(worst == SIBLINGS || worst == 2);
        if (worst == 2) return true;
    }
    return false;
}

Test(tail, a_connection_far_slower_than_its_siblings_is_ended_in_time)
{
    cr_expect(slow_is_ended(2, 7, false, false));
    cr_expect_not(slow_is_ended(2, 6, false, false), "not for a moment's slowness");
    cr_expect(slow_is_ended(2, 3, false, true), "sooner when another has nothing to do");
    cr_expect_not(slow_is_ended(0, 1, false, true), "it has only begun");
    cr_expect_not(slow_is_ended(2, 60, true, false), "nobody is judged while we hold all back");
}

Test(tail, slowness_is_remembered_while_siblings_begin_anew)
{
    struct tail_connection c[SIBLINGS] = {{0}};
    size_t ended = 0;
    for (uint64_t s = 2; s <= 8; s++) {
        struct tail_view v = siblings(c, START + s * SECOND_NS);
        c[2].rate = MIB;
        for (size_t i = 0; s == 4 && i < SIBLINGS; i++)
            if (i != 2) c[i].started_ns = v.now_ns;
        ended += tail_evict(&v) == 2;
    }
    cr_expect_gt(ended, 0);
}

Test(tail, a_silent_one_is_ended_and_few_or_nearly_done_ones_are_not)
{
    struct tail_connection c[SIBLINGS] = {{0}};
    struct tail_view v = siblings(c, START + 20 * SECOND_NS);
    cr_expect_eq(tail_evict(&v), SIBLINGS);
    c[4].last_byte_ns = v.now_ns - 3 * SECOND_NS;
    cr_expect_eq(tail_evict(&v), 4);
    c[4].ending = true;
    cr_expect_eq(tail_evict(&v), SIBLINGS);
    c[4].ending = false;
    for (size_t i = 0; i < SIBLINGS; i++)
        c[i].last_byte_ns = c[4].last_byte_ns;
    cr_expect_eq(tail_evict(&v), SIBLINGS, "all are silent: it is the link");
    for (size_t i = 0; i < SIBLINGS; i++)
        c[i].last_byte_ns = v.now_ns;
    c[2].rate = MIB;
    c[2].left_bytes = MIB / 2;
    c[2].slow_since_ns = START;
    cr_expect_eq(tail_evict(&v), SIBLINGS, "it would be done as soon as another");
}

Test(tail, the_last_bytes_are_hedged_when_that_halves_the_wait)
{
    struct tail_connection c[SIBLINGS] = {{0}};
    struct tail_view v = siblings(c, START + 20 * SECOND_NS);
    for (size_t i = 0; i < SIBLINGS; i++)
        c[i].left_bytes = MIB;
    v.left_bytes = SIBLINGS * MIB;
    v.idle = true;
    cr_expect_eq(tail_hedge(&v), SIBLINGS, "all are as fast as a new one");
    c[1].rate = MIB;
    cr_expect_eq(tail_hedge(&v), 1);
    v.count = 1;
    v.connections = c + 1;
    cr_expect_eq(tail_hedge(&v), 1, "it is the only one, and nothing is known of others");
    v.usual_rate = 8 * MIB;
    cr_expect_eq(tail_hedge(&v), 0, "slower than those before it");
    v.usual_rate = 0;
    c[1].last_byte_ns = v.now_ns - 3 * SECOND_NS;
    cr_expect_eq(tail_hedge(&v), 0, "silent");
    c[1].rate = 0;
    cr_expect_eq(tail_hedge(&v), 0, "for long");
    c[1].rate = MIB;
    v.count = SIBLINGS;
    v.connections = c;
    v.extra_bytes = v.total_bytes / TAIL_EXTRA_SHARE;
    cr_expect_eq(tail_hedge(&v), SIBLINGS, "no more than one in a hundred twice");
    v.extra_bytes = 0;
    v.left_bytes = TAIL_HEDGE_BYTES + 1;
    cr_expect_eq(tail_hedge(&v), SIBLINGS, "not before the end");
}
