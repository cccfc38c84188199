#include <criterion/criterion.h>
#include <string.h>

#include "download/base/scoped.h"
#include "download/xfer/verdict.h"

enum { FIELDS_MAX = 4 };

struct field {
    const char *name, *value;
};

static void fill(struct headers *h, const struct field fields[FIELDS_MAX])
{
    *h = (struct headers){0};
    for (int i = 0; i < FIELDS_MAX && fields[i].name; i++) {
        cr_assert(headers_add(h, fields[i].name, strlen(fields[i].name), fields[i].value,
                              strlen(fields[i].value)));
    }
}

#define UNKNOWN UINT64_MAX

static const struct {
    const char *name;
    struct verdict_ask ask;
    int status;
    struct field fields[FIELDS_MAX];
    enum cause cause;
    uint64_t length, size;
} CASES[] = {
    {"just the range asked for",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"Content-Length", "10"}},
     CAUSE_NONE,
     10,
     100},
    {"names of fields fold case",
     {10, 20, 100, NULL},
     206,
     {{"content-range", "bytes 10-19/100"}},
     CAUSE_NONE,
     10,
     100},
    {"a star for the size is enough when we know it",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/*"}},
     CAUSE_NONE,
     10,
     100},
    {"the size is learned",
     {0, UNKNOWN, UNKNOWN, NULL},
     206,
     {{"Content-Range", "bytes 0-99/100"}},
     CAUSE_NONE,
     100,
     100},
    {"a range that does not tell where the object ends",
     {0, UNKNOWN, UNKNOWN, NULL},
     206,
     {{"Content-Range", "bytes 0-99/*"}, {"Content-Length", "100"}},
     CAUSE_RANGE,
     0,
     0},
    {"the rest of an object of unknown size, not to its end",
     {0, UNKNOWN, UNKNOWN, NULL},
     206,
     {{"Content-Range", "bytes 0-98/100"}},
     CAUSE_RANGE,
     0,
     0},
    {"beyond 32 bits",
     {5000000000, 5000000010, 6000000000, NULL},
     206,
     {{"Content-Range", "bytes 5000000000-5000000009/6000000000"}},
     CAUSE_NONE,
     10,
     6000000000},
    {"an earlier start",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 9-19/100"}},
     CAUSE_RANGE,
     0,
     0},
    {"a later start",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 11-19/100"}},
     CAUSE_RANGE,
     0,
     0},
    {"a shorter end",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-18/100"}},
     CAUSE_RANGE,
     0,
     0},
    {"a longer end",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-20/100"}},
     CAUSE_RANGE,
     0,
     0},
    {"another size",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/101"}},
     CAUSE_RANGE,
     0,
     0},
    {"no Content-Range", {10, 20, 100, NULL}, 206, {{"Content-Length", "10"}}, CAUSE_RANGE, 0, 0},
    {"a malformed Content-Range",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19"}},
     CAUSE_RANGE,
     0,
     0},
    {"several parts",
     {10, 20, 100, NULL},
     206,
     {{"Content-Type", "multipart/byteranges; boundary=x"}},
     CAUSE_RANGE,
     0,
     0},
    {"an unsatisfied range in a 206",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes */100"}},
     CAUSE_RANGE,
     0,
     0},
    {"lengths that disagree",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"Content-Length", "11"}},
     CAUSE_RANGE,
     0,
     0},
    {"the whole file for the whole file",
     {0, 100, 100, NULL},
     200,
     {{"Content-Length", "100"}},
     CAUSE_NONE,
     100,
     100},
    {"the whole file without a length", {0, 100, 100, NULL}, 200, {{0}}, CAUSE_NONE, 100, 100},
    {"a file of unknown size",
     {0, UNKNOWN, UNKNOWN, NULL},
     200,
     {{0}},
     CAUSE_NONE,
     UNKNOWN,
     UNKNOWN},
    {"the whole file for its first part",
     {0, 50, 100, NULL},
     200,
     {{"Content-Length", "100"}},
     CAUSE_RANGE,
     0,
     0},
    {"the whole file for its last part",
     {50, 100, 100, NULL},
     200,
     {{"Content-Length", "100"}},
     CAUSE_RANGE,
     0,
     0},
    {"a whole file of another size",
     {0, 100, 100, NULL},
     200,
     {{"Content-Length", "99"}},
     CAUSE_RANGE,
     0,
     0},
    {"a coded body",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"Content-Encoding", "gzip"}},
     CAUSE_ENCODED,
     0,
     0},
    {"identity is no coding",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"Content-Encoding", "identity"}},
     CAUSE_NONE,
     10,
     100},
    {"the validator holds",
     {10, 20, 100, "\"a\""},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"ETag", "\"a\""}},
     CAUSE_NONE,
     10,
     100},
    {"the validator is another one",
     {10, 20, 100, "\"a\""},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"ETag", "\"b\""}},
     CAUSE_CHANGED,
     0,
     0},
    {"the whole of another version (RFC 9110, If-Range)",
     {10, 20, 100, "\"a\""},
     200,
     {{"ETag", "\"b\""}, {"Content-Length", "100"}},
     CAUSE_CHANGED,
     0,
     0},
    {"no validator asked, none compared",
     {10, 20, 100, NULL},
     206,
     {{"Content-Range", "bytes 10-19/100"}, {"ETag", "\"b\""}},
     CAUSE_NONE,
     10,
     100},
    {"a redirect", {0, 10, 10, NULL}, 302, {{"Location", "/x"}}, CAUSE_REDIRECT, 0, 0},
    {"a redirect to nowhere", {0, 10, 10, NULL}, 302, {{0}}, CAUSE_STATUS, 0, 0},
    {"not modified", {0, 10, 10, NULL}, 304, {{"Location", "/x"}}, CAUSE_STATUS, 0, 0},
    {"416", {0, 10, 10, NULL}, 416, {{"Content-Range", "bytes */5"}}, CAUSE_STATUS, 0, 0},
    {"204", {0, 10, 10, NULL}, 204, {{0}}, CAUSE_STATUS, 0, 0},
    {"404", {0, 10, 10, NULL}, 404, {{0}}, CAUSE_STATUS, 0, 0},
    {"429", {0, 10, 10, NULL}, 429, {{0}}, CAUSE_RATE_LIMIT, 0, 0},
    {"503 that says when", {0, 10, 10, NULL}, 503, {{"Retry-After", "3"}}, CAUSE_RATE_LIMIT, 0, 0},
    {"503", {0, 10, 10, NULL}, 503, {{0}}, CAUSE_STATUS, 0, 0},
};

Test(verdict, of_a_body)
{
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct headers h;
        fill(&h, CASES[i].fields);
        uint64_t length = 12345;
        uint64_t size = 12345;
        struct why why = {""};
        enum cause c = verdict_body(&CASES[i].ask, CASES[i].status, &h, &length, &size, &why);
        cr_expect_eq(c, CASES[i].cause, "%s: %s", CASES[i].name, cause_word(c));
        if (c == CAUSE_NONE) {
            cr_expect_eq(length, CASES[i].length, "%s", CASES[i].name);
            cr_expect_eq(size, CASES[i].size, "%s", CASES[i].name);
        } else {
            cr_expect(c == CAUSE_REDIRECT || why.text[0], "%s: no sentence", CASES[i].name);
            cr_expect_eq(length, 12345, "%s: touched", CASES[i].name);
        }
        headers_done(&h);
    }
}

static const struct {
    int status;
    enum cause cause;
} CALLS[] = {
    {200, CAUSE_NONE},   {302, CAUSE_NONE},   {401, CAUSE_NONE},       {404, CAUSE_NONE},
    {408, CAUSE_STATUS}, {500, CAUSE_STATUS}, {501, CAUSE_NONE},       {502, CAUSE_STATUS},
    {504, CAUSE_STATUS}, {505, CAUSE_NONE},   {429, CAUSE_RATE_LIMIT},
};

Test(verdict, of_a_call_leaves_final_statuses_to_the_source)
{
    struct headers none = {0};
    for (size_t i = 0; i < ARRAY_LEN(CALLS); i++)
        cr_expect_eq(verdict_call(CALLS[i].status, &none), CALLS[i].cause, "%d", CALLS[i].status);
}

Test(verdict, notes_what_people_and_pacing_need)
{
    static const struct field FIELDS[] = {
        {"X-Request-Id", "req\x1b[2J-1"},
        {"X-Error-Code", "GatedRepo"},
        {"Retry-After", "17"},
        {"RateLimit", "\"resolvers\";r=5;t=60"},
    };
    struct headers h;
    fill(&h, FIELDS);
    struct outcome o = {0};
    verdict_note(&h, &o);
    cr_expect_str_eq(o.request_id, "req\\x1b[2J-1");
    cr_expect_str_eq(o.error_code, "GatedRepo");
    cr_expect_eq(o.retry_after_s, 17);
    cr_expect(o.rate.known && o.rate.remaining == 5 && o.rate.reset_s == 60);
    headers_done(&h);
}

Test(verdict, garbage_counts_as_not_said)
{
    static const struct field FIELDS[FIELDS_MAX] = {{"Retry-After", "soon"}, {"RateLimit", "x"}};
    struct headers h;
    fill(&h, FIELDS);
    struct outcome o = {0};
    verdict_note(&h, &o);
    cr_expect_eq(o.retry_after_s, 0);
    cr_expect_not(o.rate.known);
    headers_done(&h);
}

Test(verdict, the_older_rate_limit_fields_are_noted_too)
{
    static const struct field FIELDS[FIELDS_MAX] = {
        {"RateLimit-Limit", "100"}, {"RateLimit-Remaining", "7"}, {"RateLimit-Reset", "30"}};
    static const struct field HALF[FIELDS_MAX] = {{"RateLimit-Remaining", "7"}};
    struct headers h;
    fill(&h, FIELDS);
    struct outcome o = {0};
    verdict_note(&h, &o);
    cr_expect(o.rate.known && o.rate.remaining == 7 && o.rate.reset_s == 30);
    cr_expect_eq(o.rate.quota, 100);
    headers_done(&h);
    fill(&h, HALF);
    o = (struct outcome){0};
    verdict_note(&h, &o);
    cr_expect_not(o.rate.known, "nobody says until when");
    headers_done(&h);
}
