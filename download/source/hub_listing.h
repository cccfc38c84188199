/* hub_listing.h - the Hub's JSON (hub.md §1.2): the commit behind a revision, one page of a tree.
 * Pure; every error is ERR_REFUSED and names the entry. */
#ifndef SHARDFETCH_SOURCE_HUB_LISTING_H
#define SHARDFETCH_SOURCE_HUB_LISTING_H

#include <stdbool.h>

#include "download/base/err.h"
#include "download/base/json.h"
#include "download/plan/listing.h"

enum { COMMIT_HEX_LEN = 40 };

/* Exactly 40 lower-case hex digits. */
bool commit_is_hex(const char *s);

struct hub_commit {
    char commit[COMMIT_HEX_LEN + 1];
    const char *id; // the repo's own name, inside the document; NULL when absent
    bool gated;
};
NODISCARD enum err hub_read_commit(const struct json *root, struct hub_commit *ret,
                                   struct why *why);
/* Adds the files of one page (an array of entries) to `l`; directories are left out. */
NODISCARD enum err hub_read_page(const struct json *root, struct listing *l, struct why *why);

#endif
