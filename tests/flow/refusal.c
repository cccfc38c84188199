/* Runs that must fail: with which code, what people are told, and nothing on disk. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"

static struct scene scene(void)
{
    struct scene s = scene_new(NULL);
    hub_add_file(s.hub, "org/name", "config.json", "{}", 2, false);
    hub_add_file(s.hub, "org/name", "tokenizer.json", "[]", 2, false);
    hub_add_generated(s.hub, "org/name", "weights.bin", 1000, 1, true);
    return s;
}

/* ---- what was asked for ---- */

static const struct {
    const char *name;
    const char *args[6];
    int status;
    const char *told[2];
} asked[] = {
    {"no argument", {NULL}, 2, {"usage", NULL}},
    {"unknown flag", {"org/name", "--inclde", "x"}, 2, {"--include", NULL}},
    {"names and globs", {"org/name", "a", "--include", "b"}, 2, {"--include", NULL}},
    {"two revisions", {"org/name@a", "--revision", "b"}, 2, {"usage", NULL}},
    {"no such repo", {"org/nope"}, 3, {"org/nope", "token"}},
    {"no such revision", {"org/name@nope"}, 3, {"nope", "org/name"}},
    {"no such file", {"org/name", "confg.json"}, 3, {"confg.json", "did you mean 'config.json'"}},
    {"no such folder", {"org/name", "onnx/"}, 3, {"onnx/", NULL}},
    {"nothing matches", {"org/name", "--include", "*.gguf"}, 3, {"not-found", NULL}},
    {"everything left out", {"org/name", "--exclude", "*"}, 3, {"not-found", NULL}},
    {"another kind of repo", {"org/name", "--repo-type", "dataset"}, 3, {"dataset", NULL}},
    {"space that must stay free",
     {"org/name", "--min-free", "8000T"},
     6,
     {"8796093022208000 to be left free", NULL}},
    {"no listing on disk", {"org/name", "--offline"}, 3, {"not-cached", NULL}},
};

Test(refusal, what_was_asked_for_cannot_be)
{
    SCOPED(scene_done) struct scene s = scene();
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        const char *const *a = asked[i].args;
        GET(&s, "--cache-dir", "c", a[0], a[1], a[2], a[3]);
        cr_expect_eq(s.status, asked[i].status, "%s: %d: %s", asked[i].name, s.status, s.err);
        for (size_t k = 0; k < 2 && asked[i].told[k]; k++) {
            cr_expect_not_null(strstr(s.err, asked[i].told[k]), "%s: %s", asked[i].name, s.err);
        }
        cr_expect_eq(scene_sent(&s, "*"), 0, "%s", asked[i].name);
        cr_expect_not(tmpdir_has(s.dir, "c/models--org--nope"), "%s", asked[i].name);
        cr_expect_not(tmpdir_has(s.dir, "c/models--org--name/snapshots"), "%s", asked[i].name);
    }
}

/* ---- who asks ---- */

Test(refusal, a_bad_token_is_told_by_where_it_came_from)
{
    SCOPED(scene_done) struct scene s = scene();
    s.env = WORDS("HF_TOKEN=hf_expired");
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 4, "HF_TOKEN");
    scene_expect(&s, 4, "--no-token");
    cr_expect_null(strstr(s.err, "hf_expired"));
    tmpdir_put_text(s.dir, "mine", "hf_expired\n");
    GET(&s, "org/name", "--local-dir", "out", "--token-file", "mine");
    scene_expect(&s, 4, "mine");
    GET(&s, "org/name", "--local-dir", "out", "--no-token");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(
        hub_log_count(hub_log(s.hub), &(struct hub_log_filter){.at_cdn = true, .authorized = true}),
        0);
}

Test(refusal, a_gated_repo_is_told_by_its_page)
{
    SCOPED(scene_done) struct scene s = scene();
    hub_set_gated(s.hub, "org/name");
    SCOPED(mem_freep) char *page = mem_printf("%s/org/name", hub_endpoint(s.hub));
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 4, page);
    cr_expect_eq(scene_published(&s, "out"), 0);
    GET(&s, "org/name", "--local-dir", "out", "--no-token");
    scene_expect(&s, 4, page);
    hub_grant(s.hub, "org/name", CANARY);
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
}

Test(refusal, a_private_repo_looks_missing)
{
    SCOPED(scene_done) struct scene s = scene();
    hub_set_private(s.hub, "org/name");
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 3, "HF_TOKEN");
    hub_grant(s.hub, "org/name", CANARY);
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
}

/* ---- what the hub lists ---- */

#define OID         "0123456789012345678901234567890123456789"
#define ENTRY(path) "[{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":2,\"path\":\"" path "\"}]"

static const char *const listings[] = {
    "[",
    "{}",
    "null",
    "<html>",
    "",
    "[{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":2}]",
    "[{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":-2,\"path\":\"a\"}]",
    "[{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":\"2\",\"path\":\"a\"}]",
    "[{\"type\":\"file\",\"oid\":\"" OID "\",\"size\":99999999999999999999,\"path\":\"a\"}]",
    "[{\"type\":\"file\",\"oid\":\"xyz\",\"size\":2,\"path\":\"a\"}]",
    ENTRY("a") "x",
    ENTRY("../evil"),
    ENTRY("/etc/evil"),
    ENTRY("a/../../evil"),
    ENTRY("a//b"),
    ENTRY("a/./b"),
    ENTRY("."),
    ENTRY(""),
    ENTRY("a/"),
    ENTRY("a\\u0000b"),
    ENTRY("a\\nb"),
    ENTRY("a\\u001b[2Jb"),
    ENTRY("a\\\\..\\\\b"),
    ENTRY(".cache/huggingface/x"),
    ENTRY("\xff"),
};

Test(refusal, a_listing_that_is_none_or_lies_is_refused_whole)
{
    for (size_t i = 0; i < ARRAY_LEN(listings); i++) {
        SCOPED(scene_done) struct scene s = scene();
        struct hub_fault f = HUB_FAULT_NONE;
        f.route = HUB_TREE;
        f.body = listings[i];
        hub_add_fault(s.hub, &f);
        GET(&s, "org/name", "--local-dir", "in/out");
        cr_expect_eq(s.status, 11, "%s: %d: %s", listings[i], s.status, s.err);
        cr_expect_eq(scene_requests(&s, HUB_RESOLVE), 0, "%s", listings[i]);
        cr_expect_eq(scene_published(&s, "in/out"), 0, "%s: something was written", listings[i]);
        cr_expect_eq(tmpdir_count(s.dir, ""), 2, "%s: more than the two markers", listings[i]);
        GET(&s, "org/name");
        cr_expect_eq(s.status, 11, "%s: %d: %s", listings[i], s.status, s.err);
        cr_expect_eq(scene_requests(&s, HUB_RESOLVE), 0, "%s", listings[i]);
        cr_expect_not(tmpdir_has(s.dir, "hf/hub/models--org--name"), "%s", listings[i]);
    }
}

/* Names that are one file twice, or a file and a folder. */
Test(refusal, names_that_collide_are_refused)
{
    static const char *const pairs[][2] = {{"a", "a/b"}, {"dir/a", "dir"}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        SCOPED(scene_done) struct scene s = scene();
        hub_add_file(s.hub, "org/name", pairs[i][0], "{}", 2, false);
        hub_add_file(s.hub, "org/name", pairs[i][1], "{}", 2, false);
        GET(&s, "org/name", "--local-dir", "out");
        scene_expect(&s, 11, pairs[i][1]);
        cr_expect_eq(scene_sent(&s, "*"), 0);
    }
}

Test(refusal, redirects_of_the_listing_stay_at_home)
{
    static const char *const faults[] = {
        "tree * location=file:///etc/passwd",
        "info * location=file:///etc/passwd",
        "tree * location=/api/models/org/name/tree/main",
    };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        SCOPED(scene_done) struct scene s = scene();
        scene_fault(&s, faults[i]);
        GET(&s, "org/name", "--local-dir", "out");
        cr_expect_eq(s.status, 11, "%s: %d: %s", faults[i], s.status, s.err);
        cr_expect_eq(scene_published(&s, "out"), 0);
    }
}

/* ---- where it goes ---- */

Test(refusal, a_target_that_cannot_be_is_found_before_a_byte_is_fetched)
{
    SCOPED(scene_done) struct scene s = scene();
    tmpdir_put_text(s.dir, "plain", "mine");
    GET(&s, "org/name", "--local-dir", "plain/out");
    scene_expect(&s, 6, "plain");
    GET(&s, "org/name", "--local-dir", "plain");
    scene_expect(&s, 6, "plain");
    GET(&s, "org/name", "--cache-dir", "plain/hub");
    scene_expect(&s, 6, "plain");
    cr_expect_eq(scene_sent(&s, "*"), 0);
    cr_expect_eq(tmpdir_size(s.dir, "plain"), 4);
}

/* Somebody planted a link where a file goes: it is replaced or refused, never written through. */
Test(refusal, a_planted_link_is_not_followed)
{
    SCOPED(scene_done) struct scene s = scene();
    hub_add_file(s.hub, "org/name", "sub/x.txt", "xx", 2, false);
    tmpdir_put_text(s.dir, "outside/x.txt", "mine");
    tmpdir_put_text(s.dir, "out/here", "");
    SCOPED(mem_freep) char *to = mem_printf("%s/outside", s.dir);
    SCOPED(mem_freep) char *link = mem_printf("%s/out/sub", s.dir);
    cr_assert_eq(symlink(to, link), 0);
    GET(&s, "org/name", "--local-dir", "out");
    cr_expect_neq(s.status, 0);
    SCOPED(mem_freep) char *is = tmpdir_get(s.dir, "outside/x.txt", NULL);
    cr_expect_str_eq(is, "mine");
    cr_expect_eq(tmpdir_count(s.dir, "outside"), 1);
}

/* ---- several failures ---- */

Test(refusal, keep_going_tells_one_kind_or_many)
{
    static const struct {
        const char *faults[2];
        int status;
        const char *word;
        size_t failed;
    } cases[] = {
        {{"cdn weights.bin flip=5", NULL}, 5, "integrity", 1},
        {{"resolve weights.bin status=404", "resolve config.json status=404"}, 3, "not-found", 2},
        {{"cdn weights.bin flip=5", "resolve config.json status=404"}, 10, "partial", 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(scene_done) struct scene s = scene();
        scene_fault(&s, cases[i].faults[0]);
        if (cases[i].faults[1]) scene_fault(&s, cases[i].faults[1]);
        GET(&s, "org/name", "--local-dir", "out", "--keep-going");
        scene_expect(&s, cases[i].status, cases[i].word);
        cr_expect_eq(scene_events(&s, "file_failed"), cases[i].failed);
        cr_expect_eq(scene_number(&s, "result", 0, "files_failed"), cases[i].failed);
        cr_expect_eq(scene_published(&s, "out"), 3 - cases[i].failed);
        scene_expect_file(&s, "out/tokenizer.json", "org/name", "tokenizer.json");
    }
}

Test(refusal, a_file_without_a_digest_may_be_too_little)
{
    SCOPED(scene_done) struct scene s = scene();
    SCOPED(mem_freep)
    char *url = mem_printf("%s/org/name/resolve/main/config.json", hub_endpoint(s.hub));
    s.env = WORDS("HF_ENDPOINT=http://127.0.0.1:1");
    GET(&s, url, "--local-dir", "out", "--require-digest");
    scene_expect(&s, 5, "digest");
    cr_expect_eq(scene_published(&s, "out"), 0);
    GET(&s, url, "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/config.json", "org/name", "config.json");
}
