#include <inttypes.h>

#include <criterion/criterion.h>

#include "download/base/http_field.h"
#include "download/base/scoped.h"

Test(content_range, reads_the_three_forms)
{
    static const struct {
        const char *text;
        struct content_range want;
    } cases[] = {
        {"bytes 0-0/1", {false, 0, 0, 1}},
        {"bytes 0-1023/146515", {false, 0, 1023, 146515}},
        {"bytes 42-1233/1234", {false, 42, 1233, 1234}},
        {"bytes 42-1233/*", {false, 42, 1233, UINT64_MAX}},
        {"bytes */1234", {true, 0, 0, 1234}},
        {"bytes */0", {true, 0, 0, 0}},
        {"Bytes 0-9/10", {false, 0, 9, 10}},
        {"bytes 0-9223372036854775806/9223372036854775807", {false, 0, INT64_MAX - 1, INT64_MAX}},
        {"bytes 007-008/9", {false, 7, 8, 9}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct content_range r = {0};
        cr_expect(content_range_parse(cases[i].text, &r), "%s", cases[i].text);
        cr_expect_eq(r.unsatisfied, cases[i].want.unsatisfied, "%s", cases[i].text);
        cr_expect_eq(r.first, cases[i].want.first, "%s", cases[i].text);
        cr_expect_eq(r.last, cases[i].want.last, "%s", cases[i].text);
        cr_expect_eq(r.size, cases[i].want.size, "%s", cases[i].text);
    }
}

Test(content_range, anything_else_is_no_range)
{
    static const char *const cases[] = {
        NULL,
        "",
        "bytes",
        "bytes ",
        "bytes=0-9/10",
        "0-9/10",
        "bytes 0-9",
        "bytes 0-9/",
        "bytes -9/10",
        "bytes 9-/10",
        "bytes 9-8/10",
        "bytes 0-10/10",
        "bytes 0-9/10 ",
        "bytes  0-9/10",
        "bytes 0 -9/10",
        "bytes 0-9 /10",
        "bytes +0-9/10",
        "bytes 0--9/10",
        "bytes 0-9/-1",
        "bytes */*",
        "bytes */",
        "bytes *-9/10",
        "bytes 0-9/10, bytes 20-29/30",
        "bytes 0-9/10,",
        "bytes 0x0-9/10",
        "bytes 0-9/1e1",
        "items 0-9/10",
        "bytes 0-9223372036854775807/*",
        "bytes 0-9/9223372036854775808",
        "bytes 0-18446744073709551616/18446744073709551617",
        "bytes 0-9/10\n",
        "multipart/byteranges",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct content_range r = {true, 1, 2, 3};
        cr_expect(!content_range_parse(cases[i], &r), "%s", cases[i]);
        cr_expect(r.unsatisfied && r.first == 1 && r.last == 2 && r.size == 3, "%s", cases[i]);
    }
}

static const char DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT";
static const char DATE_PLUS_90[] = "Sun, 06 Nov 1994 08:51:07 GMT";
enum { DATE_UNIX = 784111777 };

Test(retry_after, seconds_or_a_date_against_the_replys_own_date)
{
    static const struct {
        const char *what, *text, *date;
        uint64_t now, want;
    } cases[] = {
        {"seconds", "120", NULL, 0, 120},
        {"none", "0", NULL, 0, 0},
        {"a day at most", "86401", NULL, 0, 86400},
        {"a number of any length", "999999999999999999999999999999", NULL, 0, 86400},
        {"the date of the reply counts, not our clock", DATE_PLUS_90, DATE, 1, 90},
        {"our clock where the reply has no date", DATE_PLUS_90, NULL, DATE_UNIX + 60, 30},
        {"our clock where its date is none", DATE_PLUS_90, "now", DATE_UNIX + 60, 30},
        {"the past is now", DATE, DATE_PLUS_90, 0, 0},
        {"a date far away", "Fri, 06 Nov 2093 08:49:37 GMT", DATE, 0, 86400},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t s = UINT64_MAX;
        cr_expect(retry_after_parse(cases[i].text, cases[i].date, cases[i].now, &s), "%s",
                  cases[i].what);
        cr_expect_eq(s, cases[i].want, "%s: %" PRIu64, cases[i].what, s);
    }
}

Test(retry_after, garbage_is_no_wait)
{
    static const char *const cases[] = {
        NULL, "", "-1", "+5", "1.5", "5 s", " 5", "soon", "1e3", "Sunday, 06-Nov-94 08:49:37 GMT"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t s = 7;
        cr_expect(!retry_after_parse(cases[i], DATE, 0, &s), "%s", cases[i]);
        cr_expect_eq(s, 7);
    }
}

static void expect_rate(const char *what, const struct rate_limit *r, const struct rate_limit *want)
{
    cr_expect(r->known, "%s", what);
    cr_expect_str_eq(r->policy, want->policy, "%s", what);
    cr_expect_eq(r->remaining, want->remaining, "%s", what);
    cr_expect_eq(r->reset_s, want->reset_s, "%s", what);
    cr_expect_eq(r->quota, want->quota, "%s", what);
    cr_expect_eq(r->window_s, want->window_s, "%s", what);
}

Test(rate_limit, the_hubs_form)
{
    static const struct {
        const char *limit, *policy;
        struct rate_limit want;
    } cases[] = {
        {"\"resolvers\";r=2999;t=260",
         "\"fixed window\";\"resolvers\";q=3000;w=300",
         {true, "resolvers", 2999, 260, 3000, 300}},
        {"\"api\";r=0;t=12", NULL, {true, "api", 0, 12, 0, 0}},
        {"\"api\"; r=5 ; t=1", "\"api\"; q=9 ; w=2", {true, "api", 5, 1, 9, 2}},
        {"\"api\";r=5", "", {true, "api", 5, 0, 0, 0}},
        {"default;r=50;t=30", "default;q=100;w=60", {true, "default", 50, 30, 100, 60}},
        {"\"a;b,c\";r=1;t=2", "\"x\";q=7;w=7, \"a;b,c\";q=8;w=9", {true, "a;b,c", 1, 2, 8, 9}},
        {"\"api\";r=5;t=1, \"pages\";r=1;t=1",
         "\"pages\";q=100;w=300,\"api\";q=500;w=300",
         {true, "api", 5, 1, 500, 300}},
        {"\"api\";pk=:abc=:;r=5;t=1", NULL, {true, "api", 5, 1, 0, 0}},
        {"\"api\";r=5;t=99999999", NULL, {true, "api", 5, 86400, 0, 0}},
        {"\"a b\x1b\";r=5;t=1", NULL, {true, "a_b_", 5, 1, 0, 0}},
        {"\"0123456789012345678901234567890123456789\";r=5;t=1",
         NULL,
         {true, "0123456789012345678901234567890", 5, 1, 0, 0}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rate_limit r = {0};
        cr_expect(rate_limit_parse(cases[i].limit, cases[i].policy, &r), "%s", cases[i].limit);
        expect_rate(cases[i].limit, &r, &cases[i].want);
    }
}

Test(rate_limit, without_a_number_that_remains_nothing_is_known)
{
    static const char *const cases[] = {NULL,
                                        "",
                                        " ",
                                        "\"api\"",
                                        "\"api\";t=5",
                                        "\"api\";r=",
                                        "\"api\";r=-1;t=5",
                                        "\"api\";r=x",
                                        "\"api;r=5;t=1",
                                        ",",
                                        ";"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rate_limit r = {.remaining = 7};
        cr_expect(!rate_limit_parse(cases[i], "\"api\";q=5", &r), "%s", cases[i]);
        cr_expect(!r.known && r.remaining == 7, "%s", cases[i]);
    }
}

Test(rate_limit, the_older_triple)
{
    static const struct {
        const char *limit, *remaining, *reset;
        struct rate_limit want;
    } cases[] = {
        {"100", "99", "30", {true, "", 99, 30, 100, 0}},
        {"100;w=60", "0", "30", {true, "", 0, 30, 100, 60}},
        {"100, 100;w=60", "5", "1", {true, "", 5, 1, 100, 0}},
        {NULL, "5", "1", {true, "", 5, 1, 0, 0}},
        {"lots", "5", "1", {true, "", 5, 1, 0, 0}},
        {"100", "5", "999999999", {true, "", 5, 86400, 100, 0}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rate_limit r = {0};
        cr_expect(rate_limit_parse_triple(cases[i].limit, cases[i].remaining, cases[i].reset, &r));
        expect_rate(cases[i].remaining, &r, &cases[i].want);
    }
    struct rate_limit r = {0};
    cr_expect(!rate_limit_parse_triple("100", NULL, "30", &r));
    cr_expect(!rate_limit_parse_triple("100", "5", NULL, &r));
    cr_expect(!rate_limit_parse_triple("100", "-5", "30", &r));
    cr_expect(!r.known);
}
