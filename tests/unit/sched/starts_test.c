#include "download/sched/starts.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"

#define START (1000 * SECOND_NS)

/* Starts as fast as it may for so long; how many. */
static unsigned run(struct starts *s, uint64_t from_ns, uint64_t for_ns)
{
    unsigned count = 0;
    for (uint64_t now = from_ns; now < from_ns + for_ns; now += MILLI_NS) {
        if (starts_wait_ns(s, now)) continue;
        starts_started(s, now);
        count++;
        if (count == 100000) break;
    }
    return count;
}

/* 100 per second for three seconds, then a refusal. */
static struct starts refused(void)
{
    struct starts s = {0};
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t now = START + i * 10 * MILLI_NS;
        cr_assert_eq(starts_wait_ns(&s, now), 0, "not limited before the first refusal");
        starts_started(&s, now);
    }
    starts_refused(&s, START + 3 * SECOND_NS);
    return s;
}

Test(starts, a_refusal_slows_down_at_once)
{
    struct starts s = refused();
    uint64_t now = START + 3 * SECOND_NS;
    cr_expect_gt(starts_wait_ns(&s, now), 0);
    unsigned in_a_second = run(&s, now, SECOND_NS);
    cr_expect_leq(in_a_second, 85, "%u", in_a_second);
    cr_expect_geq(in_a_second, 40, "%u", in_a_second);
}

Test(starts, it_comes_back_to_what_it_was_and_then_beyond)
{
    struct starts s = refused();
    uint64_t cut = START + 3 * SECOND_NS;
    double peak = starts_rate(&s, cut + s.back_ns);
    cr_expect_float_eq(peak, s.peak, 1);
    cr_expect_lt(starts_rate(&s, cut + SECOND_NS), peak);
    cr_expect_eq(starts_wait_ns(&s, cut + 4 * s.back_ns), 0);
    cr_expect_float_eq(starts_rate(&s, cut + 4 * s.back_ns), 0, 0.001, "not limited any more");
}

Test(starts, refusals_of_what_was_under_way_are_one)
{
    struct starts s = refused();
    struct starts again = s;
    starts_refused(&again, START + 3 * SECOND_NS + 100 * MILLI_NS);
    cr_expect_float_eq(again.peak, s.peak, 0.001);
    cr_expect_eq(again.back_ns, s.back_ns);
    starts_refused(&again, START + 10 * SECOND_NS);
    cr_expect_gt(again.back_ns, s.back_ns, "the next one is taken more seriously");
}
