#include "download/sched/starts.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"

#define START (1000 * SECOND_NS)

/* Starts as fast as it may for so long; how many. */
static unsigned run(struct starts *s, uint64_t from_ns, uint64_t for_ns)
{
    unsigned count = 0;
    for (uint64_t now = from_ns; now < from_ns + for_ns; now += MILLI_NS) {
        if (starts_wait_ns(s, now)) continue;
        (void)starts_started(s, now);
        s->needed -= s->needed > 0;
        count++;
        if (count == 100000) break;
    }
    return count;
}

/* 100 per second for three seconds, then a refusal. */
static struct starts refused_for(uint64_t wait_ns)
{
    struct starts s = {0};
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t now = START + i * 10 * MILLI_NS;
        cr_assert_eq(starts_wait_ns(&s, now), 0, "not limited before the first refusal");
        (void)starts_started(&s, now);
    }
    starts_refused(&s, wait_ns, START + 3 * SECOND_NS);
    return s;
}

static struct starts refused(void)
{
    return refused_for(0);
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
    starts_refused(&again, 0, START + 3 * SECOND_NS + 100 * MILLI_NS);
    cr_expect_float_eq(again.peak, s.peak, 0.001);
    cr_expect_eq(again.back_ns, s.back_ns);
    starts_refused(&again, 0, START + 10 * SECOND_NS);
    cr_expect_gt(again.back_ns, s.back_ns, "the next one is taken more seriously");
}

/* ---- the origin said until when ---- */

Test(starts, nothing_starts_until_the_time_that_was_told)
{
    struct starts s = refused_for(20 * SECOND_NS);
    uint64_t cut = START + 3 * SECOND_NS;
    cr_expect_eq(starts_wait_ns(&s, cut), 20 * SECOND_NS);
    cr_expect_eq(starts_told_ns(&s, cut + 5 * SECOND_NS), 15 * SECOND_NS);
    cr_expect_eq(run(&s, cut, 20 * SECOND_NS), 0);
}

Test(starts, after_a_wait_one_starts_at_once_and_the_others_slower_than_before)
{
    struct starts s = refused_for(100 * SECOND_NS); // longer than it takes to come back
    uint64_t end = START + 103 * SECOND_NS;
    cr_expect_eq(starts_told_ns(&s, end), 0);
    cr_expect_eq(starts_wait_ns(&s, end), 0);
    (void)starts_started(&s, end);
    cr_expect_gt(starts_wait_ns(&s, end), 0, "not all at once");
    unsigned in_a_second = run(&s, end, SECOND_NS);
    cr_expect_leq(in_a_second, 85, "%u", in_a_second);
    cr_expect_geq(in_a_second, 40, "%u", in_a_second);
}

Test(starts, refusals_during_a_wait_make_it_longer_and_nothing_else)
{
    struct starts s = refused_for(20 * SECOND_NS);
    struct starts again = s;
    uint64_t now = START + 10 * SECOND_NS;
    starts_refused(&again, 5 * SECOND_NS, now);
    cr_expect_eq(again.until_ns, s.until_ns, "it ends before");
    starts_refused(&again, 30 * SECOND_NS, now);
    cr_expect_eq(starts_told_ns(&again, now), 30 * SECOND_NS);
    cr_expect_float_eq(again.peak, s.peak, 0.001);
    cr_expect_eq(again.back_ns, s.back_ns);
    cr_expect_eq(again.waited_ns, 37 * SECOND_NS, "from the first refusal to the end");
}

Test(starts, waits_add_up_until_a_request_brings_something)
{
    struct starts s = {0};
    struct starts_ticket before = starts_started(&s, START);
    starts_refused(&s, 20 * SECOND_NS, START);
    starts_brought(&s, &before);
    cr_expect_eq(s.waited_ns, 20 * SECOND_NS, "that one was under way");
    uint64_t now = START + 21 * SECOND_NS;
    (void)starts_started(&s, now);
    starts_refused(&s, 30 * SECOND_NS, now);
    cr_expect_eq(s.waited_ns, 50 * SECOND_NS);
    struct starts_ticket after = starts_started(&s, now + 30 * SECOND_NS);
    starts_brought(&s, &after);
    cr_expect_eq(s.waited_ns, 0);
}

Test(starts, a_wait_without_an_end_has_none)
{
    struct starts s = refused_for(UINT64_MAX);
    cr_expect_gt(starts_wait_ns(&s, START + 3 * SECOND_NS), UINT64_C(1) << 60);
}

/* ---- its replies say how many are left ---- */

static struct rate_limit left(uint64_t remaining, uint64_t reset_s)
{
    return (struct rate_limit){.known = true, .remaining = remaining, .reset_s = reset_s};
}

/* One request, answered by that at once. */
static void ask(struct starts *s, struct rate_limit limit, uint64_t now_ns)
{
    struct starts_ticket t = starts_started(s, now_ns);
    starts_answered(s, &t, &limit, now_ns);
}

Test(starts, what_is_left_lasts_until_the_window_ends)
{
    static const struct {
        const char *name;
        uint64_t left, reset_s, needed;
        unsigned first_least, first_most; // in the first half of the window
        unsigned most;                    // in all of it
    } cases[] = {
        {"few of many that are needed", 20, 40, 1000, 8, 12, 20},
        {"none", 0, 40, 1000, 0, 0, 0},
        {"one", 1, 40, 1000, 0, 1, 1},
        {"enough for all that is needed", 20, 40, 20, 20, 20, 20},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct starts s = {.needed = cases[i].needed};
        ask(&s, left(cases[i].left, cases[i].reset_s), START);
        uint64_t half = cases[i].reset_s * SECOND_NS / 2;
        unsigned first = run(&s, START, half);
        unsigned all = first + run(&s, START + half, half);
        cr_expect_geq(first, cases[i].first_least, "%s: %u", cases[i].name, first);
        cr_expect_leq(first, cases[i].first_most, "%s: %u", cases[i].name, first);
        cr_expect_leq(all, cases[i].most, "%s: %u", cases[i].name, all);
        cr_expect_eq(starts_wait_ns(&s, START + 2 * half + SECOND_NS), 0, "%s: a new window",
                     cases[i].name);
    }
}

Test(starts, plenty_is_not_spread)
{
    struct starts s = {.needed = 1000000};
    ask(&s, left(3000, 100), START);
    for (unsigned i = 0; i < 50; i++) {
        cr_assert_eq(starts_wait_ns(&s, START), 0, "%u", i);
        (void)starts_started(&s, START);
    }
}

/* Sixteen at once; their replies come in any order, each as the origin counted. */
Test(starts, a_quota_is_what_the_newest_reply_says_less_those_under_way)
{
    enum { AT_ONCE = 16, QUOTA = 20 };
    struct starts s = {.needed = 16};
    struct starts_ticket t[AT_ONCE];
    for (size_t i = 0; i < AT_ONCE; i++)
        t[i] = starts_started(&s, START);
    uint64_t now = START + SECOND_NS;
    struct rate_limit first = left(QUOTA - 1, 60);
    starts_answered(&s, &t[0], &first, now);
    cr_expect_eq(s.quota.left, QUOTA - AT_ONCE, "the others count as well");
    struct rate_limit last = left(QUOTA - AT_ONCE, 60);
    starts_answered(&s, &t[AT_ONCE - 1], &last, now);
    cr_expect_eq(s.quota.left, QUOTA - AT_ONCE);
    struct rate_limit late = left(QUOTA - 2, 60);
    starts_answered(&s, &t[1], &late, now);
    cr_expect_eq(s.quota.left, QUOTA - AT_ONCE, "an older reply says nothing new");
}

/* A body may take longer than the window that its headers told of. */
Test(starts, a_quota_of_a_window_that_is_over_says_nothing)
{
    struct starts s = {.needed = 1000};
    struct starts_ticket t = starts_started(&s, START);
    struct rate_limit none = left(0, 5);
    starts_answered(&s, &t, &none, START + 60 * SECOND_NS);
    cr_expect_eq(starts_wait_ns(&s, START + 60 * SECOND_NS), 0);
}
