/* rate_file.h - a rate limit that lives in a file of the user's: "50M", curl's suffixes; "none" or
 * 0 is no limit. It is read when opened and whenever it is written or replaced; a text that says
 * nothing leaves the rate as it was, with the warning "limit-rate". Control thread; a thread of its
 * own waits for the file. */
#ifndef SHARDFETCH_DOWNLOAD_RATE_FILE_H
#define SHARDFETCH_DOWNLOAD_RATE_FILE_H

#include "download/async/loop.h"
#include "download/base/throttle.h"
#include "download/emit.h"

struct rate_file;

struct rate_file_opts {
    const char *path;      // copied
    struct throttle *rate; // that it sets
    struct loop *loop;     // for warnings
    const struct emitter *emitter;
};

/* ERR_USAGE: there is no such file, or no rate in it. ERR_INTERNAL: it cannot be watched. */
NODISCARD enum err rate_file_open(const struct rate_file_opts *opts, struct rate_file **ret,
                                  struct why *why);
void rate_file_close(struct rate_file *f); // NULL is fine

#endif
