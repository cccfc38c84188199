/* fds.h - descriptors 0 to 2 are taken before anything else is opened, so that no file of ours ever
 * gets one of them and is written into by a message. */
#ifndef SHARDFETCH_CLI_FDS_H
#define SHARDFETCH_CLI_FDS_H

#include "download/base/err.h"

/* Those that are closed get /dev/null, the wrong way round: reading and writing fail (EBADF) as
 * they would have. False: not even that could be opened. */
bool fds_reserve(void);

/* As many may be open as the administrator allows: the usual limit is for programs with select(2).
 */
void fds_raise_limit(void);

/* "fd:N" of the user's own, or a file that is created or emptied. ERR_USAGE: no such descriptor,
 * not writable, not to be opened. Close it when `*ret_close`. A FIFO that nobody reads yet gives
 * -1: fds_open_fifo waits for its reader. */
NODISCARD enum err fds_open_events(const char *text, int *ret_fd, bool *ret_close, struct why *why);

/* Waits for a reader, or for fds_end_wait from another thread; -1: not to be opened. */
int fds_open_fifo(const char *path);
void fds_end_wait(const char *path);

#endif
