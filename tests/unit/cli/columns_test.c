#include "cli/columns.h"

#include <criterion/criterion.h>

#include "cli/bar.h"
#include "download/base/scoped.h"
#include "download/event.h"

Test(columns, are_counted_as_terminals_do)
{
    static const struct {
        const char *text;
        size_t columns;
    } CASES[] = {
        {"", 0},  {"abc", 3}, {"é", 1}, {"e\xCC\x81", 1}, {"模型", 4},
        {"😀", 2}, {"━╸", 2},  {"ｱ", 1}, {"Ａ", 2},        {"\xff", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        cr_expect_eq(columns_of(CASES[i].text), CASES[i].columns, "%s", CASES[i].text);
}

Test(columns, names_are_made_to_fit)
{
    static const struct {
        const char *text;
        size_t width;
        const char *expected;
    } CASES[] = {
        {"config.json", 14, "config.json   "},
        {"config.json", 11, "config.json"},
        {"config.json", 10, "config..  "},
        {"config.json", 8, "config.."},
        {"config.json", 7, "config "},
        {"config.json", 6, "config"},
        {"config.json", 5, "confi"},
        {"config.json", 1, "c"},
        {"config.json", 0, ""},
        {"model-00001-of-00008.safetensors", 22, "model-00001-of-00008.."},
        {"model-00001-of-00008.safetensors", 16, "model..-of-00008"},
        {"some/directory/model-00001.bin", 20, "some/d../model-00001"},
        {".gitattributes", 10, ".gi..butes"},
        {"dir.d/README", 8, "di..ADME"},
        {"模型模型模型", 8, "模..模型"},
        {"模型模型模型", 7, "模..型 "},
        {"e\xCC\x81"
         "e\xCC\x81"
         "e\xCC\x81"
         "e\xCC\x81"
         "e\xCC\x81"
         "e\xCC\x81"
         "e\xCC\x81",
         6,
         "e\xCC\x81"
         "e\xCC\x81"
         ".."
         "e\xCC\x81"
         "e\xCC\x81"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 256);
        columns_fit(&b, CASES[i].text, CASES[i].width);
        cr_expect_str_eq(buf_str(&b), CASES[i].expected, "'%s' in %zu: '%s'", CASES[i].text,
                         CASES[i].width, buf_str(&b));
        cr_expect_eq(columns_of(buf_str(&b)), CASES[i].width);
    }
}

/* Every prefix length of a nasty name keeps the promise of the header. */
Test(columns, fit_is_exact_for_every_width)
{
    static const char NAME[] = "目录/e\xCC\x81t\xCC\x81"
                               "😀-00001-of-模型.safetensors";
    for (size_t width = 0; width < 60; width++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 512);
        columns_fit(&b, NAME, width);
        cr_expect_eq(columns_of(buf_str(&b)), width, "%zu: %s", width, buf_str(&b));
    }
}

Test(columns, cut_stops_before_what_does_not_fit)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 64);
    cr_assert_eq(columns_cut(&b, "a模型", 4), 3);
    cr_assert_str_eq(buf_str(&b), "a模");
}

Test(bar, is_full_only_at_the_end)
{
    static const struct {
        uint64_t part, total;
        size_t width;
        bool unicode;
        const char *expected;
    } CASES[] = {
        {0, 10, 12, false, "[>         ]"},
        {5, 10, 12, false, "[=====>    ]"},
        {99, 100, 12, false, "[=========>]"},
        {10, 10, 12, false, "[==========]"},
        {11, 10, 12, false, "[==========]"},
        {0, 0, 4, false, "[==]"},
        {5, NUMBER_UNKNOWN, 6, false, "[>   ]"},
        {1, 2, 2, false, "[]"},
        {1, 2, 1, false, " "},
        {1, 2, 0, false, ""},
        {0, 8, 4, true, "┄┄┄┄"},
        {1, 8, 4, true, "╸┄┄┄"},
        {4, 8, 4, true, "━━┄┄"},
        {7, 8, 4, true, "━━━╸"},
        {8, 8, 4, true, "━━━━"},
        {8, 8, 0, true, ""},
        {UINT64_MAX - 2, UINT64_MAX - 1, 4, true, "━━━╸"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 256);
        bar_add(&b, CASES[i].part, CASES[i].total, CASES[i].width, CASES[i].unicode);
        cr_expect_str_eq(buf_str(&b), CASES[i].expected, "case %zu: '%s'", i, buf_str(&b));
    }
}
