/* What people are told when a server says no. Each row: who asked for what, what was answered, the
 * contract's code, and what the sentence must hold. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "tests/unit/source/exchange.h"

enum { SAID = 4 };

struct told_case {
    const char *what;
    struct answer answer;
    const char *path;
    bool token;
    enum err want;
    const char *said[SAID];
};

static void expect_told(const char *source, const struct told_case *c)
{
    const struct source_setup setup = {
        .endpoint = ENDPOINT,
        .have_token = c->token,
        .token_origin_note = c->token ? "HF_TOKEN" : NULL,
    };
    struct source *s = source_of(source, &setup);
    struct why why = {""};
    struct reply r = reply_of(&c->answer);
    cr_expect_eq(source_explain(s, c->path, &r.outcome, &why), c->want, "%s", c->what);
    for (size_t i = 0; i < SAID && c->said[i]; i++)
        cr_expect(strstr(why.text, c->said[i]), "%s: no '%s' in: %s", c->what, c->said[i],
                  why.text);
    cr_expect_eq(c->token && strstr(why.text, "HF_TOKEN or"), false, "%s: %s", c->what, why.text);
    reply_done(&r);
    source_free(s);
}

static const struct told_case BY_HUB[] = {
    {"no such repo",
     {404, .code = "RepoNotFound"},
     NULL,
     false,
     ERR_NOT_FOUND,
     {"'org/name'", "huggingface.co answered 404, RepoNotFound, request req-1", "--token-file"}},
    {"no such repo, with a token",
     {404, .code = "RepoNotFound"},
     NULL,
     true,
     ERR_NOT_FOUND,
     {"'org/name'", "the token from HF_TOKEN may not see it"}},
    {"no such revision",
     {404, .code = "RevisionNotFound"},
     NULL,
     false,
     ERR_NOT_FOUND,
     {"no revision 'v9'", "https://huggingface.co/org/name"}},
    {"no such file",
     {404, .code = "EntryNotFound"},
     "a.bin",
     false,
     ERR_NOT_FOUND,
     {"'a.bin' of 'org/name' is not there", "404, EntryNotFound"}},
    {"401 without a code, nobody",
     {401, .text = "Invalid username or password."},
     NULL,
     false,
     ERR_NOT_FOUND,
     {"'org/name'", "private", "HF_TOKEN or --token-file"}},
    {"401 with a token",
     {401, .text = "Invalid credentials in Authorization header"},
     NULL,
     true,
     ERR_AUTH,
     {"the token from HF_TOKEN was not accepted", "expired", "--no-token"}},
    {"gated, nobody",
     {401, .code = "GatedRepo"},
     "a.bin",
     false,
     ERR_AUTH,
     {"'a.bin' of 'org/name' is gated", "https://huggingface.co/org/name", "--token-file"}},
    {"gated, no access",
     {403, .code = "GatedRepo"},
     "a.bin",
     true,
     ERR_AUTH,
     {"the token from HF_TOKEN has no access", "https://huggingface.co/org/name"}},
    {"disabled",
     {403, .text = "Access to this resource is disabled."},
     NULL,
     true,
     ERR_AUTH,
     {"Access to this resource is disabled.", "the token used is the one from HF_TOKEN"}},
    {"disabled, nobody",
     {403, .text = "Access to this resource is disabled."},
     NULL,
     false,
     ERR_AUTH,
     {"Access to this resource is disabled."}},
    {"legal reasons", {.status = 451}, NULL, false, ERR_AUTH, {"answered 451"}},
    {"too many requests",
     {.status = 429},
     NULL,
     false,
     ERR_RATE_LIMITED,
     {"too many requests", "with a token the Hub allows more"}},
    {"too many, as rate limit",
     {429, .cause = CAUSE_RATE_LIMIT},
     NULL,
     true,
     ERR_RATE_LIMITED,
     {"too many requests"}},
    {"server error",
     {.status = 503},
     "a.bin",
     false,
     ERR_NETWORK,
     {"'a.bin' of 'org/name'", "huggingface.co answered 503"}},
    {"a redirect without a location", {.status = 302}, NULL, false, ERR_REFUSED, {"leads nowhere"}},
    {"text from outside",
     {500, .text = "\x1b[2J", .code = "\xe2\x80\xae"},
     "a\nb",
     false,
     ERR_NETWORK,
     {"\\x1b[2J", "\\xe2\\x80\\xae", "a\\x0ab"}},
};

Test(explain, what_the_hub_says)
{
    for (size_t i = 0; i < ARRAY_LEN(BY_HUB); i++)
        expect_told("org/name@v9", &BY_HUB[i]);
}

Test(explain, what_never_saw_the_token_does_not_speak_of_it)
{
    static const struct told_case cases[] = {
        {"the CDN",
         {403, .host = "cdn.example"},
         "a.bin",
         true,
         ERR_AUTH,
         {"'a.bin' of 'org/name': access was refused (cdn.example answered 403"}},
        {"the CDN has lost it",
         {404, .host = "cdn.example"},
         "a.bin",
         true,
         ERR_NOT_FOUND,
         {"'a.bin' of 'org/name' is not there (cdn.example answered 404"}},
        {"the CDN wants a name",
         {401, .host = "cdn.example"},
         "a.bin",
         true,
         ERR_AUTH,
         {"access was refused"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_told("org/name", &cases[i]);

    const struct source_setup setup = {
        .endpoint = ENDPOINT, .have_token = true, .token_origin_note = "HF_TOKEN"};
    struct source *s = source_of("https://x.org/f.bin", &setup);
    struct why why = {""};
    struct reply r = reply_of(&(struct answer){401, .host = "x.org"});
    cr_expect_eq(source_explain(s, "f.bin", &r.outcome, &why), ERR_AUTH);
    cr_expect(!strstr(why.text, "token"), "%s", why.text);
    reply_done(&r);
    source_free(s);
}

Test(explain, a_name_that_looks_like_a_file_is_told_how_to_be_one)
{
    static const struct told_case one = {"one word",    {404, .code = "RepoNotFound"}, NULL, false,
                                         ERR_NOT_FOUND, {"'m.json'", "./NAME"}};
    expect_told("m.json", &one);
}

Test(explain, every_cause_has_its_code)
{
    static const struct {
        enum cause cause;
        enum err want;
    } cases[] = {
        {CAUSE_DNS, ERR_NETWORK},       {CAUSE_CONNECT, ERR_NETWORK},
        {CAUSE_TLS, ERR_NETWORK},       {CAUSE_PROXY, ERR_NETWORK},
        {CAUSE_PROXY_AUTH, ERR_AUTH},   {CAUSE_STALLED, ERR_NETWORK},
        {CAUSE_RESET, ERR_NETWORK},     {CAUSE_PROTOCOL, ERR_NETWORK},
        {CAUSE_RANGE, ERR_INTEGRITY},   {CAUSE_CHANGED, ERR_INTEGRITY},
        {CAUSE_ENCODED, ERR_INTEGRITY}, {CAUSE_TOO_LARGE, ERR_REFUSED},
        {CAUSE_DISK, ERR_DISK},         {CAUSE_DIGEST, ERR_INTEGRITY},
        {CAUSE_CUT, ERR_CANCELLED},     {CAUSE_CANCELLED, ERR_CANCELLED},
    };
    struct source *s = source_of("org/name", NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome o = {.cause = cases[i].cause, .host = "huggingface.co:8443"};
        struct why why = {""};
        cr_expect_eq(source_explain(s, "a.bin", &o, &why), cases[i].want, "%s",
                     cause_word(cases[i].cause));
        cr_expect(strstr(why.text, "'a.bin' of 'org/name' from huggingface.co:8443: "), "%s",
                  why.text);
        if (cases[i].cause == CAUSE_PROXY_AUTH) continue; // no answer of that host
        o.status = 206;
        fail(&o.why, OK, "as %s said", "xfer");
        cr_expect_eq(source_explain(s, "a.bin", &o, &why), cases[i].want);
        cr_expect(strstr(why.text, "as xfer said (huggingface.co:8443 answered 206"), "%s",
                  why.text);
    }
    source_free(s);
}
