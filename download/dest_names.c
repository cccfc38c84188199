#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/dest_private.h"
#include "hash/hasher.h"

enum { PART_ID_BYTES = 16 };

char *dest_repo_folder(const struct source_spec *spec)
{
    static const char *const PREFIX[] = {
        [REPO_MODEL] = "models--", [REPO_DATASET] = "datasets--", [REPO_SPACE] = "spaces--"};
    const char *slash = strchr(spec->repo, '/');
    const char *prefix = PREFIX[spec->repo_type];
    if (!slash) return mem_printf("%s%s", prefix, spec->repo);
    return mem_printf("%s%.*s--%s", prefix, (int)(slash - spec->repo), spec->repo, slash + 1);
}

/* What a partial must be a partial of: the content where its digest is known (any URL may then
 * finish it), else the place it came from; without a digest nothing would show what a power cut
 * left unwritten, so such a partial counts only until the next boot. */
static void make_id(const struct dest *d, const struct listing_entry *e, uint8_t ret[DEST_ID_BYTES])
{
    char digest[DIGEST_TEXT_MAX];
    digest_print(&e->digest, digest);
    SCOPED(mem_freep)
    char *text = e->digest.kind != DIGEST_NONE
                     ? mem_printf("%s\n%s\n%" PRIu64, e->path, digest, e->size)
                     : mem_printf("%s\n%s\n%s\n%" PRIu64 "\n%s", e->path, e->url ? e->url : "",
                                  e->etag ? e->etag : "", e->size, d->boot_id);
    struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    struct digest sum = {0};
    bool ok = h && hasher_update(h, text, strlen(text)) && hasher_finish(h, &sum);
    hasher_free(h);
    memcpy(ret, sum.bytes, ok ? DEST_ID_BYTES : 0);
}

static char *make_identity(const struct listing_entry *e)
{
    char digest[DIGEST_TEXT_MAX];
    digest_print(&e->digest, digest);
    if (digest[0]) return mem_strdup(digest);
    if (e->etag && !strchr(e->etag, ' ')) return mem_printf("etag:%s", e->etag);
    return NULL;
}

static char *below(const char *folder, const char *name)
{
    return folder[0] ? mem_printf("%s/%s", folder, name) : mem_strdup(name);
}

/* One "../" for each folder between the link and the repo's folder: snapshots, the commit, and
 * those of the path. */
static char *link_target(const char *path, const char *blob)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    buf_adds(&b, "../../");
    for (const char *p = path; (p = strchr(p, '/')); p++)
        buf_adds(&b, "../");
    buf_addf(&b, "blobs/%s", blob);
    return buf_take(&b);
}

static void cache_names(const struct dest *d, const struct listing_entry *e, const char *commit,
                        struct dest_names *ret)
{
    char blob[DIGEST_HEX_MAX];
    digest_print_hex(&e->digest, blob);
    char *snapshot = mem_printf("%s/snapshots/%s/%s", d->repo_rel, commit, e->path);
    if (d->no_symlinks || !blob[0]) {
        ret->final_rel = snapshot;
        return;
    }
    ret->final_rel = mem_printf("%s/blobs/%s", d->repo_rel, blob);
    ret->link_rel = snapshot;
    ret->link_target = link_target(e->path, blob);
}

void dest_names_init(const struct dest *d, const struct listing_entry *e, const char *commit,
                     struct dest_names *ret)
{
    *ret = (struct dest_names){0};
    make_id(d, e, ret->id);
    ret->identity = make_identity(e);
    if (d->is_cache) {
        cache_names(d, e, commit, ret);
    } else {
        ret->final_rel = mem_strdup(e->path);
        if (d->is_hub) ret->meta_rel = mem_printf("%s/download/%s.metadata", d->hub_rel, e->path);
    }
    char id[2 * PART_ID_BYTES + 1];
    for (size_t i = 0; i < PART_ID_BYTES; i++)
        snprintf(id + 2 * i, 3, "%02x", ret->id[i]);
    ret->part_rel = mem_printf("%s/%s.part", d->state_rel, id);
    ret->journal_rel = mem_printf("%s/%s.journal", d->state_rel, id);
}

void dest_names_done(struct dest_names *n)
{
    mem_free(n->final_rel);
    mem_free(n->link_rel);
    mem_free(n->link_target);
    mem_free(n->meta_rel);
    mem_free(n->part_rel);
    mem_free(n->journal_rel);
    mem_free(n->identity);
    *n = (struct dest_names){0};
}

char *dest_shown(const struct dest *d, const char *commit)
{
    if (!d->is_cache) return mem_strdup(d->shown);
    return mem_printf("%s/%s/snapshots/%s", d->shown, d->repo_rel, commit ? commit : "");
}

char *dest_shown_file(const struct dest *d, const char *commit, const char *path)
{
    SCOPED(mem_freep) char *folder = dest_shown(d, commit);
    return below(folder, path);
}
