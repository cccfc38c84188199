/* link.h - the target of `rel="next"` in a Link header (RFC 8288 §3): several links in one value,
 * commas inside <> and quotes, several relation types in one `rel`. Pure. */
#ifndef SHARDFETCH_SOURCE_LINK_H
#define SHARDFETCH_SOURCE_LINK_H

#include <stdbool.h>

/* The first link of that relation type (ASCII case ignored), as a new string for mem_free; NULL
 * when there is none or the value is malformed before it. */
char *link_target(const char *value, const char *rel);

#endif
