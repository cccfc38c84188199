#include <string.h>

#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "tests/unit/source/exchange.h"

#define HEX   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UPPER "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

static enum err open_text(const char *text, size_t len, const char *base_url, struct source **ret,
                          struct why *why)
{
    const struct source_spec spec = {.kind = SOURCE_MANIFEST, .file = (char[]){"./SHA256SUMS"}};
    const struct source_setup setup = {
        .endpoint = ENDPOINT,
        .base_url = base_url,
        .manifest_text = text,
        .manifest_len = len,
    };
    return source_open(&spec, &setup, ret, why);
}

Test(sums, lines_as_coreutils_writes_them)
{
    static const struct {
        const char *text, *path, *url;
    } cases[] = {
        {HEX "  a.bin\n", "a.bin", "https://b.org/d/a.bin"},
        {HEX " *a.bin\n", "a.bin", "https://b.org/d/a.bin"},
        {HEX "  a.bin", "a.bin", "https://b.org/d/a.bin"},
        {HEX "  a.bin\r\n", "a.bin", "https://b.org/d/a.bin"},
        {UPPER "  a.bin\n", "a.bin", "https://b.org/d/a.bin"},
        {"\n\r\n" HEX "  a.bin\n\n", "a.bin", "https://b.org/d/a.bin"},
        {HEX "  sub/a b.bin\n", "sub/a b.bin", "https://b.org/d/sub/a%20b.bin"},
        {HEX "  ./sub/a.bin\n", "sub/a.bin", "https://b.org/d/sub/a.bin"},
        {HEX "   a.bin\n", " a.bin", "https://b.org/d/%20a.bin"},
        {HEX "  *a.bin\n", "*a.bin", "https://b.org/d/%2Aa.bin"},
        {HEX "  a?b#c%20.bin\n", "a?b#c%20.bin", "https://b.org/d/a%3Fb%23c%2520.bin"},
        {HEX "  http:x\n", "http:x", "https://b.org/d/http%3Ax"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = NULL;
        struct why why = {""};
        enum err e = open_text(cases[i].text, strlen(cases[i].text), "https://b.org/d", &s, &why);
        cr_assert_eq(e, OK, "%s: %s", cases[i].text, why.text);
        cr_expect_eq(source_listing(s)->count, 1);
        cr_expect_str_eq(first_file(s)->path, cases[i].path);
        cr_expect_str_eq(first_file(s)->url, cases[i].url);
        cr_expect_eq(first_file(s)->size, SIZE_NOT_KNOWN);
        char text[DIGEST_TEXT_MAX];
        digest_print(&first_file(s)->digest, text);
        cr_expect_str_eq(text, "sha256:" HEX);
        source_free(s);
    }
}

Test(sums, several_files_keep_their_order)
{
    static const char TEXT[] = HEX "  b\n" HEX " *a\n" HEX "  c/d\n";
    struct source *s = NULL;
    cr_assert_eq(open_text(TEXT, strlen(TEXT), "https://b.org", &s, NULL), OK);
    cr_assert_eq(source_listing(s)->count, 3);
    cr_expect_str_eq(source_listing(s)->entries[0].path, "b");
    cr_expect_str_eq(source_listing(s)->entries[2].path, "c/d");
    struct request q;
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    source_free(s);
}

#define TEXT(t)                                                                                    \
    {                                                                                              \
        t, sizeof(t) - 1

static const struct {
    const char *text;
    size_t len;
    const char *said;
} REFUSED[] = {TEXT(""), "is empty"}, TEXT("\n\n"), "is empty"
}
, TEXT("<html>"), "neither a manifest nor a SHA256SUMS list, line 1"
}
, TEXT("[]"), "neither a manifest nor"
}
, TEXT("# a comment\n"), "line 1: not 64 hex digits"
}
, TEXT(HEX "  a\nx\n"), "SHA256SUMS list, line 2: not 64 hex digits"
}
, TEXT(HEX "\n"), "line 1: not 64"
}
, TEXT(HEX "  \n"), "line 1: not 64"
}
, TEXT(HEX "  "), "line 1: not 64"
}
, TEXT(HEX " a\n"), "line 1: not 64"
}
, TEXT(HEX "\ta\n"), "line 1: not 64"
}
, TEXT(HEX "0  a\n"), "line 1: not 64"
}
, TEXT("g" HEX "  a\n"), "line 1: not 64"
}
, TEXT("SHA256 (a) = " HEX "\n"), "line 1: not 64"
}
, TEXT(HEX "  ../a\n"), "line 1: unsafe name '../a'"
}
, TEXT(HEX "  /a\n"), "line 1: unsafe name '/a'"
}
, TEXT(HEX "  a\\b\n"), "backslash"
}
, TEXT(HEX "  ./\n"), "it is empty"
}
, TEXT(HEX "  -\n" HEX "  -\n"), "listed twice"
}
, TEXT(HEX "  a\n" HEX "  ./a\n"), "listed twice"
}
, TEXT(HEX "  a\0b\n"), "a bad escape"
}
, TEXT("\\" HEX "  a\\nb\n"), "control character"
}
, // well escaped, but no name for us
    TEXT("\\" HEX "  a\\\\b\n"), "backslash"
}
, TEXT("\\" HEX "  a\\tb\n"), "a bad escape"
}
, TEXT("\\" HEX "  a\\\n"), "a bad escape"
}
, TEXT("\\" HEX "\n"), "line 1: not 64"
}
, TEXT("\\"), "line 1: not 64"
}
,
}
;

Test(sums, anything_else_is_refused_naming_the_line)
{
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        struct source *s = NULL;
        struct why why = {""};
        enum err e = open_text(REFUSED[i].text, REFUSED[i].len, "https://b.org", &s, &why);
        cr_expect_eq(e, ERR_REFUSED, "%s", REFUSED[i].text);
        cr_expect(strstr(why.text, REFUSED[i].said), "%s: %s", REFUSED[i].text, why.text);
        cr_expect_null(s);
    }
}

Test(sums, an_escaped_line_without_escapes_is_a_plain_one)
{
    static const char LINE[] = "\\" HEX "  a.bin\n";
    struct source *s = NULL;
    cr_assert_eq(open_text(LINE, strlen(LINE), "https://b.org", &s, NULL), OK);
    cr_expect_str_eq(first_file(s)->path, "a.bin");
    source_free(s);
}

Test(sums, where_the_files_are_must_be_told)
{
    static const char LINE[] = HEX "  a.bin\n";
    struct source *s = NULL;
    struct why why = {""};
    cr_expect_eq(open_text(LINE, strlen(LINE), NULL, &s, &why), ERR_USAGE);
    cr_expect(strstr(why.text, "--base-url"), "%s", why.text);
}
