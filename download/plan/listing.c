#include "download/plan/listing.h"

#include <string.h>

#include "download/base/mem.h"

enum { FIRST_ENTRIES = 64 };

static void entry_done(struct listing_entry *e)
{
    mem_free(e->path);
    mem_free(e->url);
    for (char **url = e->other_urls; url && *url; url++)
        mem_free(*url);
    mem_free(e->other_urls);
    mem_free(e->etag);
    mem_free(e->blob_id);
    mem_free(e->xet_hash);
}

void listing_done(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        entry_done(&l->entries[i]);
    mem_free(l->entries);
    mem_free(l->commit);
    *l = (struct listing){0};
}

static bool listing_room(struct listing *l)
{
    if (l->count < l->cap) return true;
    if (l->count >= LISTING_MAX_ENTRIES) return false;
    size_t cap = l->cap ? 2 * l->cap : FIRST_ENTRIES;
    if (cap > LISTING_MAX_ENTRIES) cap = LISTING_MAX_ENTRIES;
    struct listing_entry *entries = mem_try_resize(l->entries, cap * sizeof(*entries));
    if (!entries) return false;
    l->entries = entries;
    l->cap = cap;
    return true;
}

struct listing_entry *listing_add(struct listing *l, const char *path)
{
    if (!listing_room(l)) return NULL;
    struct listing_entry *e = &l->entries[l->count++];
    *e = (struct listing_entry){.path = mem_strdup(path), .size = SIZE_NOT_KNOWN};
    return e;
}

struct listing_entry *listing_find(const struct listing *l, const char *path)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->entries[i].path, path) == 0) return &l->entries[i];
    }
    return NULL;
}
