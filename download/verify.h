/* verify.h - the verify command: every planned file's bytes are read back and hashed on the pool.
 * Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_VERIFY_H
#define SHARDFETCH_DOWNLOAD_VERIFY_H

#include "download/download_private.h"

/* ERR_INTEGRITY naming the first damaged or missing file; each is told by file_done or file_failed.
 */
NODISCARD enum err verify_all(struct download *d, struct engine *engine, struct survey *s,
                              struct why *why);

#endif
