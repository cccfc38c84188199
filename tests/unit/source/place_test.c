#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"
#include "tests/unit/source/exchange.h"

#define SHA   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define BLOB  "cccccccccccccccccccccccccccccccccccccccc"

static const char *const MIRRORS[] = {"https://one.example/hf/", "http://127.0.0.1:8", NULL};

static struct source_setup with_mirrors(const char *manifest)
{
    return (struct source_setup){.endpoint = ENDPOINT,
                                 .mirrors = MIRRORS,
                                 .manifest_text = manifest,
                                 .manifest_len = manifest ? strlen(manifest) : 0,
                                 .have_token = true};
}

static void expect_place(struct source *s, size_t place, const char *url, const char *name,
                         bool token)
{
    struct resolve r = {0};
    struct why why = {""};
    cr_assert_eq(resolve_start(s, first_file(s), place, &r, &why), OK, "%s", why.text);
    cr_expect_str_eq(r.url, url, "%zu: %s", place, r.url);
    cr_expect_eq(r.send_token, token, "the token at place %zu", place);
    SCOPED(mem_freep) char *is = source_place_name(s, first_file(s), place);
    cr_expect_str_eq(is, name, "%zu: %s", place, is);
    resolve_done(&r);
}

static const char HUB_FILES[] =
    "{\"schema\":1,\"source\":\"hf://org/name\",\"commit\":\"" BLOB "\",\"files\":[{\"path\":"
    "\"a b/w.bin\",\"size\":7,\"digest\":\"sha256:" SHA "\"}]}";

Test(place, of_a_hub_are_its_endpoint_and_every_mirror_and_the_token_is_for_the_first)
{
    struct source_setup setup = with_mirrors(HUB_FILES);
    struct source *s = source_of("./m.json", &setup);
    cr_assert_eq(source_places(s, first_file(s)), 3);
    expect_place(s, 0, ENDPOINT "/org/name/resolve/" BLOB "/a%20b/w.bin", ENDPOINT, true);
    expect_place(s, 1, "https://one.example/hf/org/name/resolve/" BLOB "/a%20b/w.bin",
                 "https://one.example/hf", false);
    expect_place(s, 2, "http://127.0.0.1:8/org/name/resolve/" BLOB "/a%20b/w.bin",
                 "http://127.0.0.1:8", false);
    source_free(s);
}

Test(place, of_a_url_are_its_fellows_and_the_name_below_every_mirror)
{
    static const char TEXT[] =
        "{\"schema\":1,\"files\":[{\"path\":\"d/w.bin\",\"size\":7,\"digest\":\"sha256:" SHA
        "\",\"urls\":[\"https://x.example/1?sig=a\",\"https://y.example:444/2\"]}]}";
    struct source_setup setup = with_mirrors(TEXT);
    struct source *s = source_of("./m.json", &setup);
    cr_assert_eq(source_places(s, first_file(s)), 4);
    expect_place(s, 0, "https://x.example/1?sig=a", "https://x.example", false);
    expect_place(s, 1, "https://y.example:444/2", "https://y.example:444", false);
    expect_place(s, 2, "https://one.example/hf/d/w.bin", "https://one.example/hf", false);
    expect_place(s, 3, "http://127.0.0.1:8/d/w.bin", "http://127.0.0.1:8", false);
    source_free(s);
}

Test(place, without_a_digest_there_is_only_one)
{
    static const char TEXT[] = "{\"schema\":1,\"files\":[{\"path\":\"w.bin\",\"size\":7,"
                               "\"urls\":[\"https://x.example/1\",\"https://y.example/2\"]}]}";
    struct source_setup setup = with_mirrors(TEXT);
    struct source *s = source_of("./m.json", &setup);
    cr_expect_eq(source_places(s, first_file(s)), 1);
    source_free(s);
}

Test(place, a_mirror_must_not_contradict_the_listing)
{
    static const struct {
        const char *what;
        size_t place;
        struct answer answer;
        enum err want;
    } CASES[] = {
        {"the same",
         1,
         {.status = 302,
          .headers = {"X-Linked-ETag:\"" SHA "\"", "X-Linked-Size:7", "Location:https://c/x"}},
         OK},
        {"it says nothing", 1, {.status = 302, .headers = {"Location:https://c/x"}}, OK},
        {"another digest",
         1,
         {.status = 302, .headers = {"X-Linked-ETag:\"" OTHER "\"", "Location:https://c/x"}},
         ERR_INTEGRITY},
        {"the own place may: the digest of its bytes decides",
         0,
         {.status = 302, .headers = {"X-Linked-ETag:\"" OTHER "\"", "Location:https://c/x"}},
         OK},
        {"another size",
         1,
         {.status = 302, .headers = {"X-Linked-Size:8", "Location:https://c/x"}},
         ERR_INTEGRITY},
        {"another length", 1, {.status = 200, .headers = {"Content-Length:8"}}, ERR_INTEGRITY},
        {"the length of a redirect",
         1,
         {.status = 302, .headers = {"Content-Length:284", "Location:https://c/x"}},
         OK},
        {"an ETag of the edge's own", 1, {.status = 200, .headers = {"ETag:\"" OTHER "\""}}, OK},
        {"another revision", 1, {.status = 404, .code = "RevisionNotFound"}, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct source_setup setup = with_mirrors(HUB_FILES);
        struct source *s = source_of("./m.json", &setup);
        struct resolve r = {0};
        enum resolve_step step = RESOLVE_AGAIN;
        struct why why = {""};
        cr_assert_eq(resolve_start(s, first_file(s), CASES[i].place, &r, NULL), OK);
        cr_expect_eq(exchange_resolve(s, &r, &CASES[i].answer, &step, &why), CASES[i].want,
                     "%s: %s", CASES[i].what, why.text);
        resolve_done(&r);
        source_free(s);
    }
}

Test(place, a_mirrors_relative_redirects_stay_below_its_own_path)
{
    struct source_setup setup = with_mirrors(HUB_FILES);
    struct source *s = source_of("./m.json", &setup);
    struct resolve r = {0};
    cr_assert_eq(resolve_start(s, first_file(s), 1, &r, NULL), OK);
    cr_assert_eq(resolve_redirect(s, first_file(s), &r, "/api/resolve-cache/x", NULL), OK);
    cr_expect_str_eq(r.url, "https://one.example/hf/api/resolve-cache/x");
    cr_expect_not(r.send_token);
    cr_assert_eq(resolve_redirect(s, first_file(s), &r, ENDPOINT "/x", NULL), OK);
    cr_expect(r.send_token, "back at the token's own origin");
    resolve_done(&r);
    source_free(s);
}

Test(place, a_mirror_is_an_address)
{
    static const char *const BAD[] = {"ftp://x", "https://x/?a=b", "https://u:p@x", "nothing"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        const char *const mirrors[] = {BAD[i], NULL};
        struct source_setup setup = {.endpoint = ENDPOINT, .mirrors = mirrors};
        struct source_spec spec = {.kind = SOURCE_HUB, .repo = mem_strdup("org/name")};
        struct source *s = NULL;
        struct why why = {""};
        cr_expect_eq(source_open(&spec, &setup, &s, &why), ERR_USAGE, "%s", BAD[i]);
        cr_expect(strstr(why.text, "mirror"), "%s", why.text);
        source_spec_done(&spec);
    }
}
