#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/sched/pace.h"

static const uint64_t NOW = 1000 * SECOND_NS;

static struct rate_limit left(uint64_t remaining, uint64_t reset_s)
{
    return (struct rate_limit){
        .known = true, .remaining = remaining, .reset_s = reset_s, .quota = 100, .window_s = 300};
}

static void one_request(struct pace *p, struct rate_limit limit, uint64_t now)
{
    pace_started(p, PACE_API, now);
    pace_ended(p, PACE_API, &limit, now);
}

Test(pace, an_origin_that_says_nothing_is_not_paced)
{
    struct pace p = {0};
    one_request(&p, (struct rate_limit){0}, NOW);
    for (int i = 0; i < 1000; i++) {
        cr_expect_eq(pace_wait_ns(&p, PACE_API, NOW), 0);
        pace_started(&p, PACE_API, NOW);
    }
}

Test(pace, an_empty_bucket_waits_for_its_window)
{
    struct pace p = {0};
    one_request(&p, left(0, 20), NOW);
    uint64_t wait = pace_wait_ns(&p, PACE_API, NOW);
    cr_expect_geq(wait, 20 * SECOND_NS);
    cr_expect_leq(wait, 21 * SECOND_NS);
    cr_expect_eq(pace_wait_ns(&p, PACE_API, NOW + wait), 0, "a new window");
}

Test(pace, plenty_is_not_paced)
{
    struct pace p = {0};
    one_request(&p, left(90, 200), NOW);
    pace_started(&p, PACE_API, NOW);
    cr_expect_eq(pace_wait_ns(&p, PACE_API, NOW), 0);
}

Test(pace, the_last_tenth_is_spread_over_the_window)
{
    struct pace p = {0};
    one_request(&p, left(5, 60), NOW);
    uint64_t now = NOW;
    for (int i = 0; i < 4; i++) {
        now += pace_wait_ns(&p, PACE_API, now);
        pace_started(&p, PACE_API, now);
        cr_expect_gt(pace_wait_ns(&p, PACE_API, now), 5 * SECOND_NS, "request %d", i);
    }
}

Test(pace, requests_under_way_count)
{
    struct pace p = {0};
    one_request(&p, left(3, 60), NOW);
    for (int i = 0; i < 3; i++)
        pace_started(&p, PACE_API, NOW);
    cr_expect_geq(pace_wait_ns(&p, PACE_API, NOW), 60 * SECOND_NS, "all three are spoken for");
}

Test(pace, a_late_reply_does_not_refill_the_bucket)
{
    struct pace p = {0};
    pace_started(&p, PACE_API, NOW);
    pace_started(&p, PACE_API, NOW);
    struct rate_limit newer = left(0, 60);
    struct rate_limit older = left(1, 60);
    pace_ended(&p, PACE_API, &newer, NOW);
    pace_ended(&p, PACE_API, &older, NOW);
    cr_expect_geq(pace_wait_ns(&p, PACE_API, NOW), 60 * SECOND_NS);
}

Test(pace, buckets_do_not_know_each_other)
{
    struct pace p = {0};
    one_request(&p, left(0, 60), NOW);
    cr_expect_eq(pace_wait_ns(&p, PACE_RESOLVE, NOW), 0);
}

Test(pace, a_refusal_stops_its_bucket_until_the_time_that_was_told)
{
    struct pace p = {0};
    for (int i = 0; i < 4; i++)
        pace_started(&p, PACE_RESOLVE, NOW);
    pace_refused(&p, PACE_RESOLVE, 7 * SECOND_NS, NOW);
    cr_expect_eq(pace_wait_ns(&p, PACE_RESOLVE, NOW), 7 * SECOND_NS);
    cr_expect_eq(pace_wait_ns(&p, PACE_API, NOW), 0, "the other one is another's");
    uint64_t end = NOW + 7 * SECOND_NS;
    cr_expect_eq(pace_wait_ns(&p, PACE_RESOLVE, end), 0);
    pace_started(&p, PACE_RESOLVE, end);
    cr_expect_gt(pace_wait_ns(&p, PACE_RESOLVE, end), 0, "not all at once");
    pace_refused(&p, PACE_NONE, SECOND_NS, NOW);
}

Test(pace, of_a_refusal_and_an_empty_bucket_the_longer_wait_counts)
{
    struct pace p = {0};
    one_request(&p, left(0, 20), NOW);
    pace_refused(&p, PACE_API, 7 * SECOND_NS, NOW);
    cr_expect_geq(pace_wait_ns(&p, PACE_API, NOW), 20 * SECOND_NS);
    pace_refused(&p, PACE_API, 60 * SECOND_NS, NOW);
    cr_expect_geq(pace_wait_ns(&p, PACE_API, NOW), 60 * SECOND_NS);
}
