#include "cli/meter.h"

#include <criterion/criterion.h>

#include "download/event.h"

static const uint64_t MIB = 1 << 20;

static void feed(struct meter *m, uint64_t from_ms, uint64_t to_ms, uint64_t step_ms,
                 uint64_t bytes_per_s)
{
    uint64_t bytes = m->bytes;
    for (uint64_t at = from_ms; at <= to_ms; at += step_ms) {
        meter_add(m, at, bytes);
        bytes += bytes_per_s * step_ms / 1000;
    }
}

static void expect_near(uint64_t got, uint64_t expected, uint64_t within)
{
    cr_expect(got + within >= expected && got <= expected + within, "%llu, expected %llu",
              (unsigned long long)got, (unsigned long long)expected);
}

Test(meter, knows_nothing_before_the_second_sample)
{
    struct meter m = {0};
    cr_assert_eq(meter_rate(&m, 0), 0);
    meter_add(&m, 100, 5000);
    cr_assert_eq(meter_rate(&m, 100), 0);
    cr_assert_eq(meter_eta_s(&m, 100, 1), NUMBER_UNKNOWN);
}

Test(meter, is_right_from_the_second_sample_on)
{
    struct meter m = {0};
    meter_add(&m, 1000, 0);
    meter_add(&m, 1100, 10 * MIB);
    expect_near(meter_rate(&m, 1100), 100 * MIB, 1);
}

Test(meter, stays_at_a_steady_rate_whatever_the_interval)
{
    for (uint64_t step_ms = 10; step_ms <= 5000; step_ms *= 5) {
        struct meter m = {0};
        feed(&m, 0, 50000, step_ms, 100 * MIB);
        expect_near(meter_rate(&m, m.at_ms), 100 * MIB, MIB / 100);
    }
}

Test(meter, follows_a_change_within_some_fades)
{
    struct meter m = {0};
    feed(&m, 0, 60000, 100, 100 * MIB);
    uint64_t bytes = m.bytes;
    feed(&m, 60000, 60000 + METER_FADE_MS, 100, 10 * MIB);
    uint64_t soon = meter_rate(&m, m.at_ms);
    cr_expect(soon > 20 * MIB && soon < 60 * MIB, "about half way: %llu", (unsigned long long)soon);
    cr_expect_gt(m.bytes, bytes);
    feed(&m, m.at_ms, m.at_ms + 10 * METER_FADE_MS, 100, 10 * MIB);
    expect_near(meter_rate(&m, m.at_ms), 10 * MIB, MIB / 10);
}

Test(meter, sinks_in_silence)
{
    struct meter m = {0};
    feed(&m, 0, 10000, 100, 100 * MIB);
    uint64_t before = meter_rate(&m, 10000);
    uint64_t later = meter_rate(&m, 10000 + METER_FADE_MS);
    cr_expect_lt(later, before * 6 / 10);
    cr_expect_lt(meter_rate(&m, 10000 + 20 * METER_FADE_MS), before / 50);
}

Test(meter, starts_anew_when_the_counter_goes_back)
{
    struct meter m = {0};
    feed(&m, 0, 10000, 100, 100 * MIB);
    meter_add(&m, 10100, 0);
    cr_assert_eq(meter_rate(&m, 10100), 0);
    meter_add(&m, 11100, MIB);
    expect_near(meter_rate(&m, 11100), MIB, 1);
}

Test(meter, samples_of_one_instant_are_one)
{
    struct meter m = {0};
    meter_add(&m, 0, 0);
    meter_add(&m, 0, MIB);
    meter_add(&m, 1000, MIB);
    expect_near(meter_rate(&m, 1000), MIB, 1);
}

Test(meter, the_time_left_is_rounded_up)
{
    struct meter m = {0};
    meter_add(&m, 0, 0);
    meter_add(&m, 1000, 1000);
    cr_expect_eq(meter_eta_s(&m, 1000, 0), 0);
    cr_expect_eq(meter_eta_s(&m, 1000, 1), 1);
    cr_expect_eq(meter_eta_s(&m, 1000, 1000), 1);
    cr_expect_eq(meter_eta_s(&m, 1000, 1001), 2);
    cr_expect_eq(meter_eta_s(&m, 1000, NUMBER_UNKNOWN), NUMBER_UNKNOWN);
    cr_expect_eq(meter_eta_s(&m, 1000, UINT64_MAX - 1), NUMBER_UNKNOWN, "longer than a life");
}
