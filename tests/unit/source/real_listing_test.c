/* Listings of real repos, kept outside the project: skipped where they are not. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/fs.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/plan/path.h"
#include "download/plan/select.h"
#include "tests/unit/source/exchange.h"

enum { SHARDS_70B = 162, TREE_MAX = 1024 * 1024 };

static const struct {
    const char *name;
    size_t files;
    uint64_t bytes;
} REPOS[] = {
    {"reflection-llama-3.1-70b", 167, UINT64_C(282215420474)},
    {"qwen3.5-25b-reap", 15, UINT64_C(50208139490)},
    {"olmocr-7b", 9, UINT64_C(16582893633)},
};

/* The folder of listings, or -1 with the test skipped. */
static int listings(void)
{
    const char *told = getenv("SHARDFETCH_TEST_DATA");
    int fd =
        open(told ? told : SOURCE_PATH "/../shared/data/hub", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) cr_skip_test("no real listings: SHARDFETCH_TEST_DATA names no folder\n");
    return fd;
}

/* The value of `key` in tree.json as text: the file is {"sha":…,"tree":[…]}, in that order. */
static struct source *source_of_tree(int dir, const char *name)
{
    struct buf text;
    buf_init(&text, TREE_MAX);
    char *path = mem_printf("%s/tree.json", name);
    struct why why = {""};
    cr_assert_eq(fs_read_small(dir, path, TREE_MAX, &text, &why), OK, "%s", why.text);
    mem_free(path);

    struct json_doc *doc = NULL;
    cr_assert_eq(json_parse(text.data, text.len, &doc, &why), OK, "%s", why.text);
    char *source = mem_printf("org/%s@%s", name, json_string(json_get(json_root(doc), "sha")));
    struct source *s = source_of(source, NULL);
    mem_free(source);
    json_doc_free(doc);

    char *page = strstr(text.data, "\"tree\":");
    cr_assert_not_null(page);
    page = strchr(page, '[');
    *strrchr(page, '}') = '\0';
    struct reply r = reply_of(&(struct answer){.status = 200});
    buf_adds(&r.body, page);
    struct request q;
    cr_assert_eq(source_next(s, &q), SOURCE_REQUEST);
    request_done(&q);
    cr_assert_eq(source_reply(s, &r, &why), OK, "%s", why.text);
    cr_assert_eq(source_next(s, &q), SOURCE_DONE);
    reply_done(&r);
    buf_done(&text);
    return s;
}

Test(real_listing, every_file_has_its_size_and_digest)
{
    int dir = listings();
    for (size_t i = 0; i < ARRAY_LEN(REPOS); i++) {
        struct source *s = source_of_tree(dir, REPOS[i].name);
        const struct listing *l = source_listing(s);
        const char **paths = mem_array(l->count, sizeof(*paths));
        uint64_t bytes = 0;
        for (size_t f = 0; f < l->count; f++) {
            cr_expect_neq(l->entries[f].digest.kind, DIGEST_NONE, "%s", l->entries[f].path);
            bytes += l->entries[f].size;
            paths[f] = l->entries[f].path;
        }
        cr_expect_eq(l->count, REPOS[i].files, "%s: %zu files", REPOS[i].name, l->count);
        cr_expect_eq(bytes, REPOS[i].bytes, "%s", REPOS[i].name);
        const char *twin = NULL;
        cr_expect_eq(path_check_all(paths, l->count, PATH_TWINS_REFUSED, &twin, NULL), OK);
        mem_free(paths);
        source_free(s);
    }
    close(dir);
}

Test(real_listing, its_shards_can_be_selected)
{
    int dir = listings();
    struct source *s = source_of_tree(dir, REPOS[0].name);
    const struct listing *l = source_listing(s);
    bool *wanted = mem_array(l->count, sizeof(*wanted));
    const char *const globs[] = {"model-*-of-00162.safetensors", NULL};
    const struct selection shards = {.include = globs};
    cr_expect_eq(select_files(&shards, l, wanted, NULL), OK);
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (!wanted[i]) continue;
        count++;
        cr_expect_eq(l->entries[i].digest.kind, DIGEST_SHA256, "%s", l->entries[i].path);
    }
    cr_expect_eq(count, SHARDS_70B);
    mem_free(wanted);
    source_free(s);
    close(dir);
}
