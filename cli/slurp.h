/* slurp.h - a small text file of the user's own, whole. */
#ifndef SHARDFETCH_CLI_SLURP_H
#define SHARDFETCH_CLI_SLURP_H

#include <stddef.h>

#include "download/base/err.h"

/* New string (mem_free). ERR_NOT_FOUND: absent. ERR_USAGE: not readable, no regular file or pipe,
 * beyond `max` bytes, a NUL inside. */
NODISCARD enum err slurp(const char *path, size_t max, char **ret, struct why *why);

#endif
