#include "download/base/throttle.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"

enum { MB = 1000 * 1000 };

/* Receives blocks as fast as it may for so long, from a clock of its own; how many bytes. */
static uint64_t receive(struct throttle *t, uint64_t block, uint64_t from_ns, uint64_t for_ns)
{
    uint64_t bytes = 0;
    uint64_t now = from_ns;
    while (now < from_ns + for_ns) {
        uint64_t wait = throttle_wait_ns(t, now);
        if (wait) {
            now += wait;
            continue;
        }
        throttle_received(t, block, now);
        bytes += block;
        now += 1000; // a block takes a microsecond
    }
    return bytes;
}

Test(throttle, keeps_the_rate_within_two_percent_over_five_seconds)
{
    static const uint64_t RATES[] = {10000, 1 * MB, 50 * MB, 1000 * (uint64_t)MB};
    for (size_t i = 0; i < sizeof(RATES) / sizeof(RATES[0]); i++) {
        struct throttle t = {.rate = RATES[i]};
        uint64_t bytes = receive(&t, RATES[i] / 1000, 77 * SECOND_NS, 5 * SECOND_NS);
        double ratio = (double)bytes / ((double)RATES[i] * 5);
        cr_expect(ratio > 0.98 && ratio < 1.02, "%llu: %f", (unsigned long long)RATES[i], ratio);
    }
}

Test(throttle, what_was_not_used_is_no_credit)
{
    struct throttle t = {.rate = 1 * MB};
    receive(&t, 1000, SECOND_NS, SECOND_NS);
    uint64_t later = receive(&t, 1000, 3600 * SECOND_NS, SECOND_NS);
    cr_expect_leq(later, 1060 * 1000, "an hour of silence buys no more than a moment");
}

Test(throttle, no_rate_is_no_limit)
{
    struct throttle t = {.rate = 0};
    throttle_received(&t, UINT64_MAX, 5);
    cr_expect_eq(throttle_wait_ns(&t, 5), 0);
    cr_expect_eq(throttle_wait_ns(NULL, 5), 0);
    throttle_received(NULL, 1, 5);
}

Test(throttle, the_rate_may_change_while_running)
{
    struct throttle t = {.rate = 1 * MB};
    receive(&t, 1000, SECOND_NS, SECOND_NS);
    atomic_store(&t.rate, 10 * MB);
    uint64_t bytes = receive(&t, 1000, 2 * SECOND_NS, SECOND_NS);
    cr_expect(bytes > 9800000 && bytes < 10600000, "%llu", (unsigned long long)bytes);
}

Test(throttle, large_numbers_do_not_wrap)
{
    struct throttle t = {.rate = 1};
    throttle_received(&t, UINT64_C(1) << 33, SECOND_NS);
    cr_expect_gt(throttle_wait_ns(&t, SECOND_NS), (UINT64_C(1) << 33) * SECOND_NS - SECOND_NS);
}

Test(throttle, the_smallest_of_several_rates_holds)
{
    struct throttle run = {.rate = 5 * MB};
    struct throttle user = {.rate = 2 * MB};
    struct limits both = {.run = &run, .user = &user};
    cr_expect_eq(limits_rate(&both), 2 * MB);
    limits_received(&both, 10 * MB, SECOND_NS);
    uint64_t paid_ns = 5 * SECOND_NS - THROTTLE_CREDIT_NS;
    cr_expect_eq(limits_wait_ns(&both, SECOND_NS), paid_ns);
    cr_expect_eq(throttle_wait_ns(&run, SECOND_NS), 2 * SECOND_NS - THROTTLE_CREDIT_NS);
    atomic_store(&user.rate, 0);
    cr_expect_eq(limits_rate(&both), 5 * MB, "none is no rate of 0");
    cr_expect_eq(limits_rate(&(struct limits){.run = &run}), 5 * MB);
    cr_expect_eq(limits_rate(&(struct limits){.user = &user}), 0);
    cr_expect_eq(limits_wait_ns(&(struct limits){.run = NULL}, SECOND_NS), 0);
}

Test(throttle, the_link_has_a_rate_and_a_count_of_its_own)
{
    struct throttle run = {.rate = 5 * MB};
    struct throttle link = {0};
    atomic_uint_least64_t passed = 0;
    struct limits l = {.run = &run, .link = &link, .passed = &passed};
    limits_received(&l, 10 * MB, SECOND_NS);
    cr_expect_eq(limits_rate(&l), 5 * MB);
    cr_expect_not(limits_leave_link(&l));
    cr_expect_not(limits_leave_link(&(struct limits){.run = &run}));
    throttle_set_rate(&link, 1 * MB, SECOND_NS);
    cr_expect_eq(limits_rate(&l), 1 * MB);
    cr_expect(limits_leave_link(&l));
    limits_received(&l, 10 * MB, 4 * SECOND_NS);
    cr_expect_eq(limits_wait_ns(&l, 4 * SECOND_NS), 10 * SECOND_NS - THROTTLE_CREDIT_NS);
    cr_expect_eq(passed, 20 * MB);
}

Test(throttle, who_sets_a_rate_waits_a_minute_at_most_for_what_went_before)
{
    struct throttle t = {.rate = 1};
    throttle_received(&t, 10000, SECOND_NS);
    throttle_set_rate(&t, 1, SECOND_NS);
    cr_expect_eq(throttle_wait_ns(&t, SECOND_NS), 60 * SECOND_NS);
    throttle_set_rate(&t, 2, SECOND_NS);
    cr_expect_eq(throttle_wait_ns(&t, SECOND_NS), 30 * SECOND_NS);
    throttle_set_rate(&t, 0, SECOND_NS);
    cr_expect_eq(throttle_wait_ns(&t, SECOND_NS), 0);
}
