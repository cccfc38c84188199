/* A recorded listing served as a repo: DIR/tree.json ({"sha", "tree": [...]}) and the small files
 * that were kept, below DIR/files. Ids, sizes and digests are the recorded ones. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "tests/support/hub_state.h"

enum { LISTING_MAX = 64 * 1024 * 1024 };

static void take_id(char *ret, size_t size, const struct json *value)
{
    const char *text = json_string(value);
    if (text && strlen(text) < size) memcpy(ret, text, strlen(text) + 1);
}

/* The kept bytes of a small file; size UINT64_MAX when they were not kept. */
static struct content kept_content(const char *dir, const char *path)
{
    struct stat st;
    SCOPED(mem_freep) char *name = mem_printf("%s/files/%s", dir, path);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) return content_generated(NULL, 0, UINT64_MAX, 0);
    return content_of_file(fd, (uint64_t)st.st_size);
}

static enum err add_entry(struct hub *h, const char *dir, const struct json *e, bool generate,
                          struct hub_file **ret, struct why *why)
{
    const char *path = json_string(json_get(e, "path"));
    const struct json *lfs = json_get(e, "lfs");
    uint64_t size = 0;
    if (!path || !json_u64(json_get(lfs ? lfs : e, "size"), &size)) {
        return fail(why, ERR_REFUSED, "'%s/tree.json': an entry without path or size", dir);
    }
    struct content c = kept_content(dir, path);
    bool kept = c.size == size;
    if (!kept) {
        content_done(&c);
        c = content_generated(NULL, 0, size, seed_of(0, path));
    }
    pthread_mutex_lock(&h->lock);
    struct hub_file *f = hub_file_new(&h->store, path, c, lfs != NULL);
    pthread_mutex_unlock(&h->lock);
    f->bytes_missing = !kept && !generate;
    take_id(f->oid, sizeof(f->oid), json_get(e, "oid"));
    take_id(f->sha256, sizeof(f->sha256), json_get(lfs, "oid"));
    text_sha256(f->oid, f->xet);
    *ret = f;
    return OK;
}

static enum err add_tree(struct hub *h, const char *repo, const char *dir, const struct json *root,
                         bool generate, struct why *why)
{
    const struct json *tree = json_get(root, "tree");
    const char *sha = json_string(json_get(root, "sha"));
    if (!sha || strlen(sha) != SHA1_HEX - 1 || !json_is_array(tree)) {
        return fail(why, ERR_REFUSED, "'%s/tree.json' is no recorded listing", dir);
    }
    size_t count = 0;
    SCOPED(mem_freep)
    struct hub_file **files = mem_array(json_count(tree), sizeof(struct hub_file *));
    for (const struct json *e = json_first(tree); e; e = json_next(e)) {
        const char *type = json_string(json_get(e, "type"));
        if (!type || strcmp(type, "file") != 0) continue;
        enum err err = add_entry(h, dir, e, generate, &files[count], why);
        if (err) return err;
        count++;
    }
    pthread_mutex_lock(&h->lock);
    (void)hub_repo_commit_files(hub_repo_get(&h->store, repo), files, count, NULL, sha);
    pthread_mutex_unlock(&h->lock);
    return OK;
}

enum err hub_add_replay(struct hub *h, const char *repo, const char *dir, bool generate,
                        struct why *why)
{
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(why, "cannot open '%s'", dir);
    struct buf text;
    buf_init(&text, LISTING_MAX);
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    enum err e = fs_read_small(fd, "tree.json", LISTING_MAX, &text, why);
    if (!e) e = json_parse(buf_str(&text), text.len, &doc, why);
    if (!e) e = add_tree(h, repo, dir, json_root(doc), generate, why);
    buf_done(&text);
    close(fd);
    return e;
}
