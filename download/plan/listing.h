/* listing.h - what a source says there is: names, sizes, digests, not yet believed.
 * path_check_all is the gate of design.md D8: after it every path is safe to join below a root.
 * Plain data, one owner. */
#ifndef SHARDFETCH_PLAN_LISTING_H
#define SHARDFETCH_PLAN_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"
#include "hash/digest.h"

#define SIZE_NOT_KNOWN UINT64_MAX
enum { LISTING_MAX_ENTRIES = 1000000 };

struct listing_entry {
    char *path;           // as the source wrote it, e.g. "sub/model-00001-of-00008.safetensors"
    uint64_t size;        // bytes; SIZE_NOT_KNOWN when the source does not say
    struct digest digest; // DIGEST_NONE when the source gives none
    char *url;            // absolute, for sources that name one; NULL = the source resolves
    char **other_urls;    // more of them for the same bytes, NULL-terminated; NULL = none
    char *etag;           // strong validator of the final origin if known; NULL
    char *blob_id;        // hub: git oid (of the pointer for LFS files); NULL elsewhere
    char *xet_hash;       // hub: 64 hex digits or NULL
};

struct listing {
    struct listing_entry *entries; // [0..count): in the source's order
    size_t count;
    size_t cap;
    char *commit; // 40 hex digits or NULL
};

void listing_done(struct listing *l);
/* Adds an entry with `path`, its size not known, all else zero; the pointer holds until the next
 * addition. NULL at LISTING_MAX_ENTRIES or without memory. */
struct listing_entry *listing_add(struct listing *l, const char *path);
/* NULL when absent. Linear. */
struct listing_entry *listing_find(const struct listing *l, const char *path);

#endif
