/* gauges.h - where the kernel tells its pressure stall information: for the machine in
 * /proc/pressure, for a cgroup (version 2) in its directory. Which of them are there is looked up
 * once; what is not is left out. One thread. */
#ifndef SHARDFETCH_DOWNLOAD_GAUGES_H
#define SHARDFETCH_DOWNLOAD_GAUGES_H

#include "download/base/err.h"
#include "download/sched/pressure.h"

struct gauges {
    int fds[PRESSURE_WHO][PRESSURE_KINDS]; // -1: not there
};

/* `other`: the cgroup to give way to, below /sys/fs/cgroup or a path that begins with '/'; NULL =
 * none. ERR_USAGE: nothing can be read there. */
NODISCARD enum err gauges_open(struct gauges *g, const char *other, struct why *why);
/* Is there any of the machine or of our own cgroup? */
bool gauges_any(const struct gauges *g);
void gauges_read(const struct gauges *g, struct pressure_reading *ret);
void gauges_close(struct gauges *g);

#endif
