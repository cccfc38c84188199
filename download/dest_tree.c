#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/dest_private.h"
#include "download/plan/path.h"

/* hub.md §2.1: {"format_version":1,"files":{"<path>":{"size":N,"blob_id":"…","lfs_sha256":"…",
 * "lfs_size":N,"xet_hash":"…"}}}, the last three optional. */
enum { FORMAT_VERSION = 1, HEX40 = 40, REF_MAX_BYTES = 256 };

static char *tree_rel(const struct dest *d, const char *commit)
{
    return mem_printf("%s/trees/%s.json", d->hub_rel, commit);
}

static bool read_entry(const struct json *v, struct listing *ret)
{
    struct listing_entry *e = listing_add(ret, json_key(v));
    const char *blob = json_string(json_get(v, "blob_id"));
    const char *sha256 = json_string(json_get(v, "lfs_sha256"));
    const char *xet = json_string(json_get(v, "xet_hash"));
    if (!e || !blob || !json_u64(json_get(v, "size"), &e->size)) return false;
    if (sha256) {
        uint64_t lfs_size = 0;
        if (json_u64(json_get(v, "lfs_size"), &lfs_size)) e->size = lfs_size;
        if (!digest_parse_hex(DIGEST_SHA256, sha256, strlen(sha256), &e->digest)) return false;
    } else if (!digest_parse_hex(DIGEST_GIT_SHA1, blob, strlen(blob), &e->digest)) {
        return false;
    }
    e->blob_id = mem_strdup(blob);
    e->xet_hash = mem_strdup(xet);
    return true;
}

static enum err read_tree(const struct json *root, struct listing *ret, struct why *why)
{
    uint64_t version = 0;
    const struct json *files = json_get(root, "files");
    bool known = json_u64(json_get(root, "format_version"), &version) && version == FORMAT_VERSION;
    if (!known || !json_is_object(files)) {
        return fail(why, ERR_NOT_FOUND, "a cached listing of another format");
    }
    for (const struct json *v = json_first(files); v; v = json_next(v)) {
        if (!read_entry(v, ret)) return fail(why, ERR_NOT_FOUND, "a cached listing is damaged");
    }
    return OK;
}

enum err dest_load_tree(const struct dest *d, const char *commit, struct listing *ret,
                        struct why *why)
{
    SCOPED(mem_freep) char *rel = tree_rel(d, commit);
    struct buf text;
    buf_init(&text, JSON_MAX_BYTES);
    enum err e = fs_read_small(d->root_fd, rel, JSON_MAX_BYTES, &text, why);
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    if (!e) e = json_parse_keys(buf_str(&text), text.len, JSON_KEYS_EXACT, &doc, why);
    buf_done(&text);
    struct listing l = {0};
    if (!e) e = read_tree(json_root(doc), &l, why);
    if (e) {
        listing_done(&l);
        return ERR_NOT_FOUND; // whatever it was, the listing is fetched again
    }
    l.commit = mem_strdup(commit);
    *ret = l;
    return OK;
}

static bool newer(int fd, const char *name, struct timespec *best)
{
    struct stat st;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) return false;
    bool later = st.st_mtim.tv_sec > best->tv_sec ||
                 (st.st_mtim.tv_sec == best->tv_sec && st.st_mtim.tv_nsec >= best->tv_nsec);
    if (later) *best = st.st_mtim;
    return later;
}

static bool is_tree_name(const char *name)
{
    return strlen(name) == HEX40 + strlen(".json") && str_ends(name, ".json") &&
           strspn(name, "0123456789abcdef") == HEX40;
}

enum err dest_newest_tree(const struct dest *d, char **ret_commit, struct why *why)
{
    SCOPED(mem_freep) char *rel = mem_printf("%s/trees", d->hub_rel);
    int fd = -1;
    enum err e = fs_open_dir(d->root_fd, rel, false, &fd, why);
    DIR *dir = e ? NULL : fdopendir(fd);
    if (!dir) {
        fs_closep(&fd);
        return fail(why, ERR_NOT_FOUND, "'%s' holds no listing to verify against", d->shown);
    }
    struct timespec best = {0};
    SCOPED(mem_freep) char *commit = NULL;
    for (struct dirent *it = readdir(dir); it; it = readdir(dir)) {
        if (!is_tree_name(it->d_name) || !newer(fd, it->d_name, &best)) continue;
        mem_free(commit);
        commit = mem_strndup(it->d_name, HEX40);
    }
    closedir(dir);
    if (!commit)
        return fail(why, ERR_NOT_FOUND, "'%s' holds no listing to verify against", d->shown);
    *ret_commit = TAKE(commit);
    return OK;
}

static void add_entry(struct buf *b, const struct listing_entry *e)
{
    char hex[DIGEST_HEX_MAX];
    digest_print_hex(&e->digest, hex);
    json_add_key(b, e->path);
    buf_addc(b, '{');
    json_add_u64_field(b, "size", e->size);
    json_add_str_field(b, "blob_id", e->blob_id ? e->blob_id : hex);
    if (e->digest.kind == DIGEST_SHA256) {
        json_add_str_field(b, "lfs_sha256", hex);
        json_add_u64_field(b, "lfs_size", e->size);
    }
    if (e->xet_hash) json_add_str_field(b, "xet_hash", e->xet_hash);
    buf_addc(b, '}');
}

enum err dest_save_tree(const struct dest *d, const struct listing *l, struct why *why)
{
    if (!l->commit || !d->is_hub) return OK;
    struct buf b;
    buf_init(&b, JSON_MAX_BYTES);
    buf_addc(&b, '{');
    json_add_u64_field(&b, "format_version", FORMAT_VERSION);
    json_add_key(&b, "files");
    buf_addc(&b, '{');
    for (size_t i = 0; i < l->count; i++)
        add_entry(&b, &l->entries[i]);
    buf_adds(&b, "}}\n");
    SCOPED(mem_freep) char *rel = tree_rel(d, l->commit);
    enum err e = b.overflowed ? OK // too large to keep: the next run asks again
                              : fs_replace_file(d->root_fd, rel, b.data, b.len, false, why);
    buf_done(&b);
    return e;
}

static bool is_commit(const char *s)
{
    return strlen(s) == HEX40 && strspn(s, "0123456789abcdef") == HEX40;
}

static char *ref_rel(const struct dest *d, const char *revision)
{
    return mem_printf("%s/refs/%s", d->repo_rel, revision);
}

enum err dest_load_ref(const struct dest *d, const char *revision, char **ret_commit,
                       struct why *why)
{
    if (!d->is_cache) return fail(why, ERR_NOT_FOUND, "no refs in a plain directory");
    SCOPED(mem_freep) char *rel = ref_rel(d, revision);
    struct buf text;
    buf_init(&text, REF_MAX_BYTES);
    enum err e = fs_read_small(d->root_fd, rel, REF_MAX_BYTES, &text, why);
    if (!e && !is_commit(buf_str(&text))) {
        e = fail(why, ERR_NOT_FOUND, "the cached ref '%s' is damaged", revision);
    }
    if (!e) *ret_commit = mem_strdup(buf_str(&text));
    buf_done(&text);
    return e;
}

enum err dest_save_ref(const struct dest *d, const char *revision, const char *commit,
                       struct why *why)
{
    if (!d->is_cache || !commit || is_commit(revision)) return OK;
    SCOPED(mem_freep) char *rel = ref_rel(d, revision);
    return fs_replace_file(d->root_fd, rel, commit, strlen(commit), !d->no_sync, why);
}

void dest_note_absent(const struct dest *d, const char *commit, const char *path)
{
    if (!d->is_cache || path_check(path, NULL)) return;
    SCOPED(mem_freep) char *rel = mem_printf("%s/.no_exist/%s/%s", d->repo_rel, commit, path);
    err_ignore(fs_replace_file(d->root_fd, rel, "", 0, false, NULL));
}
