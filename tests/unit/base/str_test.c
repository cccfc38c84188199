#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "download/base/str.h"

Test(str, null_is_equal_to_null_only)
{
    cr_expect(str_eq(NULL, NULL));
    cr_expect(!str_eq(NULL, ""));
    cr_expect(!str_eq("", NULL));
    cr_expect(str_eq_nocase(NULL, NULL));
    cr_expect(!str_eq_nocase("", NULL));
    cr_expect(!str_starts(NULL, ""));
    cr_expect(!str_starts_nocase("a", NULL));
    cr_expect(!str_ends(NULL, ""));
    cr_expect(str_empty(NULL) && str_empty("") && !str_empty(" "));
}

Test(str, case_is_that_of_ascii_letters_only)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } cases[] = {
        {"", "", true},
        {"ETag", "etag", true},
        {"etag", "etags", false},
        {"etags", "etag", false},
        {"a@", "A`", false}, // 0x20 apart, but no letters
        {"a[", "A{", false},
        {"k", "\xE2\x84\xAA", false},    // the Kelvin sign
        {"\xC3\xA4", "\xC3\x84", false}, // a umlaut
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_expect_eq(str_eq_nocase(cases[i].a, cases[i].b), cases[i].same, "%s", cases[i].a);
}

Test(str, prefixes_and_suffixes)
{
    cr_expect(str_starts("https://x", "https://"));
    cr_expect(!str_starts("HTTPS://x", "https://"));
    cr_expect(!str_starts("http", "https"));
    cr_expect(str_starts("x", ""));
    cr_expect(str_starts_nocase("HTTPS://x", "https://"));
    cr_expect(!str_starts_nocase("http", "https"));
    cr_expect(str_ends("a.json", ".json"));
    cr_expect(!str_ends("json", ".json"));
    cr_expect(!str_ends("a.jsonl", ".json"));
    cr_expect(str_ends("x", ""));
}

Test(str, numbers_are_digits_and_nothing_else)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool ok;
        uint64_t n;
    } cases[] = {
        {"0", 10, true, 0},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"007", 10, true, 7},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"9223372036854775808", INT64_MAX, false, 0},
        {"", 10, false, 0},
        {"+1", 10, false, 0},
        {"-1", 10, false, 0},
        {" 1", 10, false, 0},
        {"1 ", 10, false, 0},
        {"0x1", 10, false, 0},
        {"1e1", 10, false, 0},
        {"1.0", 10, false, 0},
        {"\xD9\xA1", 10, false, 0}, // an Arabic one
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t n = 77;
        cr_expect_eq(str_u64(cases[i].text, cases[i].max, &n), cases[i].ok, "'%s'", cases[i].text);
        cr_expect_eq(n, cases[i].ok ? cases[i].n : 77, "'%s' gave %" PRIu64, cases[i].text, n);
    }
    uint64_t n = 77;
    cr_expect(!str_u64(NULL, 10, &n));
    cr_expect(str_u64_n("123", 2, 99, &n) && n == 12);
    cr_expect(!str_u64_n("1\0002", 3, 999, &n), "a NUL is no digit");
}

Test(str, sizes_are_read_as_curl_reads_them)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t bytes;
    } cases[] = {
        {"0", true, 0},
        {"4096", true, 4096},
        {"512b", true, 512},
        {"100k", true, 102400},
        {"100K", true, 102400},
        {"50M", true, 50 << 20},
        {"1.5G", true, UINT64_C(1610612736)},
        {"0.001k", true, 1},
        {"0.999P", true, UINT64_C(1124774006935781)},
        {"2T", true, UINT64_C(2) << 40},
        {"8191P", true, UINT64_C(8191) << 50},
        {"8192P", false, 0},  // INT64_MAX + 1
        {"16384P", false, 0}, // 2^64, which wraps to 0
        {"9223372036854775807k", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"", false, 0},
        {"k", false, 0},
        {"1.5", false, 0}, // half a byte
        {"1.5b", false, 0},
        {"1.k", false, 0},
        {".5k", false, 0},
        {"1.0001k", false, 0},
        {"-1k", false, 0},
        {"1 k", false, 0},
        {"1kb", false, 0},
        {"1E", false, 0},
        {"1k ", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t n = 77;
        cr_expect_eq(str_bytes(cases[i].text, &n), cases[i].ok, "'%s'", cases[i].text);
        cr_expect_eq(n, cases[i].ok ? cases[i].bytes : 77, "'%s' gave %" PRIu64, cases[i].text, n);
    }
    uint64_t n = 0;
    cr_expect(!str_bytes(NULL, &n));
}

Test(str, truthy_is_what_the_hub_library_takes_for_true)
{
    static const char *const yes[] = {"1", "on", "ON", "yes", "Yes", "true", "TRUE"};
    static const char *const no[] = {"", "0", "off", "no", "false", "y", "t", "2", " 1", "true "};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        cr_expect(str_truthy(yes[i]), "'%s'", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        cr_expect(!str_truthy(no[i]), "'%s'", no[i]);
    cr_expect(!str_truthy(NULL));
}

Test(str, distance_is_counted_up_to_the_limit)
{
    static const struct {
        const char *a;
        const char *b;
        size_t limit;
        size_t distance;
    } cases[] = {
        {"", "", 0, 0},
        {"a", "a", 0, 0},
        {"a", "b", 0, 1},
        {"kitten", "sitting", 5, 3},
        {"kitten", "sitting", 3, 3},
        {"kitten", "sitting", 2, 3},
        {"kitten", "sitting", 1, 2},
        {"", "abc", 3, 3},
        {"abc", "", 2, 3},
        {"--conections", "--connections", 3, 1},
        {"abcdef", "fedcba", 9, 6},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t there = str_distance(cases[i].a, cases[i].b, cases[i].limit);
        size_t back = str_distance(cases[i].b, cases[i].a, cases[i].limit);
        cr_expect_eq(there, cases[i].distance, "%s %s: %zu", cases[i].a, cases[i].b, there);
        cr_expect_eq(back, there, "%s %s is not symmetric", cases[i].a, cases[i].b);
    }
}

Test(str, utf8_is_that_of_rfc_3629)
{
    static const struct {
        const char *name;
        const char *bytes;
        bool ok;
    } cases[] = {
        {"nothing", "", true},
        {"ascii", "a\x7F", true},
        {"smallest of two bytes", "\xC2\x80", true},
        {"largest of two bytes", "\xDF\xBF", true},
        {"smallest of three bytes", "\xE0\xA0\x80", true},
        {"before the surrogates", "\xED\x9F\xBF", true},
        {"after the surrogates", "\xEE\x80\x80", true},
        {"smallest of four bytes", "\xF0\x90\x80\x80", true},
        {"U+10FFFF", "\xF4\x8F\xBF\xBF", true},
        {"beyond U+10FFFF", "\xF4\x90\x80\x80", false},
        {"five bytes", "\xF8\x88\x80\x80\x80", false},
        {"overlong slash of two", "\xC0\xAF", false},
        {"overlong of two", "\xC1\xBF", false},
        {"overlong of three", "\xE0\x9F\xBF", false},
        {"overlong of four", "\xF0\x8F\xBF\xBF", false},
        {"first surrogate", "\xED\xA0\x80", false},
        {"last surrogate", "\xED\xBF\xBF", false},
        {"continuation alone", "\x80", false},
        {"cut after one of two", "\xC3", false},
        {"cut after two of three", "\xE2\x82", false},
        {"cut after three of four", "\xF0\x9F\x98", false},
        {"letter instead of a continuation",
         "\xE2\x82"
         "a",
         false},
        {"Latin-1", "caf\xE9", false},
        {"0xFF", "\xFF", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(cases[i].bytes);
        cr_expect_eq(str_is_utf8(cases[i].bytes, len), cases[i].ok, "%s", cases[i].name);
    }
    cr_expect(str_is_utf8("a\0b", 3), "a NUL is a character here");
}

Test(str, a_code_point_is_decoded_with_its_length)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint32_t code_point;
    } cases[] = {
        {"a", 1, 'a'},
        {"\xC3\xA9", 2, 0xE9},
        {"\xE2\x82\xAC", 3, 0x20AC},
        {"\xF0\x9F\x98\x80", 4, 0x1F600},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint32_t c = 0;
        cr_expect_eq(str_utf8_next(cases[i].bytes, cases[i].len, &c), cases[i].len);
        cr_expect_eq(c, cases[i].code_point, "U+%04" PRIX32, c);
        c = 7;
        cr_expect_eq(str_utf8_next(cases[i].bytes, cases[i].len - 1, &c), 0, "cut short");
        cr_expect_eq(c, 7, "untouched on failure");
    }
}
