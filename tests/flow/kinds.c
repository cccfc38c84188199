/* Every kind of source, and the commands that fetch nothing. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"
#include "tests/support/proc.h"

enum { BIG_BYTES = 300000, RENAMED = 307 };

static struct scene scene(const char *repo)
{
    struct scene s = scene_new(NULL);
    hub_add_file(s.hub, repo, "config.json", "{}", 2, false);
    hub_add_generated(s.hub, repo, "sub/big.bin", BIG_BYTES, 1, true);
    return s;
}

/* ---- repos ---- */

Test(kinds, repos_of_every_kind)
{
    static const struct {
        const char *repo;    // as the hub calls it
        const char *args[3]; // as the user does
        const char *folder;  // in the cache
    } cases[] = {
        {"gpt2", {"gpt2"}, "models--gpt2"},
        {"org/name", {"hf://models/org/name"}, "models--org--name"},
        {"datasets/org/name", {"org/name", "--repo-type", "dataset"}, "datasets--org--name"},
        {"datasets/org/name", {"hf://datasets/org/name"}, "datasets--org--name"},
        {"spaces/org/name", {"hf://spaces/org/name@main"}, "spaces--org--name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(scene_done) struct scene s = scene(cases[i].repo);
        const char *const *a = cases[i].args;
        GET(&s, a[0], a[1], a[2]);
        cr_expect_eq(s.status, 0, "%s: %s", a[0], s.err);
        SCOPED(mem_freep) char *blobs = mem_printf("hf/hub/%s/blobs", cases[i].folder);
        cr_expect_eq(tmpdir_count(s.dir, blobs), 2, "%s", a[0]);
        GET(&s, a[0], "--local-dir", "out", a[1], a[2]);
        scene_expect_file(&s, "out/sub/big.bin", cases[i].repo, "sub/big.bin");
    }
}

Test(kinds, pages_of_the_hub_are_repos_and_files)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    static const struct {
        const char *path;
        size_t files;
    } cases[] = {
        {"org/name", 2},
        {"org/name/tree/main", 2},
        {"org/name/tree/main/sub", 1},
        {"org/name/blob/main/config.json", 1},
        {"org/name/resolve/main/sub/big.bin", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(mem_freep) char *url = mem_printf("%s/%s", hub_endpoint(s.hub), cases[i].path);
        SCOPED(mem_freep) char *out = mem_printf("out%zu", i);
        GET(&s, url, "--local-dir", out);
        cr_expect_eq(s.status, 0, "%s: %s", url, s.err);
        cr_expect_eq(scene_published(&s, out), cases[i].files, "%s", url);
    }
}

Test(kinds, revisions_may_be_branches_pulls_and_commits)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    char sha[41] = "";
    cr_assert(hub_commit_id(s.hub, "org/name", "main", sha));
    hub_set_ref(s.hub, "org/name", "refs/pr/1");
    hub_set_ref(s.hub, "org/name", "v1.0");
    hub_add_file(s.hub, "org/name", "later.txt", "x", 1, false);
    static const char *const revisions[] = {"refs/pr/1", "v1.0"};
    for (size_t i = 0; i < ARRAY_LEN(revisions); i++) {
        GET(&s, "org/name", "--revision", revisions[i]);
        scene_expect(&s, 0, NULL);
        cr_expect_str_eq(scene_text(&s, "result", 0, "commit"), sha);
        SCOPED(mem_freep) char *ref = mem_printf("hf/hub/models--org--name/refs/%s", revisions[i]);
        size_t len = 0;
        SCOPED(mem_freep) char *is = tmpdir_get(s.dir, ref, &len);
        cr_expect(is && strcmp(is, sha) == 0, "%s", ref);
    }
    SCOPED(mem_freep) char *pinned = mem_printf("org/name@%s", sha);
    hub_log_clear(hub_log(s.hub));
    GET(&s, pinned);
    scene_expect(&s, 0, NULL);
    cr_expect_eq(hub_log_count(hub_log(s.hub), &(struct hub_log_filter){0}), 0,
                 "this commit is here already");
}

Test(kinds, a_renamed_repo_is_found)
{
    static const unsigned statuses[] = {301, RENAMED};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        SCOPED(scene_done) struct scene s = scene("org/new");
        hub_rename(s.hub, "org/old", "org/new", statuses[i]);
        GET(&s, "org/old", "--local-dir", "out");
        scene_expect(&s, 0, NULL);
        scene_expect_file(&s, "out/sub/big.bin", "org/new", "sub/big.bin");
    }
}

/* ---- one file by its URL ---- */

Test(kinds, a_bare_url_with_and_without_its_digest)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    struct hub_file_info info;
    cr_assert(hub_stat(s.hub, "org/name", "sub/big.bin", &info));
    SCOPED(mem_freep)
    char *url = mem_printf("%s/org/name/resolve/main/sub/big.bin", hub_endpoint(s.hub));
    s.env = WORDS("HF_ENDPOINT=http://127.0.0.1:1"); // then it is anybody's file
    scene_run(&s, WORDS("get", url, "--local-dir", "out"));
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(s.out, "out/big.bin\n");
    scene_expect_file(&s, "out/big.bin", "org/name", "sub/big.bin");

    SCOPED(mem_freep) char *good = mem_printf("%s#sha256=%s", url, info.sha256);
    GET(&s, good, "--local-dir", "good");
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(scene_text(&s, "file_done", 0, "verified_by"), "sha256");

    info.sha256[0] = info.sha256[0] == '0' ? '1' : '0';
    SCOPED(mem_freep) char *bad = mem_printf("%s#sha256=%s", url, info.sha256);
    GET(&s, bad, "--local-dir", "bad");
    scene_expect(&s, 5, "integrity");
    cr_expect_not(tmpdir_has(s.dir, "bad/big.bin"));
}

/* Without a digest only the ETag tells two versions apart (RFC 9110 §13.1.5). */
Test(kinds, a_bare_url_whose_file_changes_is_not_patched_together)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    SCOPED(mem_freep)
    char *url = mem_printf("%s/org/name/resolve/main/sub/big.bin", hub_endpoint(s.hub));
    s.env = WORDS("HF_ENDPOINT=http://127.0.0.1:1");
    scene_fault(&s, "cdn * #2 close=100000 etag=%22old%22");
    scene_fault(&s, "cdn * #1 close=100000 etag=%22old%22");
    GET(&s, url, "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/big.bin", "org/name", "sub/big.bin");
    cr_expect_geq(scene_sent(&s, "*"), 100000 + BIG_BYTES, "from its first byte again");
}

/* ---- lists ---- */

Test(kinds, manifests_and_lists_of_digests)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    struct hub_file_info info;
    cr_assert(hub_stat(s.hub, "org/name", "sub/big.bin", &info));
    SCOPED(mem_freep) char *base = mem_printf("%s/org/name/resolve/main/", hub_endpoint(s.hub));
    SCOPED(mem_freep) char *sums = mem_printf("%s  sub/big.bin\n", info.sha256);
    SCOPED(mem_freep)
    char *manifest = mem_printf("{\"schema\":1,\"files\":[{\"path\":\"sub/big.bin\",\"size\":%d,"
                                "\"digest\":\"sha256:%s\",\"urls\":[\"sub/big.bin\"]}]}",
                                BIG_BYTES, info.sha256);
    tmpdir_put_text(s.dir, "SHA256SUMS", sums);
    tmpdir_put_text(s.dir, "m.json", manifest);
    s.env = WORDS("HF_ENDPOINT=http://127.0.0.1:1");
    static const char *const ways[][2] = {
        {"./SHA256SUMS", NULL}, {"./m.json", NULL}, {"--manifest", "m.json"}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        SCOPED(mem_freep) char *out = mem_printf("out%zu", i);
        SCOPED(mem_freep) char *rel = mem_printf("%s/sub/big.bin", out);
        GET(&s, "--base-url", base, "--local-dir", out, ways[i][0], ways[i][1]);
        cr_expect_eq(s.status, 0, "%s: %s", ways[i][0], s.err);
        scene_expect_file(&s, rel, "org/name", "sub/big.bin");
    }
}

Test(kinds, a_manifest_that_breaks_a_rule_is_refused_whole)
{
    static const char *const bad[] = {
        "{\"schema\":1,\"files\":[{\"path\":\"../x\",\"size\":1,\"urls\":[\"x\"]}]}",
        "{\"schema\":1,\"files\":[{\"path\":\"x\",\"size\":1,\"digest\":\"sha256:12\"}]}",
        "{\"schema\":1,\"files\":[{\"path\":\"x\",\"size\":1},{\"path\":\"x\",\"size\":1}]}",
        "{\"schema\":1,\"files\":{}}",
        "{\"schema\":1,",
    };
    SCOPED(scene_done) struct scene s = scene("org/name");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        tmpdir_put_text(s.dir, "m.json", bad[i]);
        GET(&s, "./m.json", "--base-url", hub_endpoint(s.hub), "--local-dir", "out");
        cr_expect_eq(s.status, 11, "%s: %d: %s", bad[i], s.status, s.err);
    }
    cr_expect_eq(hub_log_count(hub_log(s.hub), &(struct hub_log_filter){0}), 0);
}

/* ---- plan ---- */

Test(kinds, a_plan_says_what_is_there_and_makes_nothing)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    scene_run(&s, WORDS("plan", "--json", "org/name", "--local-dir", "out"));
    scene_expect(&s, 0, NULL);
    cr_expect_not(tmpdir_has(s.dir, "out"));
    cr_expect_eq(scene_events(&s, "plan_file"), 2);
    cr_expect_eq(scene_number(&s, "plan", 0, "bytes_to_fetch"), BIG_BYTES + 2);
    cr_expect_str_eq(scene_text(&s, "plan_file", 0, "state"), "missing");

    GET(&s, "org/name", "config.json", "--local-dir", "out");
    scene_run(&s, WORDS("get", "--dry-run", "--json", "org/name", "--local-dir", "out"));
    cr_expect_eq(scene_number(&s, "plan", 0, "bytes_present"), 2);
    for (size_t i = 0; i < 2; i++) {
        bool there = strcmp(scene_text(&s, "plan_file", i, "file"), "config.json") == 0;
        cr_expect_str_eq(scene_text(&s, "plan_file", i, "state"), there ? "present" : "missing");
    }
    scene_run(&s, WORDS("plan", "org/name", "--local-dir", "out"));
    cr_expect_not_null(strstr(s.out, "sub/big.bin"));
    cr_expect_not_null(strstr(s.out, "present"));
    cr_expect_eq(scene_sent(&s, "sub/big.bin"), 0);
}

/* ---- verify ---- */

Test(kinds, verify_reads_what_is_on_disk)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    GET(&s, "org/name", "--local-dir", "out");
    hub_log_clear(hub_log(s.hub));
    scene_run(&s, WORDS("verify", "--json", "./out"));
    scene_expect(&s, 0, NULL);
    cr_expect_eq(hub_log_count(hub_log(s.hub), &(struct hub_log_filter){0}), 0, "no network");

    tmpdir_put_text(s.dir, "out/config.json", "[]");
    scene_run(&s, WORDS("verify", "--json", "./out"));
    scene_expect(&s, 5, "integrity");
    cr_expect_eq(scene_events(&s, "file_failed"), 1);
    cr_expect_str_eq(scene_text(&s, "file_failed", 0, "file"), "config.json");

    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/config.json", "org/name", "config.json");
    const struct proc_spec spec = {.argv = WORDS("rm", "out/sub/big.bin"), .cwd = s.dir};
    SCOPED(proc_freep) struct proc *p = NULL;
    cr_assert(proc_run(&spec, 10000, &p));
    scene_run(&s, WORDS("verify", "--json", "org/name", "--local-dir", "out"));
    scene_expect(&s, 5, "integrity");
    cr_expect_str_eq(scene_text(&s, "file_failed", 0, "file"), "sub/big.bin");
}

Test(kinds, verify_reads_the_cache)
{
    SCOPED(scene_done) struct scene s = scene("org/name");
    GET(&s, "org/name");
    scene_run(&s, WORDS("verify", "--json", "org/name"));
    scene_expect(&s, 0, NULL);
    struct hub_file_info info;
    cr_assert(hub_stat(s.hub, "org/name", "config.json", &info));
    SCOPED(mem_freep) char *blob = mem_printf("hf/hub/models--org--name/blobs/%s", info.oid);
    tmpdir_put_text(s.dir, blob, "[]");
    scene_run(&s, WORDS("verify", "--json", "org/name"));
    scene_expect(&s, 5, "integrity");
}
