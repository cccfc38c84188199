#include <string.h>

#include <criterion/criterion.h>

#include "download/base/clean.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

static const struct {
    const char *raw, *shown;
} CASES[] = {
    {"", ""},
    {"model.safetensors", "model.safetensors"},
    {"späße/数据.bin", "späße/数据.bin"},
    {"a\\b", "a\\b"},
    {"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
    {"\x1b[2J", "\\x1b[2J"},
    {"\x1b]0;title\x07", "\\x1b]0;title\\x07"},
    {"\x7f", "\\x7f"},
    {"\xc2\x9b"
     "2J",
     "\\xc2\\x9b2J"}, // C1: CSI in one character
    {"gpj.\xe2\x80\xae"
     "exe",
     "gpj.\\xe2\\x80\\xaeexe"},                                       // right-to-left override
    {"\xe2\x81\xa6x\xe2\x81\xa9", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9"}, // isolates
    {"a\xe2\x80\x8b"
     "b",
     "a\\xe2\\x80\\x8bb"}, // zero width space
    {"\xef\xbb\xbf"
     "x",
     "\\xef\\xbb\\xbfx"},                         // byte order mark
    {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},          // line separator
    {"\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"}, // tag character
    {"\xff\xc3(", "\\xff\\xc3("},                 // no UTF-8
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          // surrogate
    {"\xc0\xaf", "\\xc0\\xaf"},                   // overlong
};

Test(clean, what_moves_hides_or_reorders_is_written_as_hex)
{
    struct clean room;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        cr_expect_str_eq(clean(CASES[i].raw, &room), CASES[i].shown, "case %zu", i);
}

Test(clean, the_growing_form_says_the_same)
{
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct buf b;
        buf_init(&b, 1000);
        clean_add(&b, CASES[i].raw, strlen(CASES[i].raw));
        cr_expect_str_eq(buf_str(&b), CASES[i].shown, "case %zu", i);
        buf_done(&b);
    }
}

Test(clean, a_nul_inside_is_shown_by_the_growing_form)
{
    struct buf b;
    buf_init(&b, 100);
    clean_add(&b, "a\0b", 3);
    cr_expect_str_eq(buf_str(&b), "a\\x00b");
    buf_done(&b);
}

Test(clean, null_is_empty)
{
    struct clean room;
    cr_expect_str_eq(clean(NULL, &room), "");
}

Test(clean, what_does_not_fit_is_cut_at_a_character_with_a_mark)
{
    char four[4];
    char eight[8];
    cr_expect_str_eq(clean_copy("abc", four, sizeof(four)), "abc");
    cr_expect_str_eq(clean_copy("abcd", four, sizeof(four)), "…");
    cr_expect_str_eq(clean_copy("abcdefg", eight, sizeof(eight)), "abcdefg");
    cr_expect_str_eq(clean_copy("abcdefgh", eight, sizeof(eight)), "abcd…");
    cr_expect_str_eq(clean_copy("abcä\xc3\xa4", eight, sizeof(eight)), "abcää");
    cr_expect_str_eq(clean_copy("abc\x1b\x1b", eight, sizeof(eight)), "abc…");
}

Test(clean, a_cut_text_of_any_length_stays_utf8)
{
    static const char TEXT[] = "aäé\xf0\x9f\xa4\x97\x1b\xff"
                               "bc数据数据";
    char room[64];
    for (size_t size = 4; size <= sizeof(room); size++) {
        clean_copy(TEXT, room, size);
        cr_expect(strlen(room) < size);
        cr_expect(str_is_utf8(room, strlen(room)), "size %zu", size);
    }
}
