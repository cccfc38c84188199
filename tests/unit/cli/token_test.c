#include "cli/token.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "download/base/secret.h"
#include "tests/unit/cli/given.h"

static void start(void)
{
    given_home();
}

TestSuite(token, .init = start, .fini = given_clean);

static void expect_token(const char *const *words, const char *token, const char *note)
{
    SCOPED(given_done) struct given g = {0};
    given_words(&g, words);
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    if (!token) {
        cr_expect_null(g.o.settings.token);
        return;
    }
    cr_assert(g.o.settings.token, "expected %s", token);
    cr_expect_str_eq(secret_reveal(g.o.settings.token), token);
    cr_expect(strstr(g.o.settings.token_note, note), "%s", g.o.settings.token_note);
}
#define EXPECT_TOKEN(token, note, ...)                                                             \
    expect_token((const char *const[]){"get", __VA_ARGS__, NULL}, token, note)

Test(token, is_looked_for_in_the_documented_order)
{
    EXPECT_TOKEN(NULL, NULL, "a/b");
    given_file(".cache/huggingface/token", " hf_home\n");
    EXPECT_TOKEN("hf_home", "/.cache/huggingface/token'", "a/b");
    setenv("HF_TOKEN_PATH", given_file("path", "hf_path"), 1);
    EXPECT_TOKEN("hf_path", "/path'", "a/b");
    setenv("HUGGING_FACE_HUB_TOKEN", "hf_legacy", 1);
    EXPECT_TOKEN("hf_legacy", "HUGGING_FACE_HUB_TOKEN", "a/b");
    setenv("HF_TOKEN", "\thf_env \n", 1);
    EXPECT_TOKEN("hf_env", "HF_TOKEN", "a/b");
    const char *file = given_file("file", "hf_file\r\n");
    EXPECT_TOKEN("hf_file", "file '", "a/b", "--token-file", file);
    EXPECT_TOKEN("hf_flag", "--token", "a/b", "--token-file", file, "--token=hf_flag");
    EXPECT_TOKEN(NULL, NULL, "a/b", "--token-file", file, "--no-token");
}

Test(token, only_flags_count_when_implicit_ones_are_disabled)
{
    setenv("HF_TOKEN", "hf_env", 1);
    given_file(".cache/huggingface/token", "hf_home");
    setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "true", 1);
    EXPECT_TOKEN(NULL, NULL, "a/b");
    EXPECT_TOKEN("hf_flag", "--token", "a/b", "--token=hf_flag");
    setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "0", 1);
    EXPECT_TOKEN("hf_env", "HF_TOKEN", "a/b");
}

Test(token, a_file_that_is_empty_or_absent_is_no_token)
{
    given_file(".cache/huggingface/token", " \n");
    EXPECT_TOKEN(NULL, NULL, "a/b");
    setenv("HF_TOKEN_PATH", "/nowhere/token", 1);
    EXPECT_TOKEN(NULL, NULL, "a/b");
}

Test(token, a_bad_one_names_its_source_and_not_itself)
{
    static const struct {
        const char *name, *variable, *word, *says;
    } CASES[] = {
        {"blank inside", "hf_ca nary", NULL, "HF_TOKEN"},
        {"line break inside", "hf_ca\nnary", NULL, "HF_TOKEN"},
        {"not ASCII", "hf_ca\xc3\xa9nary", NULL, "HF_TOKEN"},
        {"by flag", NULL, "--token=hf_ca nary", "--token"},
        {"blank by flag", NULL, "--token= ", "the token from --token is empty"},
        {"missing file", NULL, "--token-file=/nowhere/t", "/nowhere/t"},
        {"directory", NULL, "--token-file=/", "'/'"},
        {"device without end", NULL, "--token-file=/dev/zero", "larger than"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        unsetenv("HF_TOKEN");
        if (CASES[i].variable) setenv("HF_TOKEN", CASES[i].variable, 1);
        SCOPED(given_done) struct given g = {0};
        GIVEN(&g, "get", "a/b", CASES[i].word);
        cr_expect_eq(g.e, ERR_USAGE, "%s", CASES[i].name);
        cr_expect(strstr(g.why.text, CASES[i].says), "%s: %s", CASES[i].name, g.why.text);
        cr_expect_not(strstr(g.why.text, "nary"), "%s", g.why.text);
    }
}

Test(token, leaks_only_to_other_machines_in_clear_text)
{
    static const struct {
        const char *endpoint;
        bool leaks;
    } CASES[] = {
        {"https://huggingface.co", false},
        {"http://hub.example", true},
        {"HTTP://hub.example:8080/x", true},
        {"http://localhost:1234", false},
        {"http://LOCALHOST", false},
        {"http://127.0.0.1:80/prefix", false},
        {"http://127.1.2.3", false},
        {"http://[::1]:8080/", false},
        {"http://[::1]", false},
        {"http://[::2]:8080/", true},
        {"http://127.evil.example", true},
        {"http://localhost.evil.example", true},
        {"http://localhost@evil.example", true},
        {"http://evil.example?@localhost", true},
        {"http://evil.example\\@localhost", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        cr_expect_eq(token_would_leak(CASES[i].endpoint), CASES[i].leaks, "%s", CASES[i].endpoint);
}

Test(token, stays_at_home_where_it_would_travel_in_clear_text)
{
    setenv("HF_TOKEN", "hf_env", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--endpoint=http://hub.example");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_null(g.o.settings.token);
    cr_assert(strstr(g.o.token_warning, "HF_TOKEN"), "%s", g.o.token_warning);

    SCOPED(given_done) struct given h = {0};
    GIVEN(&h, "get", "a/b", "--endpoint=http://hub.example", "--token=hf_flag");
    cr_assert_eq(h.e, ERR_USAGE);
    cr_assert(strstr(h.why.text, "clear text"), "%s", h.why.text);
}
