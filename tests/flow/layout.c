/* Where files go and what a second run asks for. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"

#define SNAPSHOTS "hf/hub/models--org--name/snapshots"
#define BLOBS     "hf/hub/models--org--name/blobs"

enum { BIG_BYTES = 300000, FILES = 4 };

static const char *const paths[FILES] = {"config.json", "empty.txt", "onnx/deep/model.bin",
                                         "weights.safetensors"};

static struct scene scene(void)
{
    struct scene s = scene_new(NULL);
    hub_add_file(s.hub, "org/name", "config.json", "{}", 2, false);
    hub_add_file(s.hub, "org/name", "empty.txt", "", 0, false);
    hub_add_generated(s.hub, "org/name", "onnx/deep/model.bin", BIG_BYTES, 1, true);
    hub_add_generated(s.hub, "org/name", "weights.safetensors", BIG_BYTES, 2, true);
    return s;
}

static char *commit_of(const struct scene *s)
{
    char sha[41] = "";
    cr_assert(hub_commit_id(s->hub, "org/name", "main", sha));
    return mem_strdup(sha);
}

static unsigned mode_of(const struct scene *s, const char *rel)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", s->dir, rel);
    struct stat st;
    cr_assert_eq(lstat(path, &st), 0, "%s", rel);
    return st.st_mode & 07777;
}

static bool file_says(const struct scene *s, const char *rel, const char *text)
{
    size_t len = 0;
    SCOPED(mem_freep) char *is = tmpdir_get(s->dir, rel, &len);
    return is && strcmp(is, text) == 0;
}

Test(layout, a_local_dir_has_plain_files)
{
    SCOPED(scene_done) struct scene s = scene();
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_published(&s, "out"), FILES);
    for (size_t i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *rel = mem_printf("out/%s", paths[i]);
        scene_expect_file(&s, rel, "org/name", paths[i]);
    }
    SCOPED(mem_freep) char *sha = commit_of(&s);
    SCOPED(mem_freep) char *tree = mem_printf("out/.cache/huggingface/trees/%s.json", sha);
    cr_expect(tmpdir_has(s.dir, tree));
    cr_expect(tmpdir_has(s.dir, "out/.cache/huggingface/CACHEDIR.TAG"));
    cr_expect(file_says(&s, "out/.cache/huggingface/.gitignore", "*\n"));
    cr_expect_eq(scene_number(&s, "result", 0, "files_done"), FILES);
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_fetched"), 2 * BIG_BYTES + 2);
    cr_expect_str_eq(scene_text(&s, "result", 0, "commit"), sha);
    cr_expect_eq(scene_events(&s, "file_done"), FILES);
}

/* hub's own format: commit, ETag, time of the download. */
Test(layout, metadata_have_three_lines)
{
    SCOPED(scene_done) struct scene s = scene();
    GET(&s, "org/name", "--local-dir", "out");
    SCOPED(mem_freep) char *sha = commit_of(&s);
    for (size_t i = 0; i < FILES; i++) {
        struct hub_file_info info;
        cr_assert(hub_stat(s.hub, "org/name", paths[i], &info));
        SCOPED(mem_freep)
        char *rel = mem_printf("out/.cache/huggingface/download/%s.metadata", paths[i]);
        size_t len = 0;
        SCOPED(mem_freep) char *text = tmpdir_get(s.dir, rel, &len);
        cr_assert_not_null(text, "%s", rel);
        const char *etag = info.lfs ? info.sha256 : info.oid;
        SCOPED(mem_freep) char *start = mem_printf("%s\n%s\n", sha, etag);
        cr_assert_eq(strncmp(text, start, strlen(start)), 0, "%s", text);
        char *end = NULL;
        cr_expect_gt(strtod(text + strlen(start), &end), 1.0e9, "%s", text);
        cr_expect_str_eq(end, "\n");
    }
}

Test(layout, the_cache_is_hub_s_own)
{
    SCOPED(scene_done) struct scene s = scene();
    umask(027);
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    SCOPED(mem_freep) char *sha = commit_of(&s);
    for (size_t i = 0; i < FILES; i++) {
        struct hub_file_info info;
        cr_assert(hub_stat(s.hub, "org/name", paths[i], &info));
        const char *name = info.lfs ? info.sha256 : info.oid;
        SCOPED(mem_freep) char *blob = mem_printf(BLOBS "/%s", name);
        scene_expect_file(&s, blob, "org/name", paths[i]);
        cr_expect_eq(mode_of(&s, blob), 0640);
        SCOPED(mem_freep) char *link = mem_printf("%s/" SNAPSHOTS "/%s/%s", s.dir, sha, paths[i]);
        const char *up = strchr(paths[i], '/') ? "../../../../blobs" : "../../blobs";
        SCOPED(mem_freep) char *target = mem_printf("%s/%s", up, name);
        char to[256] = "";
        cr_assert_gt(readlink(link, to, sizeof(to) - 1), 0, "%s is no link", link);
        cr_expect_str_eq(to, target);
        cr_expect_eq(access(link, R_OK), 0);
    }
    cr_expect_eq(mode_of(&s, BLOBS), 0750);
    cr_expect_eq(tmpdir_count(s.dir, BLOBS), FILES);
    cr_expect(file_says(&s, "hf/hub/models--org--name/refs/main", sha), "without a line feed");
    cr_expect(tmpdir_has(s.dir, "hf/hub/CACHEDIR.TAG"));
    SCOPED(mem_freep) char *tree = mem_printf("hf/hub/models--org--name/trees/%s.json", sha);
    cr_expect(tmpdir_has(s.dir, tree));
    SCOPED(mem_freep) char *snapshot = mem_printf("%s/" SNAPSHOTS "/%s", s.dir, sha);
    cr_expect_str_eq(scene_text(&s, "result", 0, "path"), snapshot);
}

Test(layout, files_of_one_content_are_one_blob)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    static const char text[] = "the same";
    hub_add_file(s.hub, "org/name", "a.bin", text, sizeof(text), true);
    hub_add_file(s.hub, "org/name", "b.bin", text, sizeof(text), true);
    hub_add_file(s.hub, "org/name", "c/a.bin", text, sizeof(text), true);
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(tmpdir_count(s.dir, BLOBS), 1);
    SCOPED(mem_freep) char *sha = commit_of(&s);
    SCOPED(mem_freep) char *last = mem_printf(SNAPSHOTS "/%s/c/a.bin", sha);
    scene_expect_file(&s, last, "org/name", "c/a.bin");
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_number(&s, "plan", 0, "bytes_to_fetch"), 0);
}

Test(layout, without_symlinks_snapshots_hold_the_files)
{
    SCOPED(scene_done) struct scene s = scene();
    s.env = WORDS("HF_HUB_DISABLE_SYMLINKS=1");
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    SCOPED(mem_freep) char *sha = commit_of(&s);
    for (size_t i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *rel = mem_printf(SNAPSHOTS "/%s/%s", sha, paths[i]);
        scene_expect_file(&s, rel, "org/name", paths[i]);
        struct stat st;
        SCOPED(mem_freep) char *path = mem_printf("%s/%s", s.dir, rel);
        cr_expect(lstat(path, &st) == 0 && S_ISREG(st.st_mode), "%s", rel);
    }
    hub_log_clear(hub_log(s.hub));
    GET(&s, "org/name");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_sent(&s, "*"), 0);
}

/* A second run in either layout, by branch or by commit, is as cheap as it can be. */
Test(layout, a_second_run_asks_what_it_must)
{
    static const struct {
        const char *name;
        bool cache, pinned;
        size_t requests;
    } cases[] = {
        {"local dir, branch", false, false, 1},
        {"local dir, commit", false, true, 0},
        {"cache, branch", true, false, 1},
        {"cache, commit", true, true, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(scene_done) struct scene s = scene();
        SCOPED(mem_freep) char *sha = commit_of(&s);
        const char *where = cases[i].cache ? "--cache-dir" : "--local-dir";
        const char *revision = cases[i].pinned ? sha : "main";
        GET(&s, "org/name", "--revision", revision, where, "out");
        scene_expect(&s, 0, NULL);
        hub_log_clear(hub_log(s.hub));
        GET(&s, "org/name", "--revision", revision, where, "out");
        scene_expect(&s, 0, NULL);
        cr_expect_eq(hub_log_count(hub_log(s.hub), &(struct hub_log_filter){0}), cases[i].requests,
                     "%s", cases[i].name);
        cr_expect_eq(scene_number(&s, "plan", 0, "bytes_present"), 2 * BIG_BYTES + 2);
        cr_expect_eq(scene_number(&s, "result", 0, "bytes_fetched"), 0);
    }
}

Test(layout, a_moved_branch_brings_what_changed)
{
    SCOPED(scene_done) struct scene s = scene();
    GET(&s, "org/name", "--local-dir", "out");
    hub_add_file(s.hub, "org/name", "config.json", "{\"a\":1}", 7, false);
    hub_log_clear(hub_log(s.hub));
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_sent(&s, "*"), 7);
    scene_expect_file(&s, "out/config.json", "org/name", "config.json");
}

Test(layout, the_path_is_all_on_stdout)
{
    SCOPED(scene_done) struct scene s = scene();
    scene_run(&s, WORDS("get", "org/name", "--local-dir", "out"));
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(s.out, "out\n");
    scene_run(&s, WORDS("get", "org/name", "onnx/deep/model.bin", "--local-dir", "out"));
    cr_expect_str_eq(s.out, "out/onnx/deep/model.bin\n");
    SCOPED(mem_freep) char *sha = commit_of(&s);
    scene_run(&s, WORDS("get", "org/name", "config.json", "-q"));
    SCOPED(mem_freep) char *path = mem_printf("%s/" SNAPSHOTS "/%s/config.json\n", s.dir, sha);
    cr_expect_str_eq(s.out, path);
    cr_expect_str_empty(s.err);
    cr_expect_eq(tmpdir_count(s.dir, BLOBS), 1);
}

/* ---- which files ---- */

static const struct {
    const char *args[4];
    const char *got; // one letter per file, in the order of `paths`
} selections[] = {
    {{"config.json"}, "c"},
    {{"onnx/"}, "o"},
    {{"config.json", "empty.txt"}, "ce"},
    {{"--include", "*.bin"}, "o"},
    {{"--include", "*.bin", "--include", "*.json"}, "co"},
    {{"--exclude", "*.bin"}, "cew"},
    {{"--exclude", "onnx/"}, "cew"},
    {{"--include", "*.[bs]*", "--exclude", "onnx/*"}, "w"},
};

Test(layout, only_what_was_asked_for)
{
    SCOPED(scene_done) struct scene s = scene();
    for (size_t i = 0; i < ARRAY_LEN(selections); i++) {
        SCOPED(mem_freep) char *out = mem_printf("out%zu", i);
        const char *const *a = selections[i].args;
        GET(&s, "org/name", "--local-dir", out, a[0], a[1], a[2], a[3]);
        scene_expect(&s, 0, NULL);
        cr_expect_eq(scene_published(&s, out), strlen(selections[i].got), "%zu", i);
        for (size_t k = 0; k < FILES; k++) {
            SCOPED(mem_freep) char *rel = mem_printf("%s/%s", out, paths[k]);
            bool wanted = strchr(selections[i].got, paths[k][0]) != NULL;
            cr_expect_eq(tmpdir_has(s.dir, rel), wanted, "%zu: %s", i, rel);
        }
    }
}

Test(layout, force_download_fetches_what_is_there)
{
    SCOPED(scene_done) struct scene s = scene();
    GET(&s, "org/name", "--local-dir", "out");
    tmpdir_put_text(s.dir, "out/config.json", "[]"); // the same size and, perhaps, time
    hub_log_clear(hub_log(s.hub));
    GET(&s, "org/name", "--local-dir", "out", "--force-download");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_sent(&s, "*"), 2 * BIG_BYTES + 2);
    scene_expect_file(&s, "out/config.json", "org/name", "config.json");
}

/* ---- offline ---- */

Test(layout, offline_uses_what_is_there_and_asks_nobody)
{
    SCOPED(scene_done) struct scene s = scene();
    GET(&s, "org/name");
    GET(&s, "org/name", "--local-dir", "out");
    hub_log_clear(hub_log(s.hub));
    GET(&s, "org/name", "--offline");
    scene_expect(&s, 0, NULL);
    GET(&s, "org/name", "--offline", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    s.env = WORDS("HF_HUB_OFFLINE=1");
    GET(&s, "org/name", "config.json");
    scene_expect(&s, 0, NULL);
    GET(&s, "org/other");
    scene_expect(&s, 3, "not-cached");
    GET(&s, "org/name", "--local-dir", "elsewhere");
    scene_expect(&s, 3, "not-cached");
    cr_expect_eq(hub_log_count(hub_log(s.hub), &(struct hub_log_filter){0}), 0);
}
