#include <string.h>

#include <criterion/criterion.h>

#include "hash/digest.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEX_20 "0123456789abcdef0123456789abcdef01234567"
#define HEX_32 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

Test(digest, sizes_and_names)
{
    cr_expect_eq(digest_size(DIGEST_NONE), 0);
    cr_expect_eq(digest_size(DIGEST_SHA256), 32);
    cr_expect_eq(digest_size(DIGEST_GIT_SHA1), 20);
    cr_expect_eq(digest_size((enum digest_kind)99), 0);
    cr_expect_str_eq(digest_name(DIGEST_NONE), "none");
    cr_expect_str_eq(digest_name(DIGEST_SHA256), "sha256");
    cr_expect_str_eq(digest_name(DIGEST_GIT_SHA1), "git-sha1");
    cr_expect_str_eq(digest_name((enum digest_kind)99), "none");
}

Test(digest, what_is_parsed_is_printed_again)
{
    static const char *const texts[] = {"sha256:" HEX_32, "git-sha1:" HEX_20};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct digest d = {0};
        cr_assert(digest_parse(texts[i], strlen(texts[i]), &d), "%s", texts[i]);
        char text[DIGEST_TEXT_MAX];
        char hex[DIGEST_HEX_MAX];
        digest_print(&d, text);
        digest_print_hex(&d, hex);
        cr_expect_str_eq(text, texts[i]);
        cr_expect_str_eq(hex, strchr(texts[i], ':') + 1);
        cr_expect_eq(d.bytes[0], 0x01);
        cr_expect_eq(d.bytes[7], 0xEF);
    }
}

/* A digest was once a path in other programs: nothing but the exact form may pass. */
Test(digest, everything_else_is_refused)
{
    static const struct {
        const char *name;
        const char *text;
    } cases[] = {
        {"empty", ""},
        {"name only", "sha256"},
        {"no digits", "sha256:"},
        {"upper-case digits",
         "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"upper-case name", "SHA256:" HEX_32},
        {"one digit short",
         "sha256:123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"one digit more", "sha256:" HEX_32 "0"},
        {"line end", "sha256:" HEX_32 "\n"},
        {"space before", " sha256:" HEX_32},
        {"space after the colon", "sha256: " HEX_32},
        {"length of the other kind", "sha256:" HEX_20},
        {"length of the other kind", "git-sha1:" HEX_32},
        {"other algorithm", "sha1:" HEX_20},
        {"other algorithm", "sha512:" HEX_32 HEX_32},
        {"longer name", "sha2566:" HEX_32},
        {"no name", HEX_32},
        {"empty name", ":" HEX_32},
        {"none", "none:"},
        {"none with digits", "none:" HEX_32},
        {"path", "sha256:../../../../../../../../../../../../../../../../../../../../../etc"},
        {"dash", "sha256-" HEX_32},
        {"not hex", "sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"not hex at the end",
         "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde`"},
        {"a sign", "sha256:+123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct digest d = {.kind = DIGEST_NONE, .bytes = {7}};
        cr_expect(!digest_parse(cases[i].text, strlen(cases[i].text), &d), "%s", cases[i].name);
        cr_expect(d.kind == DIGEST_NONE && d.bytes[0] == 7, "%s: touched", cases[i].name);
    }
    struct digest d = {0};
    cr_expect(!digest_parse("sha256:" HEX_32 "\0", 72, &d), "a NUL behind it");
    cr_expect(!digest_parse("sha256:" HEX_32, 70, &d), "the length counts, not the NUL");
}

Test(digest, upper_case_is_for_those_who_ask_for_it)
{
    static const char upper[] = "0123456789ABCDEF0123456789ABCDEF01234567";
    struct digest d = {0};
    struct digest e = {0};
    cr_expect(!digest_parse_hex(DIGEST_GIT_SHA1, upper, 40, &d));
    cr_assert(digest_parse_hex_any_case(DIGEST_GIT_SHA1, upper, 40, &d));
    cr_assert(digest_parse_hex(DIGEST_GIT_SHA1, HEX_20, 40, &e));
    cr_expect(digest_equal(&d, &e));
    cr_expect(!digest_parse_hex_any_case(DIGEST_GIT_SHA1, "G", 1, &d));
    cr_expect(!digest_parse_hex(DIGEST_NONE, "", 0, &d));
    cr_expect(!digest_parse_hex((enum digest_kind)99, "", 0, &d));
}

Test(digest, equal_means_same_kind_and_same_bytes)
{
    struct digest a = {.kind = DIGEST_SHA256, .bytes = {1, 2, 3}};
    struct digest b = a;
    cr_expect(digest_equal(&a, &b));
    b.bytes[31] = 1;
    cr_expect(!digest_equal(&a, &b));
    b = a;
    b.kind = DIGEST_GIT_SHA1;
    cr_expect(!digest_equal(&a, &b));
}

Test(digest, no_digest_is_never_a_match)
{
    struct digest a = {0};
    struct digest b = {0};
    cr_expect(!digest_equal(&a, &b));
    char text[DIGEST_TEXT_MAX] = "x";
    char hex[DIGEST_HEX_MAX] = "x";
    digest_print(&a, text);
    digest_print_hex(&a, hex);
    cr_expect_str_eq(text, "");
    cr_expect_str_eq(hex, "");
}
