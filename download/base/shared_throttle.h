/* shared_throttle.h - a throttle that all processes of this user on this machine have in common: a
 * file in memory, mapped by each. Nothing is locked and every state is whole, so that a process may
 * end at any instruction. The file stays; what it says counts for those who map it.
 *
 * It is "shardfetch-rate" in the user's runtime directory or, where there is none of ours,
 * "shardfetch-rate-UID" in /dev/shm. Both are directories of names that others may have put there:
 * a symlink, another user's file, or one that others may read or write, is refused. */
#ifndef SHARDFETCH_BASE_SHARED_THROTTLE_H
#define SHARDFETCH_BASE_SHARED_THROTTLE_H

#include "download/base/err.h"
#include "download/base/throttle.h"

/* `runtime_dir` ($XDG_RUNTIME_DIR) may be NULL. Valid until shared_throttle_close. ERR_REFUSED as
 * above; ERR_DISK. */
NODISCARD enum err shared_throttle_open(const char *runtime_dir, struct throttle **ret,
                                        struct why *why);
void shared_throttle_close(struct throttle *t); // NULL is fine

#endif
