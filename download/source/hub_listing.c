#include "download/source/hub_listing.h"

#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/str.h"

bool commit_is_hex(const char *s)
{
    return s && strlen(s) == COMMIT_HEX_LEN && strspn(s, "0123456789abcdef") == COMMIT_HEX_LEN;
}

enum err hub_read_commit(const struct json *root, struct hub_commit *ret, struct why *why)
{
    const char *sha = json_string(json_get(root, "sha"));
    if (!commit_is_hex(sha)) {
        struct clean room;
        return fail(why, ERR_REFUSED, "its 'sha' is no commit: '%s'", clean(sha, &room));
    }
    const struct json *gated = json_get(root, "gated"); // false, "auto" or "manual"
    bool flag = false;
    *ret = (struct hub_commit){
        .id = json_string(json_get(root, "id")),
        .gated = json_string(gated) || (json_bool(gated, &flag) && flag),
    };
    memcpy(ret->commit, sha, sizeof(ret->commit));
    return OK;
}

static enum err bad_entry(const char *path, const char *rule, struct why *why)
{
    struct clean room;
    return fail(why, ERR_REFUSED, "entry '%s': %s", clean(path, &room), rule);
}

/* For files in LFS, `oid` is of the pointer and `lfs.oid` of the content (hub.md §1.2). */
static enum err read_lfs(const struct json *lfs, struct listing_entry *e, struct why *why)
{
    const char *oid = json_string(json_get(lfs, "oid"));
    if (!oid || !digest_parse_hex(DIGEST_SHA256, oid, strlen(oid), &e->digest)) {
        return bad_entry(e->path, "its 'lfs.oid' is no sha256 of 64 hex digits", why);
    }
    const struct json *size = json_get(lfs, "size");
    if (size && !json_u64(size, &e->size)) {
        return bad_entry(e->path, "its 'lfs.size' is no size", why);
    }
    return OK;
}

static enum err read_oid(const struct json *item, struct listing_entry *e, struct why *why)
{
    const struct json *oid = json_get(item, "oid");
    const char *hex = json_string(oid);
    if (!oid) return OK; // a mirror that does not know it; then nothing can be checked
    if (!hex || !digest_parse_hex(DIGEST_GIT_SHA1, hex, strlen(hex), &e->digest)) {
        return bad_entry(e->path, "its 'oid' is no git id of 40 hex digits", why);
    }
    e->blob_id = mem_strdup(hex);
    return OK;
}

/* The Hub may hide it behind 64 stars (huggingface_hub #4595): then there is none. */
static void read_xet(const struct json *item, struct listing_entry *e)
{
    struct digest ignored;
    const char *hash = json_string(json_get(item, "xetHash"));
    if (hash && digest_parse_hex_any_case(DIGEST_SHA256, hash, strlen(hash), &ignored)) {
        e->xet_hash = mem_strdup(hash);
    }
}

static enum err read_file(const struct json *item, const char *path, struct listing *l,
                          struct why *why)
{
    struct listing_entry *e = listing_add(l, path);
    if (!e) {
        return fail(why, ERR_REFUSED, "it has more than %d files", (int)LISTING_MAX_ENTRIES);
    }
    if (!json_u64(json_get(item, "size"), &e->size)) {
        return bad_entry(path, "its 'size' is no size", why);
    }
    enum err err = read_oid(item, e, why);
    if (err) return err;
    read_xet(item, e);
    const struct json *lfs = json_get(item, "lfs");
    return lfs && !json_is_null(lfs) ? read_lfs(lfs, e, why) : OK;
}

enum err hub_read_page(const struct json *root, struct listing *l, struct why *why)
{
    if (!json_is_array(root)) return fail(why, ERR_REFUSED, "it is no array of entries");
    size_t i = l->count;
    for (const struct json *item = json_first(root); item; item = json_next(item), i++) {
        const char *path = json_string(json_get(item, "path"));
        const char *type = json_string(json_get(item, "type"));
        if (!path || !type) {
            return fail(why, ERR_REFUSED, "entry %zu has no 'path' or no 'type'", i);
        }
        if (!str_eq(type, "file")) continue; // "directory": its files are entries of their own
        enum err e = read_file(item, path, l, why);
        if (e) return e;
    }
    return OK;
}
