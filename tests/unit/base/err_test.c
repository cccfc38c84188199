#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/err.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

Test(err, words_and_exit_codes_are_those_of_the_contract)
{
    static const struct {
        enum err e;
        const char *word;
        int code;
    } cases[] = {
        {OK, "ok", 0},
        {ERR_INTERNAL, "internal", 1},
        {ERR_USAGE, "usage", 2},
        {ERR_NOT_FOUND, "not-found", 3},
        {ERR_NOT_CACHED, "not-cached", 3},
        {ERR_AUTH, "auth", 4},
        {ERR_INTEGRITY, "integrity", 5},
        {ERR_DISK, "disk", 6},
        {ERR_RATE_LIMITED, "rate-limited", 7},
        {ERR_NETWORK, "network", 8},
        {ERR_PARTIAL, "partial", 10},
        {ERR_REFUSED, "refused", 11},
        {ERR_BUSY, "busy", 12},
        {ERR_MEMORY, "memory", 13},
        {ERR_CANCELLED, "cancelled", 130},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cr_expect_str_eq(err_word(cases[i].e), cases[i].word);
        cr_expect_eq(err_exit_code(cases[i].e), cases[i].code, "%s", cases[i].word);
    }
}

Test(err, a_number_that_is_no_error_is_internal)
{
    cr_expect_str_eq(err_word((enum err)999), "internal");
    cr_expect_eq(err_exit_code((enum err)999), 1);
}

Test(err, fail_writes_the_sentence_and_returns_the_error)
{
    struct why why = {"before"};
    cr_expect_eq(fail(&why, ERR_AUTH, "'%s' answered %d", "host", 401), ERR_AUTH);
    cr_expect_str_eq(why.text, "'host' answered 401");
    cr_expect_eq(fail(NULL, ERR_BUSY, "nobody listens"), ERR_BUSY);
}

Test(err, fail_errno_appends_what_errno_says)
{
    struct why why = {""};
    errno = ENOSPC;
    cr_expect_eq(fail_errno(&why, "cannot write '%s'", "x"), ERR_DISK);
    cr_expect_str_eq(why.text, "cannot write 'x': No space left on device");
    cr_expect_eq(fail_errno(NULL, "nobody listens"), ERR_DISK);
}

Test(err, a_sentence_that_just_fits_is_whole)
{
    char text[WHY_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct why why = {""};
    cr_expect_eq(fail(&why, ERR_INTERNAL, "%s", text), ERR_INTERNAL);
    cr_expect_str_eq(why.text, text);
}

/* Characters of two, three and four bytes across the cut, at every position in them. */
Test(err, a_long_sentence_is_cut_between_characters)
{
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t c = 0; c < ARRAY_LEN(characters); c++) {
        size_t n = strlen(characters[c]);
        for (size_t lead = WHY_MAX - 1 - n; lead < WHY_MAX; lead++) {
            char text[2 * WHY_MAX];
            memset(text, 'x', lead);
            memcpy(text + lead, characters[c], n);
            memcpy(text + lead + n, "tail", sizeof("tail"));
            struct why why = {""};
            cr_expect_eq(fail(&why, ERR_INTERNAL, "%s", text), ERR_INTERNAL);
            size_t kept = strlen(why.text);
            cr_expect(str_is_utf8(why.text, kept), "%zu bytes before %zu", lead, n);
            cr_expect_eq(kept, lead + n > WHY_MAX - 1 ? lead : lead + n, "%zu + %zu", lead, n);
        }
    }
}

Test(err, a_long_sentence_leaves_no_room_for_errno_and_stays_valid)
{
    char text[2 * WHY_MAX];
    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    text[sizeof(text) - 2] = '\0';
    struct why why = {""};
    errno = EIO;
    cr_expect_eq(fail_errno(&why, "%s", text), ERR_DISK);
    cr_expect(str_is_utf8(why.text, strlen(why.text)));
    cr_expect_gt(strlen(why.text), WHY_MAX - 8);
}
