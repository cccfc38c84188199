#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"

Test(clock, monotonic_time_never_goes_back)
{
    uint64_t before = clock_now_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_now_ns();
        cr_assert_geq(now, before);
        before = now;
    }
}

Test(clock, wall_time_is_that_of_the_c_library)
{
    time_t before = time(NULL);
    uint64_t ms = clock_wall_ms();
    time_t after = time(NULL);
    cr_expect_geq(ms / 1000 + 1, (uint64_t)before); // time() may lag behind by a tick
    cr_expect_leq(ms / 1000, (uint64_t)after + 1);
}

Test(clock, times_are_written_as_rfc_3339)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {UINT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
        {UINT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {UINT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
        {UINT64_C(1795408530123), "2026-11-23T04:35:30.123Z"},
        {UINT64_C(1798761599000), "2026-12-31T23:59:59.000Z"},
        {UINT64_C(4107542400000), "2100-03-01T00:00:00.000Z"}, // 2100 has no leap day
        {UINT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {UINT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
        {UINT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[RFC3339_LEN];
        clock_rfc3339(cases[i].ms, text);
        cr_expect_str_eq(text, cases[i].text);
    }
}

/* Every day of four centuries: the calendar's whole period. */
Test(clock, days_are_those_of_the_c_library)
{
    enum { DAYS = 146097 };
    for (uint64_t day = 0; day <= DAYS; day++) {
        time_t s = (time_t)(day * 86400 + 43200);
        struct tm tm;
        char expected[64];
        cr_assert(gmtime_r(&s, &tm));
        cr_assert(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z", &tm));
        char text[RFC3339_LEN];
        clock_rfc3339((uint64_t)s * 1000, text);
        cr_assert_str_eq(text, expected);

        uint64_t back = 0;
        cr_assert(strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm));
        cr_assert(clock_http_date(expected, &back), "%s", expected);
        cr_assert_eq(back, (uint64_t)s, "%s", expected);
    }
}

Test(clock, http_dates_have_one_form)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t unix_s;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", true, 0},
        {"Tue, 29 Feb 2000 12:00:00 GMT", true, 951825600},
        {"Sat, 31 Dec 2016 23:59:60 GMT", true, 1483228800}, // a leap second
        {"Fri, 31 Dec 9999 23:59:59 GMT", true, UINT64_C(253402300799)},
        {"Sunday, 06-Nov-94 08:49:37 GMT", false, 0}, // RFC 850
        {"Sun Nov  6 08:49:37 1994", false, 0},       // asctime
        {"Mon, 06 Nov 1994 08:49:37 GMT", false, 0},  // was a Sunday
        {"Sun,  6 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 6 Nov 1994 08:49:37 GMT", false, 0},
        {"sun, 06 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 UTC", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 gmt", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", false, 0},
        {" Sun, 06 Nov 1994 08:49:37 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 +0000", false, 0},
        {"Sun, 06 Nov 1994 08:49 GMT", false, 0},
        {"Sun, 06 Nov 1994 24:00:00 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:60:00 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:61 GMT", false, 0},
        {"Sun, 06 Nov 1994 -8:49:37 GMT", false, 0},
        {"Sun, 00 Nov 1994 08:49:37 GMT", false, 0},
        {"Thu, 31 Nov 1994 08:49:37 GMT", false, 0},
        {"Mon, 29 Feb 1999 12:00:00 GMT", false, 0},
        {"Mon, 29 Feb 2100 12:00:00 GMT", false, 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", false, 0},
        {"", false, 0},
        {"0", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t s = 77;
        cr_expect_eq(clock_http_date(cases[i].text, &s), cases[i].ok, "'%s'", cases[i].text);
        cr_expect_eq(s, cases[i].ok ? cases[i].unix_s : 77, "'%s': %" PRIu64, cases[i].text, s);
    }
    uint64_t s = 77;
    cr_expect(!clock_http_date(NULL, &s));
}
