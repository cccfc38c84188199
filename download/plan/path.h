/* path.h - is a name from outside safe to become a path below our root (design.md D8, hub.md §1.2,
 * huggingface_hub #4540)? Pure. */
#ifndef SHARDFETCH_PLAN_PATH_H
#define SHARDFETCH_PLAN_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"
#include "download/plan/listing.h"

enum { PATH_COMPONENT_MAX = 255, PATH_TOTAL_MAX = 4000 };

/* ERR_REFUSED naming the rule: empty, absolute, `.`/`..`/empty component, trailing slash,
 * backslash, drive or UNC prefix, control bytes, invalid UTF-8, component over 255 bytes, or a
 * name below our own state (".cache/huggingface/…"). The sentence shows the name sanitised. */
NODISCARD enum err path_check(const char *path, struct why *why);

enum path_twins {
    PATH_TWINS_ALLOWED, // case-fold twins may both exist on the target: reported, not refused
    PATH_TWINS_REFUSED, // the target folds case
};
/* Checks all `count` selected paths together: each by path_check, then duplicates, a file that is
 * also a directory (`a` and `a/b`), case-fold twins. The first offence refuses everything.
 * `*ret_twin` names one of two twins that are allowed but risky (NULL: none). O(n log n). */
NODISCARD enum err path_check_all(const char *const *paths, size_t count, enum path_twins twins,
                                  const char **ret_twin, struct why *why);

#endif
