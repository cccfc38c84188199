#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/unit/source/exchange.h"

#define SHA256   "f84a8740aafacaaaa1ff67a2c68af7a248713b6f605d9b58972604321e8da066"
#define FILE_URL ENDPOINT "/org/name/resolve/" COMMIT "/sub/a%20b.bin"

Test(resolve, the_hub_is_asked_below_the_pinned_commit)
{
    static const struct {
        const char *source, *endpoint, *want;
    } cases[] = {
        {"hf://org/name", ENDPOINT, FILE_URL},
        {"hf://datasets/org/name", ENDPOINT,
         ENDPOINT "/datasets/org/name/resolve/" COMMIT "/sub/a%20b.bin"},
        {"hf://spaces/org/name", "http://127.0.0.1:8080/hf/",
         "http://127.0.0.1:8080/hf/spaces/org/name/resolve/" COMMIT "/sub/a%20b.bin"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct source_setup setup = {
            .endpoint = cases[i].endpoint, .skip_tree = true, .known_commit = COMMIT};
        struct source *s = source_of(cases[i].source, &setup);
        listing_add(source_listing(s), "sub/a b.bin");
        struct resolve r;
        cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
        cr_expect_str_eq(r.url, cases[i].want);
        cr_expect(r.send_token);
        cr_expect(r.needs_request);
        resolve_done(&r);
        source_free(s);
    }
}

struct hop_case {
    const char *what;
    struct answer answer;
    enum resolve_step want;
    const char *url;
    bool token, head_refused;
};

static const struct hop_case HOPS[] = {
    {"small file: relative",
     {307, .headers = {"Location: /api/resolve-cache/models/x?etag=y"}},
     RESOLVE_READY,
     ENDPOINT "/api/resolve-cache/models/x?etag=y",
     true,
     false},
    {"large file: another origin",
     {302, .headers = {"Location: https://cdn.x/a?Signature=b"}},
     RESOLVE_READY,
     "https://cdn.x/a?Signature=b",
     false,
     false},
    {"renamed repo: relative",
     {307, .headers = {"Location: /new/name/resolve/x/sub/a%20b.bin"}},
     RESOLVE_AGAIN,
     ENDPOINT "/new/name/resolve/x/sub/a%20b.bin",
     true,
     false},
    {"renamed repo: absolute",
     {301, .headers = {"Location: " ENDPOINT "/new/name/resolve/x/a"}},
     RESOLVE_AGAIN,
     ENDPOINT "/new/name/resolve/x/a",
     true,
     false},
    {"another port is another origin",
     {302, .headers = {"Location: " ENDPOINT ":444/resolve/a"}},
     RESOLVE_READY,
     ENDPOINT ":444/resolve/a",
     false,
     false},
    {"a trailing dot is the same host",
     {302, .headers = {"Location: https://huggingface.co./x"}},
     RESOLVE_READY,
     "https://huggingface.co./x",
     true,
     false},
    {"in capitals too",
     {302, .headers = {"Location: HTTPS://HUGGINGFACE.CO/x"}},
     RESOLVE_READY,
     "HTTPS://HUGGINGFACE.CO/x",
     true,
     false},
    {"served at once", {.status = 200}, RESOLVE_READY, FILE_URL, true, false},
    {"no HEAD here", {.status = 405}, RESOLVE_READY, FILE_URL, true, true},
    {"no HEAD anywhere", {.status = 501}, RESOLVE_READY, FILE_URL, true, true},
};

Test(resolve, each_kind_of_answer)
{
    for (size_t i = 0; i < ARRAY_LEN(HOPS); i++) {
        struct source *s = hub_with_file(ENDPOINT, 7);
        struct resolve r;
        enum resolve_step step = RESOLVE_AGAIN;
        struct why why = {""};
        cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
        enum err e = exchange_resolve(s, &r, &HOPS[i].answer, &step, &why);
        cr_expect_eq(e, OK, "%s: %s", HOPS[i].what, why.text);
        cr_expect_eq(step, HOPS[i].want, "%s", HOPS[i].what);
        cr_expect_str_eq(r.url, HOPS[i].url, "%s: %s", HOPS[i].what, r.url);
        cr_expect_eq(r.send_token, HOPS[i].token, "%s", HOPS[i].what);
        cr_expect_eq(r.head_refused, HOPS[i].head_refused, "%s", HOPS[i].what);
        cr_expect_eq(r.size, 7, "%s", HOPS[i].what);
        resolve_done(&r);
        source_free(s);
    }
}

Test(resolve, redirects_that_are_refused)
{
    static const struct {
        const char *location, *said;
    } cases[] = {
        {"Location: http://huggingface.co/x", "https to http"},
        {"Location: http://cdn.x/a?Signature=secret", "https to http"},
        {"Location: file:///etc/passwd", "not http"},
        {"Location: ftp://h/x", "not http"},
        {"Location: data:text/plain,x", "not http"},
        {"Location: //u:p@h/x", "user information"},
        {"Location: https://u:p@h/x", "user information"},
        {"Location: " FILE_URL, "redirects to itself"},
        {"Location: /a b", "space"},
        {"Location: https://h\\@evil/", "backslash"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = hub_with_file(ENDPOINT, 7);
        struct resolve r;
        enum resolve_step step = RESOLVE_AGAIN;
        struct why why = {""};
        cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
        const struct answer a = {302, .headers = {cases[i].location}};
        cr_expect_eq(exchange_resolve(s, &r, &a, &step, &why), ERR_REFUSED, "%s",
                     cases[i].location);
        cr_expect(strstr(why.text, cases[i].said), "%s: %s", cases[i].location, why.text);
        cr_expect(!strstr(why.text, "secret") && !strstr(why.text, "u:p"), "%s", why.text);
        cr_expect_str_eq(r.url, FILE_URL);
        resolve_done(&r);
        source_free(s);
    }
}

Test(resolve, http_stays_http_only_where_the_user_began_so)
{
    struct source *s = hub_with_file("http://127.0.0.1:1", 7);
    struct resolve r;
    cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
    cr_expect_eq(resolve_redirect(s, first_file(s), &r, "http://127.0.0.1:2/x", NULL), OK);
    cr_expect(!r.send_token);
    cr_expect_eq(resolve_redirect(s, first_file(s), &r, "https://127.0.0.1:3/x", NULL), OK);
    cr_expect_eq(resolve_redirect(s, first_file(s), &r, "http://127.0.0.1:1/x", NULL), ERR_REFUSED);
    resolve_done(&r);
    source_free(s);
}

Test(resolve, a_chain_ends_at_its_cap)
{
    struct source *s = hub_with_file(ENDPOINT, 7);
    struct resolve r;
    struct why why = {""};
    cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
    for (unsigned i = 0; i < RESOLVE_MAX_HOPS; i++)
        cr_expect_eq(
            resolve_redirect(s, first_file(s), &r, i % 2 ? "/a/resolve/x" : "/b/resolve/x", &why),
            OK);
    cr_expect_eq(resolve_redirect(s, first_file(s), &r, "/c", &why), ERR_REFUSED);
    cr_expect(strstr(why.text, "more than 10 redirects"), "%s", why.text);
    resolve_done(&r);
    source_free(s);
}

Test(resolve, the_token_stays_below_the_endpoints_path)
{
    static const struct {
        const char *location, *url;
        bool token;
    } cases[] = {
        {"/api/resolve-cache/x", "https://m.x/hf/api/resolve-cache/x", true}, // put back below it
        {"/hf/api/x", "https://m.x/hf/api/x", true},
        {"https://m.x/hf/x", "https://m.x/hf/x", true},
        {"https://m.x/other/x", "https://m.x/other/x", false},
        {"https://m.x/hfx/x", "https://m.x/hfx/x", false},
        {"https://m.x/hf/../other", "https://m.x/other", false},
        {"https://m.x/hf/%2e%2e/other", "https://m.x/other", false},
        {"../../../../../../other", "https://m.x/other", false},
        {"//m.x/other", "https://m.x/other", false},
        {"https://huggingface.co/hf/x", "https://huggingface.co/hf/x", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = hub_with_file("https://m.x/hf", 7);
        struct resolve r;
        cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
        cr_expect(r.send_token);
        cr_expect_eq(resolve_redirect(s, first_file(s), &r, cases[i].location, NULL), OK);
        cr_expect_str_eq(r.url, cases[i].url, "%s: %s", cases[i].location, r.url);
        cr_expect_eq(r.send_token, cases[i].token, "%s", cases[i].location);
        resolve_done(&r);
        source_free(s);
    }
}

Test(resolve, a_final_failure_is_explained)
{
    static const struct {
        struct answer answer;
        enum err want;
        const char *said;
    } cases[] = {
        {{404, .code = "EntryNotFound"}, ERR_NOT_FOUND, "'sub/a b.bin' of 'org/name' is not there"},
        {{403, .code = "GatedRepo"}, ERR_AUTH, "gated"},
        {{.status = 403}, ERR_AUTH, "access was refused"},
        {{.status = 500}, ERR_NETWORK, "answered 500"},
        {{.status = 302}, ERR_REFUSED, "leads nowhere"},
        {{.status = 304}, ERR_REFUSED, "leads nowhere"},
        {{.status = 0, .cause = CAUSE_DNS}, ERR_NETWORK, "does not resolve"},
        {{.status = 200, .cause = CAUSE_TOO_LARGE}, ERR_REFUSED, "larger than we accept"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = hub_with_file(ENDPOINT, 7);
        struct resolve r;
        enum resolve_step step = RESOLVE_AGAIN;
        struct why why = {""};
        cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
        cr_expect_eq(exchange_resolve(s, &r, &cases[i].answer, &step, &why), cases[i].want,
                     "case %zu", i);
        cr_expect(strstr(why.text, cases[i].said), "case %zu: %s", i, why.text);
        cr_expect_eq(step, RESOLVE_AGAIN);
        resolve_done(&r);
        source_free(s);
    }
}
