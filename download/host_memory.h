/* host_memory.h - what earlier runs learned of servers, in the file "hosts" of the state directory
 * (sched/hosts.h). Read before the first request, written after the last: what other runs wrote
 * meanwhile stays, and of one origin the last to end is right. A directory that cannot be used
 * makes no run fail. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_HOST_MEMORY_H
#define SHARDFETCH_DOWNLOAD_HOST_MEMORY_H

#include "download/base/err.h"
#include "download/sched/hosts.h"

/* Nothing is known when it cannot be read. `dir` may be NULL. */
void host_memory_load(const char *dir, uint64_t now_s, struct hosts *ret);
/* Adds these. ERR_DISK, ERR_REFUSED: it cannot be written. */
NODISCARD enum err host_memory_save(const char *dir, const struct hosts *learned, uint64_t now_s,
                                    struct why *why);

#endif
