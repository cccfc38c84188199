/* download.h - the whole of a run, for programs: settings in, events out, one result.
 * `download_run` blocks its thread (the control thread) until the run has ended; download_stop may
 * be called from any thread and from a signal handler. One run per process at a time is what cli/
 * needs, but nothing here is global. */
#ifndef SHARDFETCH_DOWNLOAD_DOWNLOAD_H
#define SHARDFETCH_DOWNLOAD_DOWNLOAD_H

#include "download/base/err.h"
#include "download/event.h"
#include "download/settings.h"

struct download;

/* Every event, in order, on the control thread, before download_run returns. `settings` and
 * `user` outlive the download. */
struct download *download_new(const struct settings *settings, event_fn *on_event, void *user);
void download_free(struct download *d);
/* get, plan or verify. Emits run_start … result; the error is the one that `result` carries. */
NODISCARD enum err download_run(struct download *d, struct why *why);
/* The published directory, or file when exactly one was asked for; NULL unless it returned OK. */
const char *download_path(const struct download *d);
/* Stop handing out work, keep what arrived, end resumable. Async-signal-safe. */
void download_stop(struct download *d);

struct library_versions {
    char libcurl[64], openssl[64], zstd[32], cjson[32];
};
void download_versions(struct library_versions *ret);

#endif
