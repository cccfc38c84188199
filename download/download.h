/* download.h - the whole of a run, for programs: settings in, events out, one result.
 * `download_run` blocks its thread (the control thread) until the run has ended. One run per
 * process at a time is what cli/ needs, but nothing here is global. */
#ifndef SHARDFETCH_DOWNLOAD_DOWNLOAD_H
#define SHARDFETCH_DOWNLOAD_DOWNLOAD_H

#include "download/base/err.h"
#include "download/emit.h"
#include "download/event.h"
#include "download/settings.h"

struct download;

struct download *download_new(const struct settings *settings); // they outlive the download
void download_free(struct download *d);
/* Everything that becomes known: the callback "event" (CALLBACK_EVENT) for all of it, one for each
 * type by its word ("file_done"); values are struct event, run_start … result. Observers are added
 * before download_run or from inside it; other threads use remote.h with download_loop, or
 * event_stream.h. */
struct callback_system *download_events(const struct download *d);
struct loop *download_loop(const struct download *d); // NULL: the run cannot start, and says why
/* get, plan or verify. Emits run_start … result; the error is the one that `result` carries. */
NODISCARD enum err download_run(struct download *d, struct why *why);
/* The published directory, or file when exactly one was asked for; NULL unless it returned OK. */
const char *download_path(const struct download *d);

/* An observer of all events, as a task of the run with this name (static storage); policies as in
 * callback_on_next_async. Its owner ends it (observer_end) before download_free, and says so with
 * download_observed. One that returns an error is told to all as a `warning`. */
NODISCARD enum err download_observe(struct download *d, const char *name, struct observer *o,
                                    struct why *why);
/* `ended` false: its thread had to be left alone. */
void download_observed(struct download *d, const char *name, bool ended);
/* OK, or ERR_INTERNAL with the names of what is still alive: for the end, before download_free. */
NODISCARD enum err download_all_ended(const struct download *d, struct why *why);

/* ---- any thread, and signal handlers ---- */

/* Stop handing out work, keep what arrived, end resumable. */
void download_stop(struct download *d);
/* Everything comes to rest with what it has, or goes on. */
void download_toggle_pause(struct download *d);
/* An event with all that runs. */
void download_tell_tasks(struct download *d);
/* Calls the function of download_on_poke on the control thread, soon. */
void download_poke(struct download *d);

/* ---- before download_run ---- */

typedef void download_poked_fn(void *user);
void download_on_poke(struct download *d, download_poked_fn *fn, void *user);
/* What `result` says is the exit status of a run that was stopped: shells see 128 + the signal. */
typedef int download_exit_fn(void *user);
void download_on_cancelled(struct download *d, download_exit_fn *exit_status, void *user);

struct library_versions {
    char libcurl[64], openssl[64], zstd[32], cjson[32];
};
void download_versions(struct library_versions *ret);

#endif
