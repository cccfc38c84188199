/* select.h - which files of a listing are wanted: exact names and `dir/`, or include/exclude globs.
 * Pure. */
#ifndef SHARDFETCH_PLAN_SELECT_H
#define SHARDFETCH_PLAN_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "download/base/err.h"
#include "download/plan/listing.h"

struct selection {
    const char *const *names; // positional FILEs and `dir/`; NULL-terminated or NULL
    const char *const *include;
    const char *const *exclude;
};

/* Sets `ret_wanted[0..listing->count)`. ERR_NOT_FOUND: a name that is not there (the sentence
 * names the nearest), or nothing matched at all in a listing that has files. */
NODISCARD enum err select_files(const struct selection *s, const struct listing *l,
                                bool *ret_wanted, struct why *why);

#endif
