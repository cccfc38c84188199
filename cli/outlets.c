#include "cli/outlets.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/environment.h"
#include "cli/fds.h"
#include "cli/signals.h"
#include "download/base/clock.h"
#include "download/base/rng.h"
#include "download/base/str.h"

static const uint64_t READER_WAIT_NS = 5 * SECOND_NS; // contract

/* mem_on_failure's handler has no argument. */
static _Atomic(struct outlets *) open_outlets;

static void stdout_broken(void *user, int error)
{
    struct outlets *out = user;
    atomic_store(&out->stdout_error, error);
    download_stop(out->download);
}

static void events_broken(void *user, int error)
{
    struct outlets *out = user;
    atomic_store(&out->events_error, error);
    if (out->options->stop_with_reader) download_stop(out->download);
}

static bool add(struct outlets *out, const char *name, const struct observer_ops *ops, void *user)
{
    static const struct event NO_MEMORY = {
        .type = EV_RESULT,
        .u.result = {.status = "failed",
                     .exit = 13,
                     .code = ERR_MEMORY,
                     .message = "out of memory; what arrived is kept",
                     .resumable = true,
                     .retry_after_s = NUMBER_UNKNOWN},
    };
    const struct observer_opts opts = {
        .ops = ops,
        .user = user,
        .stream = {.ops = &EVENT_VALUES, .policy = STREAM_COALESCE, .max_bytes = EVENT_BOX_BYTES}};
    struct observer *o = observer_start(&opts);
    if (!o) return false;
    observer_prepare(o, &NO_MEMORY);
    out->names[out->count] = name;
    out->observers[out->count++] = o;
    return true;
}

static bool wants_bar(const struct options *o)
{
    if (str_eq(o->progress, "bar")) return true;
    if (!str_eq(o->progress, "auto") || !isatty(STDERR_FILENO)) return false;
    const char *term = getenv("TERM");
    return !str_empty(term) && !str_eq(term, "dumb");
}

static enum err no_thread(struct why *why)
{
    return fail(why, ERR_INTERNAL, "cannot start a thread to tell what happens");
}

static enum err open_people(struct outlets *out, struct why *why)
{
    const struct options *o = out->options;
    bool all = o->settings.command != COMMAND_PLAN && !str_eq(o->progress, "none");
    enum note_level everything = o->settings.verbose ? NOTE_VERBOSE : NOTE_ALL;
    enum note_level level = o->quiet ? NOTE_ASKED_FOR : all ? everything : NOTE_PROBLEMS;
    if (!o->quiet && wants_bar(o)) {
        live_init(&out->live, STDERR_FILENO, !environment_no_color(), level);
        if (!add(out, "view", &LIVE_OPS, &out->live)) return no_thread(why);
        out->view = out->observers[out->count - 1];
        return OK;
    }
    plain_init(&out->plain, STDERR_FILENO, level);
    return add(out, "lines for people", &PLAIN_OPS, &out->plain) ? OK : no_thread(why);
}

static enum err open_streams(struct outlets *out, struct why *why)
{
    const struct options *o = out->options;
    bool why_slow = o->why_slow || o->settings.verbose;
    if (o->events) {
        enum err e = fds_open_events(o->events, &out->events_fd, &out->events_fd_ours, why);
        if (e) return e;
        jsonl_stream_init(&out->events, out->events_fd, out->run_id, events_broken, out);
        out->events.why_slow = why_slow;
        if (out->events_fd < 0) jsonl_stream_wait_for(&out->events, o->events);
        if (!add(out, "--events", &JSONL_STREAM_OPS, &out->events)) return no_thread(why);
    }
    if (o->json) {
        jsonl_stream_init(&out->json, STDOUT_FILENO, out->run_id, stdout_broken, out);
        out->json.why_slow = why_slow;
        if (!add(out, "--json", &JSONL_STREAM_OPS, &out->json)) return no_thread(why);
    }
    return OK;
}

/* ---- what the observers cannot see alone ---- */

/* What a result would say, if it had to be told now. */
static void keep_count(struct outlets *out, const struct event *e)
{
    struct event_result *r = &out->so_far;
    if (e->type == EV_RUN_START) out->start_ns = clock_now_ns() - e->mono_ms * MILLI_NS;
    if (e->type == EV_FILE_FAILED) r->files_failed++;
    if (e->type == EV_FILE_DONE) {
        r->files_done++;
        r->bytes_fetched += e->u.file_done.bytes_fetched;
        r->bytes_reused += e->u.file_done.bytes_reused;
    }
}

static void warn_of_token(struct outlets *out)
{
    struct event e = {.type = EV_WARNING,
                      .wall_ms = clock_wall_ms(),
                      .mono_ms = (clock_now_ns() - out->start_ns) / MILLI_NS,
                      .u.warning = {"token-not-sent", out->options->token_warning}};
    callback_set(out->callback, &e); // told when everybody has had the present one
}

/* Control thread, before the observers. */
static enum err on_event(void *user, const void *value, struct why *why)
{
    struct outlets *out = user;
    const struct event *e = value;
    (void)why; // nothing here fails
    plan_table_add(&out->table, e);
    keep_count(out, e);
    if (e->type == EV_RUN_START && out->options->token_warning) warn_of_token(out);
    return OK;
}

static enum err observe(struct outlets *out, struct why *why)
{
    out->callback = callback_system_register(download_events(out->download), CALLBACK_EVENT);
    callback_on_next(out->callback, on_event, out);
    enum err e = OK;
    for (size_t i = 0; !e && i < out->count; i++) {
        e = download_observe(out->download, out->names[i], out->observers[i], why);
    }
    return e;
}

enum err outlets_open(struct outlets *out, const struct options *o, struct download *d,
                      struct why *why)
{
    *out = (struct outlets){.options = o, .download = d};
    struct rng rng;
    rng_seed(&rng);
    snprintf(out->run_id, sizeof(out->run_id), "%016" PRIx64, rng_next(&rng));
    plan_table_init(&out->table);
    enum err e = open_streams(out, why);
    if (!e) e = open_people(out, why);
    if (!e) e = observe(out, why);
    if (e) return e;
    atomic_store(&open_outlets, out);
    return OK;
}

bool outlets_reader_left(const struct outlets *out)
{
    return out->options->stop_with_reader && atomic_load(&out->events_error) == EPIPE;
}

/* A cancelled run ends by a signal; shells see 128 + its number. */
int outlets_cancelled_exit(void *outlets)
{
    struct outlets *out = outlets;
    if (atomic_load(&out->stdout_error) == EPIPE) return 128 + SIGPIPE;
    if (atomic_load(&out->stdout_error)) return err_exit_code(ERR_DISK);
    if (outlets_reader_left(out)) return 128 + SIGPIPE;
    return signals_caught() ? 128 + signals_caught() : err_exit_code(ERR_CANCELLED);
}

bool outlets_have_view(const struct outlets *out)
{
    return out->view != NULL;
}

void outlets_rest(struct outlets *out)
{
    if (!out->view) return;
    live_rest(&out->live);
    observer_nudge(out->view);
    live_wait_for_rest(&out->live);
}

void outlets_redraw(struct outlets *out)
{
    if (!out->view) return;
    live_redraw(&out->live);
    observer_nudge(out->view);
}

static void tell_no_memory(struct outlets *out)
{
    if (!out->start_ns) return;
    uint64_t now_ns = clock_now_ns();
    for (size_t i = 0; i < out->count; i++) {
        struct event *e = observer_prepared(out->observers[i]);
        e->wall_ms = clock_wall_ms();
        e->mono_ms = (now_ns - out->start_ns) / MILLI_NS;
        e->u.result.elapsed_ms = e->mono_ms;
        e->u.result.files_done = out->so_far.files_done;
        e->u.result.files_failed = out->so_far.files_failed;
        e->u.result.bytes_fetched = out->so_far.bytes_fetched;
        e->u.result.bytes_reused = out->so_far.bytes_reused;
        observer_tell_prepared(out->observers[i], now_ns + READER_WAIT_NS);
    }
}

void outlets_out_of_memory(void)
{
    static const char LINE[] = "shardfetch: memory: out of memory; what arrived is kept\n";
    static atomic_flag told = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&told))
        pause(); // a second thread: the first one ends the process
    struct outlets *out = atomic_load(&open_outlets);
    if (out) tell_no_memory(out);
    ssize_t written = write(STDERR_FILENO, LINE, sizeof(LINE) - 1);
    (void)written;
}

bool outlets_finish(struct outlets *out)
{
    atomic_store(&open_outlets, NULL);
    uint64_t deadline_ns = clock_now_ns() + READER_WAIT_NS;
    bool ended = true;
    for (size_t i = 0; i < out->count; i++) {
        bool one = observer_end(out->observers[i], deadline_ns);
        download_observed(out->download, out->names[i], one);
        ended = ended && one;
    }
    return ended;
}

void outlets_done(struct outlets *out)
{
    for (size_t i = 0; i < out->count; i++)
        observer_free(out->observers[i]);
    out->count = 0;
    jsonl_stream_done(&out->json);
    jsonl_stream_done(&out->events);
    live_done(&out->live);
    plain_done(&out->plain);
    plan_table_done(&out->table);
    if (out->events_fd_ours) close(out->events_fd);
}
