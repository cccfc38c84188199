#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/unit/source/exchange.h"

#define HEX64        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEX40        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
#define MANIFEST_URL "https://x.org/m/list.json"

/* Opens a manifest's text as if read from a file (`url` NULL) or from a URL. */
static enum err open_text(const char *text, const char *url, const char *base_url,
                          struct source **ret, struct why *why)
{
    char *copy = mem_strdup(url);
    const struct source_spec spec = {.kind = SOURCE_MANIFEST, .url = copy, .file = (char[]){"./m"}};
    const struct source_setup setup = {
        .endpoint = ENDPOINT,
        .base_url = base_url,
        .manifest_text = text,
        .manifest_len = strlen(text),
    };
    enum err e = source_open(&spec, &setup, ret, why);
    mem_free(copy);
    return e;
}

static struct source *opened(const char *text, const char *url, const char *base_url)
{
    struct source *s = NULL;
    struct why why = {""};
    cr_assert_eq(open_text(text, url, base_url, &s, &why), OK, "%s: %s", text, why.text);
    return s;
}

Test(manifest, is_a_listing_with_its_own_urls)
{
    struct source *s = opened("{\"schema\": 1, \"source\": \"s3://b\", \"commit\": \"" COMMIT "\","
                              " \"files\": [{\"path\": \"a/b.bin\", \"size\": 7, \"digest\":"
                              " \"sha256:" HEX64 "\", \"urls\": [\"https://y.org/b\", \"c\"]},"
                              " {\"path\": \"c\", \"digest\": \"git-sha1:" HEX40 "\","
                              " \"urls\": [\"../c%20d\"]},"
                              " {\"path\": \"d e\"}]}",
                              MANIFEST_URL, NULL);
    struct request q;
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    const struct listing *l = source_listing(s);
    cr_assert_eq(l->count, 3);
    cr_expect_str_eq(l->entries[0].path, "a/b.bin");
    cr_expect_eq(l->entries[0].size, 7);
    cr_expect_eq(l->entries[0].digest.kind, DIGEST_SHA256);
    cr_expect_str_eq(l->entries[0].url, "https://y.org/b");
    cr_expect_eq(l->entries[1].size, SIZE_NOT_KNOWN);
    cr_expect_eq(l->entries[1].digest.kind, DIGEST_GIT_SHA1);
    cr_expect_str_eq(l->entries[1].url, "https://x.org/c%20d");
    cr_expect_eq(l->entries[2].digest.kind, DIGEST_NONE);
    cr_expect_str_eq(l->entries[2].url, "https://x.org/m/d%20e"); // beside the manifest
    cr_expect_str_eq(source_commit(s), COMMIT);
    cr_expect_null(source_warning(s, 0));
    source_free(s);
}

Test(manifest, where_a_file_without_urls_comes_from)
{
    static const struct {
        const char *what, *head, *url, *base, *want; // want NULL: the Hub resolves it
    } cases[] = {
        {"beside the manifest", "", MANIFEST_URL, NULL, "https://x.org/m/f"},
        {"below --base-url", "", NULL, "https://b.org/d", "https://b.org/d/f"},
        {"--base-url beats the manifest's URL", "", MANIFEST_URL, "https://b.org/d/",
         "https://b.org/d/f"},
        {"the repo", "\"source\":\"hf://datasets/o/n\",\"commit\":\"" COMMIT "\",", NULL, NULL,
         NULL},
        {"the repo beats the manifest's URL", "\"source\":\"hf://o/n\",\"commit\":\"" COMMIT "\",",
         MANIFEST_URL, NULL, NULL},
        {"--base-url beats the repo", "\"source\":\"hf://o/n\",\"commit\":\"" COMMIT "\",", NULL,
         "https://b.org", "https://b.org/f"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text =
            mem_printf("{\"schema\":1,%s\"files\":[{\"path\":\"f\",\"size\":1}]}", cases[i].head);
        struct source *s = opened(text, cases[i].url, cases[i].base);
        const struct listing_entry *e = first_file(s);
        cr_expect(str_eq(e->url, cases[i].want), "%s: %s", cases[i].what, e->url);
        struct resolve r;
        cr_expect_eq(resolve_start(s, e, 0, &r, NULL), OK, "%s", cases[i].what);
        cr_expect_eq(r.send_token, !cases[i].want, "%s", cases[i].what);
        cr_expect_eq(r.needs_request, !cases[i].want, "%s", cases[i].what);
        if (!cases[i].want) cr_expect(strstr(r.url, "o/n/resolve/" COMMIT "/f"), "%s", r.url);
        resolve_done(&r);
        source_free(s);
        mem_free(text);
    }
}

Test(manifest, unknown_keys_are_ignored_with_one_warning_each)
{
    struct source *s = opened("{\"schema\":1,\"note\":{},\"files\":["
                              "{\"path\":\"a\",\"mode\":1},{\"path\":\"b\",\"mode\":2},"
                              "{\"path\":\"c\",\"\\u001b[2J\":1}]}",
                              MANIFEST_URL, NULL);
    cr_expect_str_eq(source_warning(s, 0), "unknown key 'note' in the manifest is ignored");
    cr_expect_str_eq(source_warning(s, 1),
                     "unknown key 'mode' in a file of the manifest is ignored");
    cr_expect(strstr(source_warning(s, 2), "\\x1b[2J"));
    cr_expect_null(source_warning(s, 3));
    cr_expect_eq(source_listing(s)->count, 3);
    source_free(s);
}

#define FILES(entry) "{\"schema\":1,\"files\":[{\"path\":\"ok\"}," entry "]}"

static const struct {
    const char *text, *said;
} REFUSED[] = {
    {"{", "manifest: "},
    {"{}", "'schema' is not 1"},
    {"{\"schema\":2,\"files\":[]}", "'schema' is not 1"},
    {"{\"schema\":\"1\",\"files\":[]}", "'schema' is not 1"},
    {"{\"schema\":1}", "'files' is no array"},
    {"{\"schema\":1,\"files\":{}}", "'files' is no array"},
    {"{\"schema\":1,\"files\":[]} x", "manifest: "},
    {"{\"schema\":1,\"schema\":1,\"files\":[]}", "manifest: "},
    {"{\"schema\":1,\"commit\":\"main\",\"files\":[]}", "'commit' is no commit"},
    {"{\"schema\":1,\"commit\":7,\"files\":[]}", "'commit' is no commit"},
    {"{\"schema\":1,\"source\":7,\"files\":[]}", "'source' is no string"},
    {"{\"schema\":1,\"source\":\"hf://a--b/c\",\"files\":[]}", "bad source"},
    {FILES("7"), "entry 2 has no 'path'"},
    {FILES("{}"), "entry 2 has no 'path'"},
    {FILES("{\"path\":null}"), "entry 2 has no 'path'"},
    {FILES("{\"path\":\"ok\"}"), "'ok': it is listed twice"},
    {FILES("{\"path\":\"ok/x\"}"), "a file and a directory"},
    {FILES("{\"path\":\"../x\"}"), "'../x': it has a '..' component"},
    {FILES("{\"path\":\"/x\"}"), "'/x': it is absolute"},
    {FILES("{\"path\":\"a\\u0000b\"}"), "manifest: "},
    {FILES("{\"path\":\"a\\nb\"}"), "'a\\x0ab': it holds a control character"},
    {FILES("{\"path\":\"x\",\"size\":-1}"), "'x': its 'size'"},
    {FILES("{\"path\":\"x\",\"size\":\"1\"}"), "'x': its 'size'"},
    {FILES("{\"path\":\"x\",\"digest\":\"" HEX64 "\"}"), "'x': its 'digest'"},
    {FILES("{\"path\":\"x\",\"digest\":\"sha256:" HEX40 "\"}"), "'x': its 'digest'"},
    {FILES("{\"path\":\"x\",\"digest\":\"git-sha1:" HEX64 "\"}"), "'x': its 'digest'"},
    {FILES("{\"path\":\"x\",\"digest\":\"md5:d41d8cd98f00b204e9800998ecf8427e\"}"),
     "'x': its 'digest'"},
    {FILES("{\"path\":\"x\",\"digest\":7}"), "'x': its 'digest'"},
    {FILES("{\"path\":\"x\",\"urls\":\"https://y\"}"), "'x': its 'urls' is no array"},
    {FILES("{\"path\":\"x\",\"urls\":[7]}"), "'x': one of its 'urls'"},
    {FILES("{\"path\":\"x\",\"urls\":[\"ftp://y/z\"]}"), "'x': URL"},
    {FILES("{\"path\":\"x\",\"urls\":[\"https://y/z\",\"https://u:p@y/z\"]}"), "'x': URL"},
    {FILES("{\"path\":\"x\",\"encoding\":\"zstd\",\"encoded_size\":1}"), "'x': its 'encoding'"},
};

Test(manifest, a_broken_one_is_refused_whole_naming_the_entry)
{
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        struct source *s = NULL;
        struct why why = {""};
        enum err e = open_text(REFUSED[i].text, MANIFEST_URL, NULL, &s, &why);
        cr_expect_eq(e, ERR_REFUSED, "%s", REFUSED[i].text);
        cr_expect(strstr(why.text, REFUSED[i].said), "%s: %s", REFUSED[i].text, why.text);
        cr_expect_null(s);
    }
}

Test(manifest, a_base_that_is_missing_or_bad_is_bad_usage)
{
    static const char *const bad_bases[] = {"", "b.org", "ftp://b", "https://b?x", "https://u@b"};
    struct source *s = NULL;
    struct why why = {""};
    cr_expect_eq(open_text(FILES("{\"path\":\"x\",\"urls\":[\"y\"]}"), NULL, NULL, &s, &why),
                 ERR_REFUSED); // "ok" has no URL at all
    cr_expect(strstr(why.text, "no --base-url"), "%s", why.text);
    cr_expect_eq(open_text("{\"schema\":1,\"files\":[{\"path\":\"x\",\"urls\":[\"y\"]}]}", NULL,
                           NULL, &s, &why),
                 ERR_USAGE);
    cr_expect(strstr(why.text, "relative URL"), "%s", why.text);
    for (size_t i = 0; i < ARRAY_LEN(bad_bases); i++) {
        cr_expect_eq(open_text("{}", NULL, bad_bases[i], &s, &why), ERR_USAGE, "%s", bad_bases[i]);
        cr_expect(strstr(why.text, "bad --base-url"), "%s", why.text);
    }
    cr_expect_null(s);
}

Test(manifest, a_repo_without_a_commit_is_a_moving_target)
{
    struct source *s = NULL;
    struct why why = {""};
    cr_expect_eq(open_text("{\"schema\":1,\"source\":\"hf://o/n\",\"files\":[{\"path\":\"x\"}]}",
                           NULL, NULL, &s, &why),
                 ERR_REFUSED);
    cr_expect(strstr(why.text, "'x': it has no 'urls', and without a 'commit'"), "%s", why.text);
}

static struct source *to_fetch(void)
{
    const struct source_spec spec = {.kind = SOURCE_MANIFEST, .url = (char[]){MANIFEST_URL}};
    const struct source_setup setup = {.endpoint = ENDPOINT};
    struct source *s = NULL;
    cr_assert_eq(source_open(&spec, &setup, &s, NULL), OK);
    return s;
}

Test(manifest, can_be_fetched_and_is_then_below_its_final_url)
{
    struct source *s = to_fetch();
    struct request q;
    cr_assert_eq(source_next(s, &q), SOURCE_REQUEST);
    cr_expect(!q.send_token);
    cr_expect_str_eq(q.label, "manifest '" MANIFEST_URL "'");
    request_done(&q);
    exchange_ok(s, MANIFEST_URL,
                &(struct answer){302, .headers = {"Location: https://y.org/z/m.json?sig=1"}});
    exchange_ok(s, "https://y.org/z/m.json?sig=1",
                &(struct answer){200, .body = "{\"schema\":1,\"files\":[{\"path\":\"a\"}]}"});
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    cr_expect_str_eq(first_file(s)->url, "https://y.org/z/a");
    source_free(s);
}

Test(manifest, fetching_it_can_fail)
{
    static const struct {
        struct answer answer;
        enum err want;
        const char *said;
    } cases[] = {
        {{.status = 404, .host = "x.org"}, ERR_NOT_FOUND, "'" MANIFEST_URL "' is not there"},
        {{.status = 401, .host = "x.org"}, ERR_AUTH, "x.org answered 401"},
        {{302, .headers = {"Location: http://x.org/m"}}, ERR_REFUSED, "https to http"},
        {{302, .headers = {"Location: " MANIFEST_URL}}, ERR_REFUSED, "redirects to itself"},
        {{200, .body = "<html>"}, ERR_REFUSED, "neither a manifest nor a SHA256SUMS list"},
        {{200, .body = ""}, ERR_REFUSED, "empty"},
        {{.status = 0, .cause = CAUSE_CONNECT, .host = "x.org"}, ERR_NETWORK, "cannot connect"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = to_fetch();
        struct why why = {""};
        cr_expect_eq(exchange(s, &cases[i].answer, NULL, &why), cases[i].want, "case %zu", i);
        cr_expect(strstr(why.text, cases[i].said), "case %zu: %s", i, why.text);
        source_free(s);
    }
    struct source *s = to_fetch();
    struct why why = {""};
    enum err e = OK;
    for (unsigned n = 0; !e && n < 100; n++) {
        char location[64];
        snprintf(location, sizeof(location), "Location: /%u", n % 2);
        e = exchange(s, &(struct answer){302, .headers = {location}}, NULL, &why);
    }
    cr_expect_eq(e, ERR_REFUSED);
    cr_expect(strstr(why.text, "more than 10 redirects"), "%s", why.text);
    source_free(s);
}
