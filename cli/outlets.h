/* outlets.h - everything that listens to the events of a run: the JSON stream on standard output,
 * the one of --events, the view or lines for people, the table of `plan`. */
#ifndef SHARDFETCH_CLI_OUTLETS_H
#define SHARDFETCH_CLI_OUTLETS_H

#include <stdatomic.h>

#include "cli/jsonl_stream.h"
#include "cli/live.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "cli/plan_table.h"
#include "download/download.h"

enum { RUN_ID_LEN = 17, OUTLETS_MAX = 3 };

struct outlets {
    const struct options *options;
    char run_id[RUN_ID_LEN];
    struct jsonl_stream json;
    struct jsonl_stream events;
    int events_fd;
    bool events_fd_ours;
    struct live live;
    struct plain plain;
    struct plan_table table;
    struct observer *observers[OUTLETS_MAX];
    const char *names[OUTLETS_MAX];
    size_t count;
    struct observer *view; // of `live`, one of them; NULL: there is none
    struct download *download;
    struct callback *callback;  // of all events
    uint64_t start_ns;          // of the run; 0 = it has not begun
    struct event_result so_far; // for a result without memory
    atomic_int stdout_error;    // errno that broke the stream on standard output
    atomic_int events_error;    // the same for --events
};

/* ERR_USAGE: --events cannot be opened. ERR_INTERNAL: no thread for what was asked for. */
NODISCARD enum err outlets_open(struct outlets *out, const struct options *o, struct download *d,
                                struct why *why);
/* A download_exit_fn: standard output that broke, or the signal that came. */
int outlets_cancelled_exit(void *outlets);
/* --stop-with-reader, and the one of --events went away. */
bool outlets_reader_left(const struct outlets *out);
bool outlets_have_view(const struct outlets *out);
/* Takes the view from the terminal and waits until that is done, half a second at most; nothing is
 * drawn until outlets_redraw. */
void outlets_rest(struct outlets *out);
void outlets_redraw(struct outlets *out);
/* Waits for the readers, 5 s at most in all. False: a reader's thread is stuck in a system call,
 * and `out` must stay until the process ends. */
bool outlets_finish(struct outlets *out);
void outlets_done(struct outlets *out);

/* For mem_on_failure: tells the open outlets a `result` that was prepared, and people the last
 * line. Takes no memory. */
void outlets_out_of_memory(void);

#endif
