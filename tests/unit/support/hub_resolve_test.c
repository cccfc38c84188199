#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/unit/support/fetch.h"

#define SMALL "/org/name/resolve/main/small.txt"
#define LFS   "/org/name/resolve/main/big.bin"

static struct hub *start(const struct hub_options *o)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(o, &h, &why), OK, "%s", why.text);
    hub_add_file(h, "org/name", "small.txt", "0123456789", 10, false);
    hub_add_file(h, "org/name", "big.bin", "abcdefghij", 10, true);
    return h;
}

static char *signed_url(struct hub *h)
{
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, NULL);
    cr_assert_eq(f.status, 302);
    return fetch_header(&f, "Location");
}

static const struct fetch_with follow = {.follow = true};

Test(hub_resolve, a_small_file_is_a_relative_redirect_away)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.prefix = "/p"});
    struct hub_file_info info;
    cr_assert(hub_stat(h, "org/name", "small.txt", &info));
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), SMALL, NULL);
    SCOPED(mem_freep) char *location = fetch_header(&f, "Location");
    SCOPED(mem_freep) char *commit = fetch_header(&f, "X-Repo-Commit");
    cr_assert_eq(f.status, 307);
    cr_assert_eq(strncmp(location, "/p/api/resolve-cache/models/org/name/", 37), 0);
    cr_assert_eq(strlen(commit), 40);

    SCOPED(fetched_done) struct fetch g = fetch_at(hub_endpoint(h), SMALL, &follow);
    SCOPED(mem_freep) char *etag = mem_printf("\"%s\"", info.oid);
    cr_assert_eq(g.status, 200);
    cr_assert(fetch_body_is(&g, "0123456789"));
    cr_assert(fetch_header_is(&g, "ETag", etag));
}

Test(hub_resolve, an_lfs_file_is_at_the_cdn_under_another_etag)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    struct hub_file_info info;
    cr_assert(hub_stat(h, "org/name", "big.bin", &info));
    SCOPED(mem_freep) char *linked = mem_printf("\"%s\"", info.sha256);
    SCOPED(mem_freep) char *xet = mem_printf("\"%s\"", info.xet);
    SCOPED(fetched_done)
    struct fetch head = fetch_at(hub_endpoint(h), LFS, &(struct fetch_with){.head = true});
    cr_assert_eq(head.status, 302);
    cr_assert(fetch_header_is(&head, "X-Linked-ETag", linked));
    cr_assert(fetch_header_is(&head, "X-Linked-Size", "10"));
    SCOPED(mem_freep) char *location = fetch_header(&head, "Location");
    cr_assert_eq(strncmp(location, hub_cdn(h), strlen(hub_cdn(h))), 0);

    SCOPED(fetched_done) struct fetch f = fetch(location, NULL);
    cr_assert_eq(f.status, 200);
    cr_assert(fetch_body_is(&f, "abcdefghij"));
    cr_assert(fetch_header_is(&f, "ETag", xet));
    cr_assert_str_neq(linked, xet);
}

Test(hub_resolve, a_hub_of_one_origin_names_no_host)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.one_origin = true});
    SCOPED(mem_freep) char *location = signed_url(h);
    cr_expect_eq(*location, '/', "%s", location);
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, &follow);
    cr_expect_eq(f.status, 200);
    cr_expect(fetch_body_is(&f, "abcdefghij"));
    const struct hub_log_filter bodies = {.route = HUB_CDN};
    cr_expect_eq(hub_log_count(hub_log(h), &bodies), 1);
}

Test(hub_resolve, ranges_are_those_of_rfc_9110)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    SCOPED(mem_freep) char *url = signed_url(h);
    static const struct {
        const char *range;
        long status;
        const char *body;
        const char *content_range; // NULL = none
    } cases[] = {
        {NULL, 200, "abcdefghij", NULL},
        {"bytes=0-", 206, "abcdefghij", "bytes 0-9/10"},
        {"bytes=0-0", 206, "a", "bytes 0-0/10"},
        {"bytes=3-5", 206, "def", "bytes 3-5/10"},
        {"bytes=9-", 206, "j", "bytes 9-9/10"},
        {"bytes=3-400", 206, "defghij", "bytes 3-9/10"},
        {"bytes=-3", 206, "hij", "bytes 7-9/10"},
        {"bytes=-30", 206, "abcdefghij", "bytes 0-9/10"},
        {"bytes=0-18446744073709551615", 206, "abcdefghij", "bytes 0-9/10"},
        {"bytes=10-", 416, NULL, "bytes */10"},
        {"bytes=10-12", 416, NULL, "bytes */10"},
        {"bytes=-0", 416, NULL, "bytes */10"},
        {"bytes=5-3", 200, "abcdefghij", NULL},
        {"bytes=0-1,4-5", 200, "abcdefghij", NULL},
        {"bytes=a-b", 200, "abcdefghij", NULL},
        {"bytes=0-99999999999999999999999", 200, "abcdefghij", NULL},
        {"lines=1-2", 200, "abcdefghij", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *range = cases[i].range ? cases[i].range : "none";
        SCOPED(mem_freep) char *line = mem_printf("Range: %s", range);
        SCOPED(fetched_done)
        struct fetch f = fetch(url, &(struct fetch_with){.header = cases[i].range ? line : NULL});
        SCOPED(mem_freep) char *told = fetch_header(&f, "Content-Range");
        cr_expect_eq(f.status, cases[i].status, "%s", range);
        cr_expect(!cases[i].body || fetch_body_is(&f, cases[i].body), "%s", range);
        bool same =
            cases[i].content_range ? told && strcmp(told, cases[i].content_range) == 0 : !told;
        cr_expect(same, "%s: %s", range, told ? told : "(none)");
    }
}

Test(hub_resolve, if_range_with_another_etag_gives_the_whole_file)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    SCOPED(mem_freep) char *url = signed_url(h);
    struct hub_file_info info;
    cr_assert(hub_stat(h, "org/name", "big.bin", &info));
    SCOPED(mem_freep) char *same = mem_printf("If-Range: \"%s\"", info.xet);
    SCOPED(mem_freep) char *weak = mem_printf("If-Range: W/\"%s\"", info.xet);
    const struct {
        const char *header;
        long status;
    } cases[] = {{same, 206}, {weak, 200}, {"If-Range: \"0\"", 200}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(fetched_done)
        struct fetch f =
            fetch(url, &(struct fetch_with){.range = "2-4", .header = cases[i].header});
        cr_expect_eq(f.status, cases[i].status, "%s", cases[i].header);
    }
}

Test(hub_resolve, a_signed_url_is_good_for_a_time_and_so_many_uses_and_this_file_only)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.url_uses = 2});
    SCOPED(mem_freep) char *url = signed_url(h);
    const long wanted[] = {200, 200, 403};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        SCOPED(fetched_done) struct fetch f = fetch(url, NULL);
        cr_expect_eq(f.status, wanted[i], "use %zu", i);
    }
    SCOPED(mem_freep) char *fresh = signed_url(h);
    hub_expire_urls(h);
    SCOPED(fetched_done) struct fetch expired = fetch(fresh, NULL);
    cr_expect_eq(expired.status, 403);

    SCOPED(mem_freep) char *forged = signed_url(h);
    char *signature = strstr(forged, "Signature=");
    signature[10] = signature[10] == '0' ? '1' : '0';
    SCOPED(fetched_done) struct fetch refused = fetch(forged, NULL);
    cr_expect_eq(refused.status, 403);
}

Test(hub_resolve, a_url_of_no_life_is_refused_at_once)
{
    // Wall time has millisecond steps, so one may still be valid: within a second none is.
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.url_life_ms = 1});
    SCOPED(mem_freep) char *url = signed_url(h);
    long status = 200;
    for (int i = 0; status == 200 && i < 1000; i++) {
        SCOPED(fetched_done) struct fetch f = fetch(url, NULL);
        status = f.status;
    }
    cr_assert_eq(status, 403);
}

Test(hub_resolve, gated_files_need_a_grant_though_their_listing_does_not)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_set_gated(h, "org/name");
    hub_add_token(h, "hf_other");
    hub_grant(h, "org/name", "hf_granted");
    static const struct {
        const char *path;
        const char *header;
        long status;
        const char *code;
    } cases[] = {
        {"/api/models/org/name", NULL, 200, NULL},
        {"/api/models/org/name/tree/main", NULL, 200, NULL},
        {LFS, NULL, 401, "GatedRepo"},
        {SMALL, NULL, 401, "GatedRepo"},
        {LFS, "Authorization: Bearer hf_other", 403, "GatedRepo"},
        {LFS, "Authorization: Bearer hf_granted", 302, NULL},
        {LFS, "Authorization: Bearer hf_expired", 401, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(fetched_done)
        struct fetch f = fetch_at(hub_endpoint(h), cases[i].path,
                                  &(struct fetch_with){.header = cases[i].header});
        cr_expect_eq(f.status, cases[i].status, "case %zu", i);
        cr_expect(!cases[i].code || fetch_header_is(&f, "X-Error-Code", cases[i].code), "case %zu",
                  i);
    }
}

Test(hub_resolve, private_and_disabled_repos_say_no)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_set_private(h, "org/name");
    hub_grant(h, "org/name", "hf_in");
    hub_add_file(h, "org/off", "a", "1", 1, false);
    hub_set_disabled(h, "org/off");
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), "/api/models/org/name", NULL);
    cr_expect_eq(f.status, 401);
    cr_expect(fetch_header_is(&f, "X-Error-Message", "Invalid username or password."));
    SCOPED(fetched_done)
    struct fetch g = fetch_at(hub_endpoint(h), "/api/models/org/name",
                              &(struct fetch_with){.header = "Authorization: Bearer hf_in"});
    cr_expect_eq(g.status, 200);
    SCOPED(fetched_done) struct fetch off = fetch_at(hub_endpoint(h), "/api/models/org/off", NULL);
    cr_expect_eq(off.status, 403);
}

Test(hub_resolve, a_renamed_repo_sends_on_with_the_rest_of_the_path)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.prefix = "/p"});
    hub_rename(h, "old/name", "org/name", 301);
    SCOPED(fetched_done)
    struct fetch f = fetch_at(hub_endpoint(h), "/old/name/resolve/main/big.bin?x=1", NULL);
    cr_expect_eq(f.status, 301);
    cr_expect(fetch_header_is(&f, "Location", "/p/org/name/resolve/main/big.bin?x=1"));
    SCOPED(fetched_done)
    struct fetch g = fetch_at(hub_endpoint(h), "/old/name/resolve/main/big.bin", &follow);
    cr_expect(fetch_body_is(&g, "abcdefghij"));
}

Test(hub_resolve, one_segment_ids_tags_and_commits_resolve)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_file(h, "gpt2", "dir/a b.txt", "v1", 2, false);
    hub_set_ref(h, "gpt2", "v1.0");
    char sha[41];
    cr_assert(hub_commit_id(h, "gpt2", "main", sha));
    hub_add_file(h, "gpt2", "dir/a b.txt", "v2", 2, false);
    SCOPED(mem_freep) char *by_commit = mem_printf("/gpt2/resolve/%s/dir/a%%20b.txt", sha);
    const struct {
        const char *path;
        const char *body;
    } cases[] = {
        {"/gpt2/resolve/main/dir/a%20b.txt", "v2"},
        {"/gpt2/resolve/v1.0/dir/a%20b.txt", "v1"},
        {by_commit, "v1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), cases[i].path, &follow);
        cr_expect(fetch_body_is(&f, cases[i].body), "%s", cases[i].path);
    }
}

Test(hub_resolve, the_cdn_refuses_a_second_way_to_authenticate)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    SCOPED(mem_freep) char *url = signed_url(h);
    SCOPED(fetched_done)
    struct fetch f = fetch(url, &(struct fetch_with){.header = "Authorization: Bearer hf_leak"});
    cr_expect_eq(f.status, 400);
    const struct hub_log_filter leaked = {.at_cdn = true, .authorized = true};
    cr_expect(hub_log_contains(hub_log(h), &leaked, "hf_leak"));
    const struct hub_log_filter endpoint = {.route = HUB_RESOLVE};
    cr_expect_not(hub_log_contains(hub_log(h), &endpoint, "hf_leak"));
}

Test(hub_resolve, empty_files_are_served_too)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_file(h, "org/name", "none.txt", "", 0, false);
    hub_add_file(h, "org/name", "none.bin", "", 0, true);
    static const char *const paths[] = {"/org/name/resolve/main/none.txt",
                                        "/org/name/resolve/main/none.bin"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), paths[i], &follow);
        cr_expect(f.ok && f.status == 200 && f.body.len == 0, "%s", paths[i]);
        SCOPED(fetched_done)
        struct fetch g = fetch_at(hub_endpoint(h), paths[i],
                                  &(struct fetch_with){.follow = true, .range = "0-"});
        cr_expect_eq(g.status, 416, "%s", paths[i]);
        cr_expect(fetch_header_is(&g, "Content-Range", "bytes */0"), "%s", paths[i]);
    }
}
