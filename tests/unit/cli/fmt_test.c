#include "cli/fmt.h"

#include <criterion/criterion.h>
#include <string.h>

#include "download/base/scoped.h"
#include "download/event.h"

static const uint64_t KIB = 1024;
static const uint64_t GIB = UINT64_C(1) << 30;

Test(fmt, bytes_have_three_digits)
{
    const struct {
        uint64_t bytes;
        const char *expected;
    } CASES[] = {
        {0, "0 B"},
        {1, "1 B"},
        {999, "999 B"},
        {1000, "0.98 KiB"},
        {KIB, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {10 * KIB, "10.0 KiB"},
        {10 * KIB - 1, "10.0 KiB"},
        {100 * KIB, "100 KiB"},
        {1023 * KIB, "1.00 MiB"},
        {15 * GIB, "15.0 GiB"},
        {UINT64_C(282215420474), "263 GiB"},
        {UINT64_MAX - 1, "16.0 EiB"},
        {NUMBER_UNKNOWN, "?"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char text[FMT_MAX];
        cr_expect_str_eq(fmt_bytes(CASES[i].bytes, text), CASES[i].expected);
        cr_expect_leq(strlen(text), 8);
    }
}

Test(fmt, rates_are_bytes_per_second)
{
    char text[FMT_MAX];
    cr_expect_str_eq(fmt_rate(0, text), "0 B/s");
    cr_expect_str_eq(fmt_rate(118 * KIB * KIB, text), "118 MiB/s");
}

Test(fmt, durations_are_clocks_then_days)
{
    static const struct {
        uint64_t seconds;
        const char *expected;
    } CASES[] = {
        {0, "0:00"},
        {9, "0:09"},
        {59, "0:59"},
        {60, "1:00"},
        {754, "12:34"},
        {3599, "59:59"},
        {3600, "1:00:00"},
        {86399, "23:59:59"},
        {86400, "1d 00h"},
        {2 * 86400 + 3 * 3600 + 59, "2d 03h"},
        {100 * 86400, "100d"},
        {UINT64_MAX - 1, "999d"},
        {NUMBER_UNKNOWN, "-:--"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char text[FMT_MAX];
        cr_expect_str_eq(fmt_duration(CASES[i].seconds, text), CASES[i].expected);
    }
}

Test(fmt, only_all_is_a_hundred_percent)
{
    static const struct {
        uint64_t part, total;
        const char *expected;
    } CASES[] = {
        {0, 100, "0 %"},
        {999, 1000, "99 %"},
        {1000, 1000, "100 %"},
        {2000, 1000, "100 %"},
        {0, 0, "100 %"},
        {5, NUMBER_UNKNOWN, ""},
        {UINT64_MAX / 2, UINT64_MAX - 1, "50 %"},
        {UINT64_MAX - 2, UINT64_MAX - 1, "100 %"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char text[FMT_MAX];
        cr_expect_str_eq(fmt_percent(CASES[i].part, CASES[i].total, text), CASES[i].expected);
    }
}
