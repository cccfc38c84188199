/* stamps.h - files whose content we verified, by name, and what stat said of them then. A file that
 * changed since (size, time, inode) has no stamp. Kept as one append-only text file:
 *   1 <identity> <size> <mtime_ns> <inode> <path>\n      the last line of a path counts
 * Losing it costs a re-hash. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_STAMPS_H
#define SHARDFETCH_DOWNLOAD_STAMPS_H

#include <stdbool.h>

#include "download/base/fs.h"

struct stamps;

/* Reads `rel` below `root_fd`; what cannot be read counts as empty. */
struct stamps *stamps_open(int root_fd, const char *rel);
void stamps_free(struct stamps *s);
/* Is `path` vouched for as `identity` with just this stat? */
bool stamps_hold(const struct stamps *s, const char *path, const char *identity,
                 const struct fs_stamp *now);
/* Vouches; failure to write costs a re-hash later and is ignored. */
void stamps_add(struct stamps *s, const char *path, const char *identity,
                const struct fs_stamp *now);

#endif
