/* download_private.h - one run's own state, shared by download.c and verify.c. */
#ifndef SHARDFETCH_DOWNLOAD_DOWNLOAD_PRIVATE_H
#define SHARDFETCH_DOWNLOAD_DOWNLOAD_PRIVATE_H

#include "download/async/loop.h"
#include "download/download.h"
#include "download/emit.h"
#include "download/survey.h"

struct download {
    const struct settings *settings;
    event_fn *on_event;
    void *user;
    struct emitter emitter;
    struct loop *loop; // NULL when it could not be made
    enum err start_error;
    struct why start_why;
    /* the result */
    char *path;
    char *commit;
    uint64_t files_done, files_failed, bytes_fetched, bytes_reused;
    uint64_t retry_after_s;
};

#endif
