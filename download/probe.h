/* probe.h - sizes and validators that only the files' own origins know, asked for together before
 * the plan is made. Control thread; turns the loop while it waits. */
#ifndef SHARDFETCH_DOWNLOAD_PROBE_H
#define SHARDFETCH_DOWNLOAD_PROBE_H

#include "download/engine.h"
#include "download/plan/plan.h"
#include "download/source/source.h"

/* Fills in `size` and `etag` of the plan's entries that have no size; an origin that does not tell
 * leaves SIZE_NOT_KNOWN. The first failure ends it. */
NODISCARD enum err probe_sizes(const struct settings *settings, struct engine *engine,
                               struct source *source, struct plan *plan, struct why *why);
/* Is the content of gated repos open to us? OK, ERR_AUTH when not, or another failure. */
NODISCARD enum err probe_access(struct engine *engine, struct source *source,
                                struct listing_entry *entry, struct why *why);

#endif
