/* Filling the embedded hub: single files, generated models, many small files, a directory. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_model.h"
#include "tests/support/hub_state.h"

enum { LFS_FROM_BYTES = 1024 * 1024, MAX_DEPTH = 16 };

/* Files on their way into a repo. */
struct batch {
    struct hub_file **files;
    size_t count;
    size_t room;
};

static void batch_add(struct batch *b, struct hub_file *f)
{
    if (b->count == b->room) {
        b->room = b->room ? 2 * b->room : 16;
        b->files = mem_resize(b->files, b->room * sizeof(struct hub_file *));
    }
    b->files[b->count++] = f;
}

/* Seals without the lock (hashing takes seconds: no request can see the files yet), then commits.
 */
static bool batch_commit(struct hub *h, const char *repo, struct batch *b, bool real)
{
    bool sealed = hub_files_seal(b->files, b->count, real);
    pthread_mutex_lock(&h->lock);
    (void)hub_repo_commit_files(hub_repo_get(&h->store, repo), b->files, b->count, NULL, NULL);
    pthread_mutex_unlock(&h->lock);
    mem_free(b->files);
    *b = (struct batch){0};
    return sealed;
}

static struct hub_file *new_file(struct hub *h, const char *path, struct content take, bool lfs)
{
    pthread_mutex_lock(&h->lock);
    struct hub_file *f = hub_file_new(&h->store, path, take, lfs);
    pthread_mutex_unlock(&h->lock);
    return f;
}

static void add_one(struct hub *h, const char *repo, struct hub_file *f, bool real)
{
    struct batch b = {0};
    batch_add(&b, f);
    (void)batch_commit(h, repo, &b, real); // from memory: hashing cannot fail
}

void hub_add_file(struct hub *h, const char *repo, const char *path, const void *data, size_t len,
                  bool lfs)
{
    add_one(h, repo, new_file(h, path, content_of_bytes(data, len), lfs), true);
}

void hub_add_generated(struct hub *h, const char *repo, const char *path, uint64_t size,
                       uint64_t seed, bool digest)
{
    struct content c = content_generated(NULL, 0, size, seed_of(seed, path));
    add_one(h, repo, new_file(h, path, c, true), digest);
}

void hub_remove_file(struct hub *h, const char *repo, const char *path)
{
    pthread_mutex_lock(&h->lock);
    (void)hub_repo_commit_files(hub_repo_get(&h->store, repo), NULL, 0, path, NULL);
    pthread_mutex_unlock(&h->lock);
}

enum err hub_add_model(struct hub *h, const char *repo, const struct hub_model *m, struct why *why)
{
    struct hub_model_plan plan;
    enum err e = hub_model_plan(m->shards, m->bytes, m->seed, &plan, why);
    if (e) return e;
    struct batch b = {.room = m->shards + HUB_MODEL_EXTRAS};
    b.files = mem_array(b.room, sizeof(struct hub_file *));
    pthread_mutex_lock(&h->lock);
    b.count = hub_model_files(&h->store, &plan, b.files);
    pthread_mutex_unlock(&h->lock);
    if (!batch_commit(h, repo, &b, !m->no_digests)) {
        return fail(why, ERR_INTERNAL, "cannot hash the files of '%s'", repo);
    }
    return OK;
}

void hub_add_many(struct hub *h, const char *repo, size_t count, size_t bytes)
{
    struct batch b = {0};
    for (size_t i = 0; i < count; i++) {
        SCOPED(mem_freep)
        char *path = mem_printf("data/%02zu/%02zu/file-%06zu.bin", i / 10000, i / 100 % 100, i);
        struct content c = content_generated(NULL, 0, bytes, seed_of(i, repo));
        batch_add(&b, new_file(h, path, c, false));
    }
    (void)batch_commit(h, repo, &b, true); // from memory: hashing cannot fail
}

/* ---- a directory ---- */

static bool is_lfs(const char *name, uint64_t size)
{
    static const char *const endings[] = {".safetensors", ".bin",  ".gguf",    ".pt",
                                          ".pth",         ".onnx", ".parquet", ".zst"};
    if (size >= LFS_FROM_BYTES) return true;
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t n = strlen(endings[i]);
        if (len > n && strcasecmp(name + len - n, endings[i]) == 0) return true;
    }
    return false;
}

static void dir_closep(DIR **d)
{
    if (*d) closedir(*d);
}

static enum err add_below(struct hub *h, const char *dir, const char *rel, int depth,
                          struct batch *b, struct why *why);

static enum err add_entry(struct hub *h, const char *dir, const char *rel, int depth,
                          struct batch *b, struct why *why)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    struct stat st;
    if (lstat(path, &st) < 0) return fail_errno(why, "cannot look at '%s'", path);
    if (S_ISDIR(st.st_mode)) return add_below(h, dir, rel, depth + 1, b, why);
    if (!S_ISREG(st.st_mode)) return OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(why, "cannot open '%s'", path);
    uint64_t size = (uint64_t)st.st_size;
    batch_add(b, new_file(h, rel, content_of_file(fd, size), is_lfs(rel, size)));
    return OK;
}

static enum err add_below(struct hub *h, const char *dir, const char *rel, int depth,
                          struct batch *b, struct why *why)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    if (depth > MAX_DEPTH) return fail(why, ERR_USAGE, "'%s' is too deep", path);
    SCOPED(dir_closep) DIR *d = opendir(path);
    if (!d) return fail_errno(why, "cannot read '%s'", path);
    for (const struct dirent *de; (de = readdir(d));) {
        if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0) continue;
        SCOPED(mem_freep)
        char *child = *rel ? mem_printf("%s/%s", rel, de->d_name) : mem_strdup(de->d_name);
        enum err e = add_entry(h, dir, child, depth, b, why);
        if (e) return e;
    }
    return OK;
}

enum err hub_add_dir(struct hub *h, const char *repo, const char *dir, struct why *why)
{
    struct batch b = {0};
    enum err e = add_below(h, dir, "", 0, &b, why);
    if (e) {
        mem_free(b.files);
        return e;
    }
    if (batch_commit(h, repo, &b, true)) return OK;
    return fail(why, ERR_DISK, "cannot read the files of '%s'", dir);
}
