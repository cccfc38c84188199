/* download_private.h - one run's own state, shared by the files that carry it out. Control thread.
 */
#ifndef SHARDFETCH_DOWNLOAD_DOWNLOAD_PRIVATE_H
#define SHARDFETCH_DOWNLOAD_DOWNLOAD_PRIVATE_H

#include "download/download.h"
#include "download/spine.h"
#include "download/survey.h"

struct download {
    const struct settings *settings;
    struct spine spine;
    struct emitter emitter;
    enum err start_error;
    struct why start_why;
    download_poked_fn *on_poke;
    void *on_poke_user;
    download_exit_fn *on_cancelled;
    void *on_cancelled_user;
    struct timer heartbeat; // while the survey lasts
    struct engine *engine;  // while a command runs
    /* the result */
    char *path;
    char *commit;
    uint64_t files_done, files_failed, bytes_fetched, bytes_reused, bytes_hedged;
    uint64_t retry_after_s;
    struct origin_row origins[RESULT_ORIGINS_MAX]; // [0..origin_count)
    size_t origin_count;
    const char *why_slow; // static storage
};

/* wishes.c: what was wished for from outside, on the control thread. */
void download_on_raise(void *download, unsigned wishes);

#endif
