#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/support/fetch.h"

#define SHA "0123456789abcdef0123456789abcdef01234567"

static const char recorded[] =
    "{\"sha\":\"" SHA "\",\"tree\":["
    "{\"type\":\"directory\",\"oid\":\"d\",\"size\":0,\"path\":\"sub\"},"
    "{\"type\":\"file\",\"oid\":\"1111111111111111111111111111111111111111\",\"size\":4,"
    "\"path\":\"sub/kept.json\"},"
    "{\"type\":\"file\",\"oid\":\"2222222222222222222222222222222222222222\",\"size\":5,"
    "\"path\":\"lost.json\"},"
    "{\"type\":\"file\",\"oid\":\"3333333333333333333333333333333333333333\",\"size\":6000000000,"
    "\"path\":\"w.safetensors\",\"lfs\":{\"oid\":"
    "\"4444444444444444444444444444444444444444444444444444444444444444\","
    "\"size\":6000000000,\"pointerSize\":135}}]}";

static struct hub *replay(bool generate)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    struct hub *h = NULL;
    struct why why = {{0}};
    tmpdir_put_text(dir, "tree.json", recorded);
    tmpdir_put_text(dir, "files/sub/kept.json", "kept");
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, &why), OK, "%s", why.text);
    cr_assert_eq(hub_add_replay(h, "org/name", dir, generate, &why), OK, "%s", why.text);
    return h;
}

Test(hub_replay, ids_and_sizes_are_the_recorded_ones)
{
    SCOPED(hub_freep) struct hub *h = replay(false);
    struct hub_file_info info;
    char sha[41];
    cr_assert(hub_commit_id(h, "org/name", "main", sha));
    cr_expect_str_eq(sha, SHA);
    cr_assert(hub_stat(h, "org/name", "w.safetensors", &info));
    cr_expect(info.lfs);
    cr_expect_eq(info.size, UINT64_C(6000000000));
    cr_expect_eq(info.sha256[0], '4');
    cr_expect_eq(info.oid[0], '3');
}

Test(hub_replay, kept_files_have_bytes_and_others_do_not)
{
    static const struct {
        const char *path;
        long status;
        long generated;
    } cases[] = {
        {"/org/name/resolve/main/sub/kept.json", 206, 206},
        {"/org/name/resolve/main/lost.json", 404, 206},
        {"/org/name/resolve/" SHA "/w.safetensors", 404, 206},
    };
    SCOPED(hub_freep) struct hub *h = replay(false);
    SCOPED(hub_freep) struct hub *g = replay(true);
    const struct fetch_with with = {.follow = true, .range = "0-3"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), cases[i].path, &with);
        cr_expect_eq(f.status, cases[i].status, "%s", cases[i].path);
        cr_expect(i > 0 || fetch_body_is(&f, "kept"));
        SCOPED(fetched_done) struct fetch made = fetch_at(hub_endpoint(g), cases[i].path, &with);
        cr_expect_eq(made.status, cases[i].generated, "%s", cases[i].path);
    }
}

Test(hub_replay, what_is_no_listing_is_refused)
{
    static const char *const texts[] = {"{}", "[", "{\"sha\":\"1\",\"tree\":[]}",
                                        "{\"sha\":\"" SHA "\",\"tree\":[{\"type\":\"file\"}]}"};
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    struct hub *h = NULL;
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, NULL), OK);
    cr_expect_eq(hub_add_replay(h, "a/b", dir, false, NULL), ERR_NOT_FOUND);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        tmpdir_put_text(dir, "tree.json", texts[i]);
        cr_expect_eq(hub_add_replay(h, "a/b", dir, false, NULL), ERR_REFUSED, "%s", texts[i]);
    }
    hub_free(h);
}
