#include <string.h>

#include <criterion/criterion.h>

#include "download/base/json.h"
#include "download/base/scoped.h"

#define BIDI_OVERRIDE "\xE2\x80\xAE"
#define BIDI_POP      "\xE2\x80\xAC"

Test(json_write, what_could_act_on_a_reader_is_escaped)
{
    static const struct {
        const char *text;
        const char *json;
        bool exact;
    } cases[] = {
        {"", "\"\"", true},
        {"plain /text~", "\"plain /text~\"", true},
        {"\"\\", "\"\\\"\\\\\"", true},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"", true},
        {"\x01\x1b[31m\x1f", "\"\\u0001\\u001b[31m\\u001f\"", true},
        {"\x7f", "\"\\u007f\"", true},
        {"\xC2\x80\xC2\x9B\xC2\x9F", "\"\\u0080\\u009b\\u009f\"", true}, // C1: CSI is one of them
        {"\xC2\xA0", "\"\xC2\xA0\"", true},
        {"\xC2\xAD", "\"\\u00ad\"", true},
        {"caf\xC3\xA9 \xF0\x9F\x98\x80", "\"caf\xC3\xA9 \xF0\x9F\x98\x80\"", true},
        {"\xE2\x80\x8A\xE2\x80\x8B\xE2\x80\x8F\xE2\x80\x90",
         "\"\xE2\x80\x8A\\u200b\\u200f\xE2\x80\x90\"", true},
        {"\xE2\x80\xA8\xE2\x80\xAF", "\"\\u2028\xE2\x80\xAF\"", true},
        {BIDI_OVERRIDE BIDI_POP, "\"\\u202e\\u202c\"", true},
        {"\xE2\x81\xA0\xE2\x81\xA9", "\"\\u2060\\u2069\"", true},
        {"\xEF\xBB\xBF", "\"\\ufeff\"", true},
        {"\xF3\xA0\x81\x81", "\"\\udb40\\udc41\"", true}, // U+E0041, an invisible tag
        {"a\xFF"
         "b",
         "\"a\xEF\xBF\xBD"
         "b\"",
         false},
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"", false},
        {"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 1000);
        bool exact = json_add_string(&b, cases[i].text, strlen(cases[i].text));
        cr_expect_eq(exact, cases[i].exact, "%zu", i);
        cr_expect_str_eq(buf_str(&b), cases[i].json);
    }
}

Test(json_write, a_nul_inside_is_escaped_too)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 100);
    cr_expect(json_add_string(&b, "a\0b", 3));
    cr_expect_str_eq(buf_str(&b), "\"a\\u0000b\"");
}

Test(json_write, fields_get_their_commas)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1000);
    buf_addc(&b, '{');
    json_add_str_field(&b, "s", "x{");
    json_add_str_field(&b, "nothing", NULL);
    json_add_u64_field(&b, "n", UINT64_MAX);
    json_add_bool_field(&b, "yes", true);
    json_add_bool_field(&b, "no", false);
    json_add_null_field(&b, "null");
    json_add_key(&b, "inner");
    buf_addc(&b, '{');
    json_add_u64_field(&b, "a\"b", 0);
    buf_addc(&b, '}');
    json_add_key(&b, "list");
    buf_adds(&b, "[]}");
    cr_expect_str_eq(buf_str(&b),
                     "{\"s\":\"x{\",\"nothing\":null,\"n\":18446744073709551615,\"yes\":true,"
                     "\"no\":false,\"null\":null,\"inner\":{\"a\\\"b\":0},\"list\":[]}");
}

/* Every code point, one string of each 4096, through the parser and back. */
Test(json_write, what_is_written_is_read_back)
{
    enum { BLOCK = 4096 };
    for (uint32_t first = 0; first < 0x110000; first += BLOCK) {
        char text[sizeof("1234") * BLOCK];
        size_t n = 0;
        for (uint32_t c = first; c < first + BLOCK; c++) {
            if (c == 0 || (c >= 0xD800 && c <= 0xDFFF)) continue;
            if (c >= 0x10000) text[n++] = (char)(0xF0 | c >> 18);
            if (c >= 0x10000) text[n++] = (char)(0x80 | (c >> 12 & 0x3F));
            if (c >= 0x800 && c < 0x10000) text[n++] = (char)(0xE0 | c >> 12);
            if (c >= 0x800) text[n++] = (char)(0x80 | (c >> 6 & 0x3F));
            if (c >= 0x80 && c < 0x800) text[n++] = (char)(0xC0 | c >> 6);
            text[n++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3F));
        }
        text[n] = '\0';
        SCOPED(buf_done) struct buf b;
        buf_init(&b, JSON_MAX_BYTES);
        cr_assert(json_add_string(&b, text, n), "U+%X", first);

        SCOPED(json_doc_freep) struct json_doc *doc = NULL;
        struct why why = {""};
        cr_assert_eq(json_parse(b.data, b.len, &doc, &why), OK, "U+%X: %s", first, why.text);
        cr_assert_str_eq(json_string(json_root(doc)), text, "U+%X", first);
    }
}
