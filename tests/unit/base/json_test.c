#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct why why = {""};
    enum err e = json_parse(text, strlen(text), &doc, &why);
    cr_assert_eq(e, OK, "%s: %s", text, why.text);
    return doc;
}

Test(json, members_are_found_by_their_exact_key)
{
    SCOPED(json_doc_freep)
    struct json_doc *doc = parse("{\"a\": {\"b\": [1, \"x\", null, true]}, \"Size\": 7}");
    const struct json *root = json_root(doc);
    const struct json *list = json_get(json_get(root, "a"), "b");
    uint64_t n = 0;
    bool yes = false;
    cr_expect(json_is_object(root) && !json_is_array(root));
    cr_expect(json_is_array(list) && !json_is_object(list));
    cr_expect_eq(json_count(list), 4);
    cr_expect_eq(json_count(root), 2);
    cr_expect_null(json_get(root, "size"), "case counts");
    cr_expect_null(json_get(list, "b"), "arrays have no keys");

    const struct json *item = json_first(list);
    cr_expect(json_u64(item, &n) && n == 1);
    cr_expect_null(json_key(item));
    item = json_next(item);
    cr_expect_str_eq(json_string(item), "x");
    item = json_next(item);
    cr_expect(json_is_null(item));
    item = json_next(item);
    cr_expect(json_bool(item, &yes) && yes);
    cr_expect_null(json_next(item));
    cr_expect_str_eq(json_key(json_next(json_first(root))), "Size");
}

Test(json, nothing_answers_no)
{
    uint64_t n = 7;
    bool b = true;
    cr_expect(!json_is_object(NULL) && !json_is_array(NULL) && !json_is_null(NULL));
    cr_expect_null(json_get(NULL, "a"));
    cr_expect_null(json_string(NULL));
    cr_expect(!json_u64(NULL, &n) && !json_bool(NULL, &b) && n == 7 && b);
    cr_expect_null(json_first(NULL));
    cr_expect_null(json_next(NULL));
    cr_expect_null(json_key(NULL));
    cr_expect_null(json_root(NULL));
    cr_expect_eq(json_count(NULL), 0);
    json_doc_free(NULL);
}

Test(json, a_value_has_one_type)
{
    static const char *const texts[] = {"1", "\"1\"", "true", "null", "[]", "{}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        SCOPED(json_doc_freep) struct json_doc *doc = parse(texts[i]);
        const struct json *v = json_root(doc);
        uint64_t n = 0;
        bool b = false;
        cr_expect_eq(json_u64(v, &n), i == 0, "%s", texts[i]);
        cr_expect_eq(json_string(v) != NULL, i == 1, "%s", texts[i]);
        cr_expect_eq(json_bool(v, &b), i == 2, "%s", texts[i]);
        cr_expect_eq(json_is_null(v), i == 3, "%s", texts[i]);
        cr_expect_eq(json_is_array(v), i == 4, "%s", texts[i]);
        cr_expect_eq(json_is_object(v), i == 5, "%s", texts[i]);
        cr_expect_eq(json_count(v), 0);
    }
}

/* Through a double 2^53 + 1 would be even and INT64_MAX one more. */
Test(json, integers_are_exact)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t n;
    } cases[] = {
        {"0", true, 0},
        {"4294967296", true, UINT64_C(1) << 32},
        {"9007199254740993", true, UINT64_C(9007199254740993)},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999999999999999999", false, 0},
        {"-0", false, 0},
        {"-1", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"1E-3", false, 0},
        {"1e400", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(json_doc_freep) struct json_doc *doc = parse(cases[i].text);
        uint64_t n = 77;
        cr_expect_eq(json_u64(json_root(doc), &n), cases[i].ok, "%s", cases[i].text);
        cr_expect_eq(n, cases[i].ok ? cases[i].n : 77, "%s: %" PRIu64, cases[i].text, n);
    }
}

/* Every number of a bushy tree keeps its own value. */
Test(json, integers_stay_with_their_nodes)
{
    SCOPED(json_doc_freep)
    struct json_doc *doc = parse("[1,[2,[],{\"a\":3,\"b\":[4,-5,6.5,7]},8],[[[9]]],\"10\",{},11]");
    static const uint64_t expected[] = {1, 2, 3, 4, 7, 8, 9, 11};
    const struct json *stack[JSON_MAX_DEPTH] = {json_first(json_root(doc))};
    size_t depth = 1;
    size_t seen = 0;
    while (depth > 0) {
        const struct json *v = stack[depth - 1];
        if (!v) {
            depth--;
            continue;
        }
        stack[depth - 1] = json_next(v);
        uint64_t n = 0;
        if (json_u64(v, &n)) {
            cr_assert_lt(seen, ARRAY_LEN(expected));
            cr_expect_eq(n, expected[seen++]);
        }
        stack[depth++] = json_first(v);
    }
    cr_expect_eq(seen, ARRAY_LEN(expected));
}

Test(json, strings_are_decoded)
{
    static const struct {
        const char *text;
        const char *means;
    } cases[] = {
        {"\"\"", ""},
        {"\"a/b\"", "a/b"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xC3\xA9\xE2\x82\xAC"},
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"},
        {"\"\\uDBFF\\uDFFF\"", "\xF4\x8F\xBF\xBF"},
        {"\"\xC3\xA9\x7F\"", "\xC3\xA9\x7F"},
        {"\"\\uffff\"", "\xEF\xBF\xBF"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(json_doc_freep) struct json_doc *doc = parse(cases[i].text);
        cr_expect_str_eq(json_string(json_root(doc)), cases[i].means, "%s", cases[i].text);
    }
}

/* Refused, at the place and for the reason given. */
static const struct {
    const char *text;
    const char *why; // after "invalid JSON at "
} REFUSED[] = {
    {"", "1:1: text ends early"},
    {" \n ", "2:2: text ends early"},
    {"\xEF\xBB\xBF{}", "1:1: expected a value"}, // byte order mark
    {"{} x", "1:4: bytes after the value"},
    {"{}{}", "1:3: bytes after the value"},
    {"1,", "1:2: bytes after the value"},
    {"[1,]", "1:4: expected a value"},
    {"[,1]", "1:2: expected a value"},
    {"[1 2]", "1:4: expected ',' or the end"},
    {"[1}", "1:3: expected ',' or the end"},
    {"[1", "1:3: text ends early"},
    {"[", "1:2: text ends early"},
    {"{", "1:2: expected a key in quotes"},
    {"{\"a\":1,}", "1:8: expected a key in quotes"},
    {"{a:1}", "1:2: expected a key in quotes"},
    {"{1:1}", "1:2: expected a key in quotes"},
    {"{\"a\" 1}", "1:6: expected ':' after a key"},
    {"{\"a\":}", "1:6: expected a value"},
    {"{\"a\":1 \"b\":2}", "1:8: expected ',' or the end"},
    {"tru", "1:1: expected a value"},
    {"True", "1:1: expected a value"},
    {"nul", "1:1: expected a value"},
    {"NaN", "1:1: expected a value"},
    {"Infinity", "1:1: expected a value"},
    {"'a'", "1:1: expected a value"},
    {"// a\n1", "1:1: expected a value"},
    {"\v1", "1:1: expected a value"},
    {"01", "1:3: number of a wrong form"},
    {"-", "1:2: number of a wrong form"},
    {"+1", "1:1: expected a value"},
    {".5", "1:1: expected a value"},
    {"1.", "1:3: number of a wrong form"},
    {"1.e1", "1:3: number of a wrong form"},
    {"1e", "1:3: number of a wrong form"},
    {"1e+", "1:4: number of a wrong form"},
    {"-01", "1:4: number of a wrong form"},
    {"0x10", "1:2: bytes after the value"},
    {"1_000", "1:2: bytes after the value"},
    {"\"a", "1:3: string without end"},
    {"\"a\\", "1:4: unknown escape in a string"},
    {"\"\\x41\"", "1:3: unknown escape in a string"},
    {"\"\\'\"", "1:3: unknown escape in a string"},
    {"\"\n\"", "1:2: raw control byte"},
    {"\"\x1f\"", "1:2: raw control byte"},
    {"\"\\u0000\"", "1:8: \\u0000 is not allowed"},
    {"{\"a\\u0000/../b\":1}", "1:10: \\u0000 is not allowed"},
    {"\"\\u12\"", "1:4: \\u needs four hex digits"},
    {"\"\\u12g4\"", "1:6: \\u needs four hex digits"},
    {"\"\\ud800\"", "1:8: lone surrogate"},
    {"\"\\ud800\\n\"", "1:9: lone surrogate"},
    {"\"\\ud800\\u0041\"", "1:14: lone surrogate"},
    {"\"\\udc00\"", "1:8: lone surrogate"},
    {"\"\xC0\xAF\"", "1:2: invalid UTF-8"},
    {"\"\xED\xA0\x80\"", "1:2: invalid UTF-8"},
    {"\"caf\xE9\"", "1:5: invalid UTF-8"},
};

Test(json, what_is_outside_the_profile_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        struct json_doc *doc = NULL;
        struct why why = {""};
        enum err e = json_parse(REFUSED[i].text, strlen(REFUSED[i].text), &doc, &why);
        cr_expect_eq(e, ERR_REFUSED, "'%s'", REFUSED[i].text);
        cr_expect_null(doc);
        char expected[WHY_MAX];
        snprintf(expected, sizeof(expected), "invalid JSON at %s", REFUSED[i].why);
        cr_expect_str_eq(why.text, expected, "'%s': %s", REFUSED[i].text, why.text);
    }
}

Test(json, a_raw_nul_is_refused_wherever_it_is)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"\0", 1},    {"{}\0", 3},        {"\0{}", 3},     {"\"a\0b\"", 5},
        {"[1\0]", 4}, {"{\"a\0\":1}", 8}, {"\"\\\0\"", 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = NULL;
        cr_expect_eq(json_parse(cases[i].text, cases[i].len, &doc, NULL), ERR_REFUSED, "%zu", i);
    }
}

Test(json, only_the_given_length_is_read)
{
    struct json_doc *doc = NULL;
    static const char text[] = {'1', '2', '3', 'x'};
    cr_assert_eq(json_parse(text, 3, &doc, NULL), OK);
    uint64_t n = 0;
    cr_expect(json_u64(json_root(doc), &n) && n == 123);
    json_doc_free(doc);
}

Test(json, keys_differ_by_more_than_case)
{
    static const struct {
        const char *text;
        const char *where; // NULL: accepted
    } cases[] = {
        {"{\"a\":1,\"b\":2,\"c\":3}", NULL},
        {"{\"a\":{\"a\":{\"a\":1}}}", NULL},
        {"[{\"a\":1},{\"a\":1}]", NULL},
        {"{\"x\":{\"a\":1},\"a\":1}", NULL},
        {"{\"\xC3\xA4\":1,\"\xC3\x84\":2}", NULL}, // only ASCII folds, as in cJSON
        {"{\"\":1,\"a\":2}", NULL},
        {"{\"aa\":1,\"a\":2}", NULL},
        {"{\"a\":1,\"a\":2}", "1:8"},
        {"{\"a\":1,\"A\":2}", "1:8"},
        {"{\"size\":1,\"b\":0,\"siZe\":2}", "1:17"},
        {"{\"a\":1,\"\\u0061\":2}", "1:8"},
        {"{\"\":1,\"\":2}", "1:7"},
        {"{\"a\":1,\n\"b\":{\"q\":1,\"q\":2}}", "2:12"},
        {"{\"x\":[{\"a\":1}],\"X\":1}", "1:16"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = NULL;
        struct why why = {""};
        enum err e = json_parse(cases[i].text, strlen(cases[i].text), &doc, &why);
        json_doc_free(doc);
        cr_expect_eq(e, cases[i].where ? ERR_REFUSED : OK, "%s: %s", cases[i].text, why.text);
        if (!cases[i].where) continue;
        char expected[WHY_MAX];
        snprintf(expected, sizeof(expected),
                 "invalid JSON at %s: key appears twice in one object (case does not count)",
                 cases[i].where);
        cr_expect_str_eq(why.text, expected);
    }
}

static enum err parse_nested(size_t depth, char open, char close)
{
    SCOPED(mem_freep) char *text = mem_new(2 * depth + 1);
    memset(text, open, depth);
    memset(text + depth, close, depth);
    struct json_doc *doc = NULL;
    enum err e = json_parse(text, 2 * depth, &doc, NULL);
    json_doc_free(doc);
    return e;
}

Test(json, depth_is_limited)
{
    cr_expect_eq(parse_nested(JSON_MAX_DEPTH, '[', ']'), OK);
    cr_expect_eq(parse_nested(JSON_MAX_DEPTH + 1, '[', ']'), ERR_REFUSED);
    cr_expect_eq(parse_nested(1000000, '[', ']'), ERR_REFUSED);
}

Test(json, numbers_are_limited_to_what_cjson_reads)
{
    char text[JSON_MAX_NUMBER + 2];
    memset(text, '1', sizeof(text));
    struct json_doc *doc = NULL;
    cr_expect_eq(json_parse(text, JSON_MAX_NUMBER, &doc, NULL), OK);
    json_doc_free(doc);
    cr_expect_eq(json_parse(text, JSON_MAX_NUMBER + 1, &doc, NULL), ERR_REFUSED);
}

static char *many(size_t count, const char *item, size_t *ret_len)
{
    size_t n = strlen(item);
    char *text = mem_new(count * n + 2);
    text[0] = '[';
    for (size_t i = 0; i < count; i++)
        memcpy(text + 1 + i * n, item, n);
    text[count * n] = ']'; // over the last comma
    *ret_len = count * n + 1;
    return text;
}

Test(json, the_number_of_values_is_limited)
{
    size_t len = 0;
    struct json_doc *doc = NULL;
    SCOPED(mem_freep) char *text = many(JSON_MAX_VALUES, "1,", &len); // and the array itself
    cr_expect_eq(json_parse(text, len, &doc, NULL), ERR_REFUSED);
    text[len - 2] = ' ';
    text[len - 3] = ' ';
    cr_expect_eq(json_parse(text, len, &doc, NULL), OK);
    json_doc_free(doc);
}

Test(json, the_size_is_limited)
{
    size_t len = (size_t)JSON_MAX_BYTES + 1;
    SCOPED(mem_freep) char *text = mem_new(len);
    memset(text, ' ', len);
    text[0] = '1';
    struct json_doc *doc = NULL;
    struct why why = {""};
    cr_expect_eq(json_parse(text, len, &doc, &why), ERR_REFUSED);
    cr_expect_str_eq(why.text, "JSON of 67108865 bytes, more than 67108864");
    cr_expect_eq(json_parse(text, len - 1, &doc, NULL), OK);
    json_doc_free(doc);
}

/* Quadratic key comparison would take hours here, or minutes for the long common prefixes. */
Test(json, many_keys_in_one_object_do_not_take_long, .timeout = 60)
{
    enum { KEYS = 200000, LONG_KEYS = 10000, PREFIX = 1000 };
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSON_MAX_BYTES);
    buf_addc(&b, '{');
    for (int i = 0; i < KEYS; i++)
        buf_addf(&b, "\"k%d\":1,", i);
    char prefix[PREFIX + 1];
    memset(prefix, 'x', PREFIX);
    prefix[PREFIX] = '\0';
    for (int i = 0; i < LONG_KEYS; i++)
        buf_addf(&b, "\"%s%05d\":1,", prefix, i);
    buf_adds(&b, "\"K199999\":1}");
    cr_assert(!b.overflowed);

    struct json_doc *doc = NULL;
    cr_expect_eq(json_parse(b.data, b.len, &doc, NULL), ERR_REFUSED, "the last key is there twice");
    b.data[b.len - 10] = 'L';
    cr_expect_eq(json_parse(b.data, b.len, &doc, NULL), OK);
    cr_expect_eq(json_count(json_root(doc)), KEYS + LONG_KEYS + 1);
    json_doc_free(doc);
}

Test(json, keys_that_differ_in_case_are_two_keys_only_where_asked_for)
{
    static const char TWINS[] = "{\"README.md\":1,\"readme.md\":2}";
    static const char TWICE[] = "{\"a\":1,\"a\":2}";
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    struct why why;
    cr_expect_eq(json_parse(TWINS, strlen(TWINS), &doc, &why), ERR_REFUSED);
    cr_expect_eq(json_parse_keys(TWICE, strlen(TWICE), JSON_KEYS_EXACT, &doc, &why), ERR_REFUSED);
    cr_assert_eq(json_parse_keys(TWINS, strlen(TWINS), JSON_KEYS_EXACT, &doc, &why), OK);
    uint64_t n = 0;
    cr_expect(json_u64(json_get(json_root(doc), "readme.md"), &n) && n == 2);
    cr_expect(json_u64(json_get(json_root(doc), "README.md"), &n) && n == 1);
}
