#include <string.h>

#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "tests/unit/source/exchange.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

Test(bare_url, is_one_file_named_by_its_last_segment)
{
    static const struct {
        const char *url, *name;
    } cases[] = {
        {"https://x.org/f.bin", "f.bin"},
        {"https://x.org/a/b/f.bin?sig=/x/y", "f.bin"},
        {"https://x.org/a%20b.bin", "a b.bin"},
        {"https://x.org/%C3%A4", "ä"},
        {"https://x.org/ä", "ä"},
        {"https://x.org/ab:c", "ab:c"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = source_of(cases[i].url, NULL);
        struct request q;
        cr_expect_eq(source_next(s, &q), SOURCE_DONE);
        cr_assert_eq(source_listing(s)->count, 1);
        cr_expect_str_eq(first_file(s)->path, cases[i].name);
        cr_expect_str_eq(first_file(s)->url, cases[i].url);
        cr_expect_eq(first_file(s)->size, SIZE_NOT_KNOWN);
        cr_expect_eq(first_file(s)->digest.kind, DIGEST_NONE);
        cr_expect_null(source_commit(s));
        source_free(s);
    }
}

Test(bare_url, a_pin_is_its_digest)
{
    struct source *s = source_of("https://x.org/f.bin#sha256=" HEX, NULL);
    char text[DIGEST_TEXT_MAX];
    digest_print(&first_file(s)->digest, text);
    cr_expect_str_eq(text, "sha256:" HEX);
    cr_expect_str_eq(first_file(s)->url, "https://x.org/f.bin");
    source_free(s);
}

Test(bare_url, without_a_safe_name_it_is_refused)
{
    static const struct {
        const char *url, *said;
    } cases[] = {
        {"https://x.org", "empty"},           {"https://x.org/", "empty"},
        {"https://x.org/a/", "empty"},        {"https://x.org?f.bin", "empty"},
        {"https://x.org/%2e%2e", "'..'"},     {"https://x.org/..", "'..'"},
        {"https://x.org/a%2Fb", "gives no"},  {"https://x.org/%2e%2e%2fb", "gives no"},
        {"https://x.org/a%5Cb", "backslash"}, {"https://x.org/a%0Ab", "control"},
        {"https://x.org/a%00b", "badly"},     {"https://x.org/a%zz", "badly"},
        {"https://x.org/%ff", "UTF-8"},       {"https://x.org/.cache", "state"},
        {"https://x.org/C:", "drive"},
    };
    const struct source_hint hint = {.endpoint = ENDPOINT};
    const struct source_setup setup = {.endpoint = ENDPOINT};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source_spec spec;
        struct source *s = NULL;
        struct why why = {""};
        cr_assert_eq(source_spec_parse(cases[i].url, &hint, &spec, &why), OK, "%s", why.text);
        cr_expect_eq(source_open(&spec, &setup, &s, &why), ERR_REFUSED, "%s", cases[i].url);
        cr_expect(strstr(why.text, cases[i].said), "%s: %s", cases[i].url, why.text);
        cr_expect_null(s);
        source_spec_done(&spec);
    }
}
