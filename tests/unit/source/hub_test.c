#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/unit/source/exchange.h"

#define OID     "8c94104266de8ca0e1ff3f3e2ff14ffa806dba15"
#define SHA256  "f84a8740aafacaaaa1ff67a2c68af7a248713b6f605d9b58972604321e8da066"
#define TREE    "/tree/" COMMIT "?recursive=true&expand=false"
#define API     ENDPOINT "/api/models/org/name"
#define PAGE(n) "[{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":" #n ",\"path\":\"f" #n "\"}]"

static const struct answer PINNED = {200, .body = "{\"sha\":\"" COMMIT "\",\"id\":\"org/name\"}"};

Test(hub, a_listing_is_a_commit_and_its_pages)
{
    struct source *s = source_of("org/name@refs/pr/1", NULL);
    cr_expect_null(source_commit(s));
    exchange_ok(s, API "/revision/refs%2Fpr%2F1", &PINNED);
    cr_expect_str_eq(source_commit(s), COMMIT);
    exchange_ok(s, API TREE,
                &(struct answer){.status = 200,
                                 .headers = {"Link: <" API "/tree/x?cursor=a>; rel=\"next\""},
                                 .body = PAGE(1)});
    exchange_ok(
        s, API "/tree/x?cursor=a",
        &(struct answer){.status = 200,
                         .headers = {"link: <" ENDPOINT "/x>; rel=\"xet-auth\"",
                                     "Link: </api/models/org/name/tree/x?cursor=b>; rel=\"next\""},
                         .body = PAGE(2)});
    exchange_ok(s, API "/tree/x?cursor=b", &(struct answer){200, .body = PAGE(3)});
    struct request q;
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    const struct listing *l = source_listing(s);
    cr_assert_eq(l->count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(l->entries[i].size, i + 1);
    source_free(s);
}

Test(hub, requests_carry_what_the_hub_wants)
{
    struct source *s = source_of("hf://datasets/org/name", NULL);
    struct request q;
    cr_assert_eq(source_next(s, &q), SOURCE_REQUEST);
    cr_expect_str_eq(q.url, ENDPOINT "/api/datasets/org/name/revision/main");
    cr_expect_eq(q.method, METHOD_GET);
    cr_expect(q.send_token);
    cr_expect(q.compressed);
    cr_expect_gt(q.body_max, 0);
    cr_expect_str_eq(q.label, "listing of 'org/name'");
    request_done(&q);
    source_free(s);
}

Test(hub, a_commit_need_not_be_asked_for)
{
    struct source *s = source_of("org/name@" COMMIT, NULL);
    cr_expect_str_eq(source_commit(s), COMMIT);
    exchange_ok(s, API TREE, &(struct answer){200, .body = PAGE(1)});
    source_free(s);

    struct source_setup known = {.endpoint = ENDPOINT, .known_commit = COMMIT};
    s = source_of("org/name", &known);
    exchange_ok(s, API TREE, &(struct answer){200, .body = PAGE(1)});
    source_free(s);

    known.skip_tree = true;
    struct request q;
    s = source_of("org/name", &known);
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    source_free(s);
}

Test(hub, only_the_commit_may_be_wanted)
{
    struct source_setup setup = {.endpoint = ENDPOINT, .skip_tree = true};
    struct source *s = source_of("org/name", &setup);
    exchange_ok(s, API "/revision/main", &PINNED);
    struct request q;
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    cr_expect_str_eq(source_commit(s), COMMIT);
    source_free(s);
}

Test(hub, an_entry_is_read_with_its_strongest_digest)
{
    static const char BODY[] =
        "[{\"type\":\"directory\",\"oid\":\"" OID "\",\"size\":0,\"path\":\"sub\"},"
        "{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":12,\"path\":\"sub/a b.json\"},"
        "{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":135,\"path\":\"w\",\"xetHash\":\"" SHA256
        "\",\"lfs\":{\"oid\":\"" SHA256 "\",\"size\":4966659944,\"pointerSize\":135}},"
        "{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":9,\"path\":\"x\",\"lfs\":null,\"xetHash\":"
        "\"****************************************************************\"},"
        "{\"type\":\"file\",\"size\":0,\"path\":\"empty\"}]";
    struct source *s = source_of("org/name@" COMMIT, NULL);
    exchange_ok(s, API TREE, &(struct answer){200, .body = BODY});
    const struct listing *l = source_listing(s);
    cr_assert_eq(l->count, 4);
    char text[DIGEST_TEXT_MAX];

    const struct listing_entry *e = listing_find(l, "sub/a b.json");
    digest_print(&e->digest, text);
    cr_expect_str_eq(text, "git-sha1:" OID);
    cr_expect_str_eq(e->blob_id, OID);
    cr_expect_eq(e->size, 12);
    cr_expect_null(e->xet_hash);
    cr_expect_null(e->url);

    e = listing_find(l, "w");
    digest_print(&e->digest, text);
    cr_expect_str_eq(text, "sha256:" SHA256);
    cr_expect_str_eq(e->blob_id, OID); // of the pointer
    cr_expect_eq(e->size, 4966659944);
    cr_expect_str_eq(e->xet_hash, SHA256);

    cr_expect_null(listing_find(l, "x")->xet_hash); // hidden by the Hub
    cr_expect_eq(listing_find(l, "empty")->digest.kind, DIGEST_NONE);
    cr_expect_eq(listing_find(l, "empty")->size, 0);
    source_free(s);
}

Test(hub, gated_is_told)
{
    static const struct {
        const char *value;
        bool gated;
    } cases[] = {{"false", false},
                 {"\"auto\"", true},
                 {"\"manual\"", true},
                 {"true", true},
                 {"null", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *body = mem_printf("{\"sha\":\"" COMMIT "\",\"gated\":%s}", cases[i].value);
        struct source *s = source_of("org/name", NULL);
        exchange_ok(s, API "/revision/main", &(struct answer){200, .body = body});
        cr_expect_eq(source_gated(s), cases[i].gated, "%s", body);
        source_free(s);
        mem_free(body);
    }
}

Test(hub, keys_of_peoples_own_in_the_card_do_no_harm)
{
    struct source *s = source_of("org/name", NULL);
    exchange_ok(s, API "/revision/main",
                &(struct answer){200, .body = "{\"sha\":\"" COMMIT "\",\"cardData\":"
                                              "{\"Accuracy\":1,\"accuracy\":2}}"});
    cr_expect_str_eq(source_commit(s), COMMIT);
    source_free(s);
}

Test(hub, a_renamed_repo_is_followed_and_its_new_name_kept)
{
    struct source *s = source_of("old/name", NULL);
    exchange_ok(s, ENDPOINT "/api/models/old/name/revision/main",
                &(struct answer){.status = 307,
                                 .headers = {"Location: /api/models/org/name/revision/main"},
                                 .body = ""});
    exchange_ok(s, API "/revision/main", &PINNED);
    exchange_ok(s, API TREE, &(struct answer){200, .body = PAGE(1)});
    struct resolve r;
    cr_assert_eq(resolve_start(s, &source_listing(s)->entries[0], 0, &r, NULL), OK);
    cr_expect_str_eq(r.url, ENDPOINT "/org/name/resolve/" COMMIT "/f1");
    resolve_done(&r);
    source_free(s);
}

Test(hub, everything_stays_below_a_mirrors_prefix)
{
    static const char EP[] = "https://mirror.example/hf/";
    struct source_setup setup = {.endpoint = EP};
    struct source *s = source_of("org/name", &setup);
    exchange_ok(s, "https://mirror.example/hf/api/models/org/name/revision/main",
                &(struct answer){.status = 301,
                                 .headers = {"Location: /api/models/org/name2/revision/main"},
                                 .body = ""});
    exchange_ok(s, "https://mirror.example/hf/api/models/org/name2/revision/main", &PINNED);
    exchange_ok(
        s, "https://mirror.example/hf/api/models/org/name" TREE,
        &(struct answer){.status = 200,
                         .headers = {"Link: <https://huggingface.co/api/models/org/name/tree/x?"
                                     "cursor=a>; rel=\"next\""},
                         .body = PAGE(1)});
    exchange_ok(
        s, "https://mirror.example/hf/api/models/org/name/tree/x?cursor=a",
        &(struct answer){.status = 200,
                         .headers = {"Link: <https://mirror.example/hf/api/models/org/name/tree/x?"
                                     "cursor=b>; rel=\"next\""},
                         .body = PAGE(2)});
    exchange_ok(s, "https://mirror.example/hf/api/models/org/name/tree/x?cursor=b",
                &(struct answer){200, .body = PAGE(3)});
    struct request q;
    cr_expect_eq(source_next(s, &q), SOURCE_DONE);
    source_free(s);
}

/* ---- what must end in a refusal ---- */

Test(hub, a_hostile_or_broken_listing_is_refused_naming_what_is_wrong)
{
    static const struct {
        const char *body, *said;
    } cases[] = {
        {"", "malformed"},
        {"[", "malformed"},
        {"[{\"type\":\"file\"", "malformed"},
        {"null", "no array"},
        {"{\"error\":\"x\"}", "no array"},
        {"[1]", "entry 0 has no 'path'"},
        {"[{\"type\":\"file\",\"size\":1}]", "entry 0 has no 'path'"},
        {"[{\"path\":\"a\",\"size\":1}]", "no 'type'"},
        {"[{\"type\":\"file\",\"path\":7,\"size\":1}]", "no 'path'"},
        {"[{\"type\":\"file\",\"path\":\"a\\u0000/../b\",\"size\":1}]", "malformed"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"path\":\"b\",\"size\":1}]", "malformed"},
        {"[{\"type\":\"file\",\"path\":\"a\"}]", "'a': its 'size'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":-1}]", "'a': its 'size'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1.5}]", "'a': its 'size'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1e3}]", "'a': its 'size'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":\"1\"}]", "'a': its 'size'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":9223372036854775808}]", "'a': its 'size'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"oid\":\"abc\"}]", "'a': its 'oid'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"oid\":null}]", "'a': its 'oid'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"lfs\":{}}]", "'a': its 'lfs.oid'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"lfs\":{\"oid\":\"" OID "\"}}]",
         "'lfs.oid'"},
        {"[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"lfs\":{\"oid\":\"" SHA256
         "\",\"size\":\"x\"}}]",
         "'lfs.size'"},
        {"[{\"type\":\"file\",\"path\":\"\xff\",\"size\":1}]", "malformed"},
        {PAGE(1) "x", "malformed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = source_of("org/name@" COMMIT, NULL);
        struct why why = {""};
        enum err e = exchange(s, &(struct answer){200, .body = cases[i].body}, NULL, &why);
        cr_expect_eq(e, ERR_REFUSED, "%s", cases[i].body);
        cr_expect(strstr(why.text, cases[i].said), "%s: %s", cases[i].body, why.text);
        cr_expect(strstr(why.text, "listing of 'org/name' from huggingface.co"), "%s", why.text);
        source_free(s);
    }
}

Test(hub, a_commit_that_is_none_is_refused)
{
    static const char *const cases[] = {
        "{}",
        "{\"sha\":null}",
        "{\"sha\":\"main\"}",
        "{\"sha\":\"" COMMIT "0\"}",
        "[]",
        "{\"sha\":\"0123456789ABCDEF0123456789abcdef01234567\"}",
        "{\"sha\":\"../../../etc\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = source_of("org/name", NULL);
        struct why why = {""};
        enum err e = exchange(s, &(struct answer){200, .body = cases[i]}, NULL, &why);
        cr_expect_eq(e, ERR_REFUSED, "%s", cases[i]);
        cr_expect(strstr(why.text, "'sha' is no commit"), "%s", why.text);
        cr_expect_null(source_commit(s));
        source_free(s);
    }
}

Test(hub, a_web_page_is_no_listing)
{
    struct source *s = source_of("org/name", NULL);
    struct why why = {""};
    const struct answer page = {
        .status = 200, .headers = {"Content-Type: text/html; charset=utf-8"}, .body = "<html>"};
    cr_expect_eq(exchange(s, &page, NULL, &why), ERR_REFUSED);
    cr_expect(strstr(why.text, "web page"), "%s", why.text);
    source_free(s);
}

Test(hub, pages_that_lead_elsewhere_or_round_in_a_circle_are_refused)
{
    static const struct {
        const char *link, *said;
    } cases[] = {
        {"Link: <" API TREE ">; rel=\"next\"", "circle"},
        {"Link: </org/name/resolve/main/x>; rel=\"next\"", "no page of the listing"},
        {"Link: <https://evil.example/x>; rel=\"next\"", "no page of the listing"},
        {"Link: <file:///etc/passwd>; rel=\"next\"", "not http"},
        {"Link: <https://u:p@h/api/x>; rel=\"next\"", "user information"},
        {"Link: </api/../x>; rel=\"next\"", "no page of the listing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = source_of("org/name@" COMMIT, NULL);
        const struct answer a = {.status = 200, .headers = {cases[i].link}, .body = PAGE(1)};
        struct why why = {""};
        enum err e = OK;
        for (int pages = 0; !e && pages < 3; pages++)
            e = exchange(s, &a, NULL, &why);
        cr_expect_eq(e, ERR_REFUSED, "%s", cases[i].link);
        cr_expect(strstr(why.text, cases[i].said), "%s: %s", cases[i].link, why.text);
        source_free(s);
    }
}

/* Another host in the link costs nothing: the endpoint is asked, whoever is named. */
Test(hub, the_next_page_is_never_asked_of_another_host)
{
    struct source *s = source_of("org/name@" COMMIT, NULL);
    exchange_ok(
        s, API TREE,
        &(struct answer){.status = 200,
                         .headers = {"Link: <https://evil.example/api/models/org/name/tree/x?c=1>; "
                                     "rel=\"next\""},
                         .body = PAGE(1)});
    exchange_ok(s, API "/tree/x?c=1", &(struct answer){200, .body = PAGE(2)});
    source_free(s);
}

Test(hub, redirects_of_the_api_stay_on_the_endpoint_and_end)
{
    static const struct {
        const char *location, *said;
    } cases[] = {
        {"Location: https://evil.example/api/models/org/name/revision/main",
         "away from the endpoint"},
        {"Location: https://huggingface.co:444/api/x", "away from the endpoint"},
        {"Location: //evil.example/x", "away from the endpoint"},
        {"Location: http://huggingface.co/api/x", "https to http"},
        {"Location: ftp://huggingface.co/x", "not http"},
        {"Location: /api/models/org/name/revision/main", "redirects to itself"},
        {"Location: https://u:p@huggingface.co/x", "user information"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *s = source_of("org/name", NULL);
        struct why why = {""};
        enum err e =
            exchange(s, &(struct answer){.status = 302, .headers = {cases[i].location}, .body = ""},
                     NULL, &why);
        cr_expect_eq(e, ERR_REFUSED, "%s", cases[i].location);
        cr_expect(strstr(why.text, cases[i].said), "%s: %s", cases[i].location, why.text);
        source_free(s);
    }
    struct source *s = source_of("org/name", NULL);
    struct why why = {""};
    enum err e = OK;
    unsigned n = 0;
    for (; !e && n < 100; n++) {
        char location[64];
        snprintf(location, sizeof(location), "Location: /api/loop/%u", n % 2);
        e = exchange(s, &(struct answer){.status = 302, .headers = {location}, .body = ""}, NULL,
                     &why);
    }
    cr_expect_eq(e, ERR_REFUSED);
    cr_expect_eq(n, RESOLVE_MAX_HOPS + 1);
    cr_expect(strstr(why.text, "more than 10 redirects"), "%s", why.text);
    source_free(s);
}

Test(hub, a_bad_endpoint_is_bad_usage)
{
    static const char *const cases[] = {
        "", "huggingface.co", "ftp://h", "https://u:p@h", "https://h?x=y", "https://h#x"};
    const struct source_spec spec = {.kind = SOURCE_HUB, .repo = (char[]){"org/name"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source_setup setup = {.endpoint = cases[i]};
        struct source *s = NULL;
        struct why why = {""};
        cr_expect_eq(source_open(&spec, &setup, &s, &why), ERR_USAGE, "%s", cases[i]);
        cr_expect(strstr(why.text, "endpoint"), "%s", why.text);
        cr_expect_null(s);
    }
}
