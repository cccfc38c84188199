/* URLs that stop working, files without bytes, listings without end. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"

enum { MIB = 1 << 20, SIZE = 12 * MIB, MANY = 30 * 1000 };

static void expect_big(const struct scene *s)
{
    scene_expect(s, 0, NULL);
    scene_expect_file(s, "out/big.bin", "org/name", "big.bin");
}

/* ---- signed URLs ---- */

Test(later, an_expired_url_is_asked_for_again_and_the_part_goes_on)
{
    SCOPED(scene_done) struct scene s = scene_new(&(struct hub_options){.url_uses = 1});
    hub_add_generated(s.hub, "org/name", "big.bin", SIZE, 1, true);
    scene_fault(&s, "cdn * #1 close=10485760");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "1");
    expect_big(&s);
    const struct hub_log_filter refused = {.route = HUB_CDN, .status = 403};
    cr_expect_eq(hub_log_count(hub_log(s.hub), &refused), 1);
    const struct hub_log_filter body = {.route = HUB_CDN, .status = 206};
    const struct hub_log_filter head = {.route = HUB_CDN, .status = 200};
    cr_expect_eq(hub_log_bytes(hub_log(s.hub), &body) + hub_log_bytes(hub_log(s.hub), &head), SIZE,
                 "nothing twice");
    cr_expect_eq(scene_requests(&s, HUB_RESOLVE), 2);
}

Test(later, urls_may_be_good_for_one_request)
{
    SCOPED(scene_done) struct scene s = scene_new(&(struct hub_options){.url_uses = 1});
    hub_add_generated(s.hub, "org/name", "big.bin", 4 * SIZE, 1, true);
    GET(&s, "org/name", "--local-dir", "out");
    expect_big(&s);
}

Test(later, urls_may_live_for_a_moment)
{
    SCOPED(scene_done)
    struct scene s = scene_new(&(struct hub_options){.url_life_ms = 200, .conn_rate = 4 * MIB});
    hub_add_generated(s.hub, "org/name", "big.bin", SIZE, 1, true);
    scene_fault(&s, "cdn * #2-4 close=1048576");
    GET(&s, "org/name", "--local-dir", "out");
    expect_big(&s);
}

/* ---- sizes ---- */

Test(later, files_without_bytes)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_file(s.hub, "org/name", "a/empty", "", 0, false);
    hub_add_file(s.hub, "org/name", "b/empty.bin", "", 0, true);
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(tmpdir_size(s.dir, "out/a/empty"), 0);
    cr_expect_eq(tmpdir_size(s.dir, "out/b/empty.bin"), 0);
    cr_expect_eq(scene_events(&s, "file_done"), 2);
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(tmpdir_count(s.dir, "hf/hub/models--org--name/blobs"), 2);
}

Test(later, an_empty_repo_has_nothing_to_fetch)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_file(s.hub, "org/name", "x", "x", 1, false);
    hub_remove_file(s.hub, "org/name", "x");
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_number(&s, "plan", 0, "files"), 0);
}

Test(later, names_of_every_script_and_length)
{
    static const char *const names[] = {
        "\xc3\xa4 \xe2\x82\xac.txt",
        "a+b&c=d?e#f%41.bin",
        "deep/er/and/deeper/\xe6\xa8\xa1\xe5\x9e\x8b",
        "with space/[x]{y}.json",
        "~tilde'quote\"s",
        "...three",
    };
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        hub_add_file(s.hub, "org/name", names[i], &i, sizeof(i), i % 2 == 0);
    }
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        SCOPED(mem_freep) char *rel = mem_printf("out/%s", names[i]);
        scene_expect_file(&s, rel, "org/name", names[i]);
    }
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "file_done"), ARRAY_LEN(names));
}

/* ---- many files ---- */

Test(later, a_listing_of_thirty_pages_is_planned)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_many(s.hub, "org/name", MANY, 10);
    scene_run(&s, WORDS("plan", "org/name", "--local-dir", "out", "--events", "e.jsonl",
                        "--include", "*00.bin", "-q"));
    scene_expect(&s, 0, NULL);
    cr_expect_geq(scene_requests(&s, HUB_TREE), MANY / 1000, "and pages of folders");
    size_t len = 0;
    SCOPED(mem_freep) char *events = tmpdir_get(s.dir, "e.jsonl", &len);
    cr_assert_not_null(events);
    cr_expect_not_null(strstr(events, "\"files\":300,"));
    cr_expect_not_null(strstr(events, "\"code\":\"ok\""));
}
