/* manifest_text.h - the two texts that list files outside a Hub: our manifest (contract.md,
 * "Manifest") and a coreutils SHA256SUMS list. Each adds its entries to the source's listing, with
 * absolute URLs, or refuses the whole text naming the entry or line. Pure. */
#ifndef SHARDFETCH_SOURCE_MANIFEST_TEXT_H
#define SHARDFETCH_SOURCE_MANIFEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "download/source/source_ops.h"

struct manifest_text {
    const char *text;
    size_t len;
    const char *base;  // what relative URLs and bare names resolve against; NULL = nothing
    bool base_is_told; // by --base-url: then it also beats the manifest's own `source`
};

/* ERR_USAGE when a base is needed and none is there. */
NODISCARD enum err manifest_read(struct source *s, const struct manifest_text *m, struct why *why);
NODISCARD enum err sums_read(struct source *s, const struct manifest_text *m, struct why *why);

/* `path` encoded, below `base`. */
NODISCARD enum err manifest_url_below(const char *base, const char *path, char **ret,
                                      struct why *why);

#endif
