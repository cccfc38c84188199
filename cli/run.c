#include "cli/run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cli/outlets.h"
#include "cli/say.h"
#include "cli/setup.h"
#include "cli/signals.h"
#include "download/base/mem.h"
#include "download/download.h"

struct run {
    const struct options *options;
    struct download *download;
    struct outlets outlets;
};

static void explain(const struct options *o)
{
    enum { TEXT_MAX = 256 * 1024 };
    if (!o->settings.verbose) return;
    SCOPED(buf_done) struct buf b;
    buf_init(&b, TEXT_MAX);
    setup_explain(o, &b);
    for (char *line = b.data; line && *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        say(line);
        line = end + 1;
    }
}

static void stop(void *user)
{
    struct run *r = user;
    download_stop(r->download);
}

static void tell_tasks(void *user)
{
    struct run *r = user;
    download_tell_tasks(r->download);
}

static void toggle_pause(void *user)
{
    struct run *r = user;
    download_toggle_pause(r->download);
}

static void poke(void *user)
{
    struct run *r = user;
    download_poke(r->download);
}

/* Control thread: signals that are about the terminal. */
static void on_poke(void *user)
{
    struct run *r = user;
    bool suspend = signals_take_suspend();
    if (suspend) {
        outlets_rest(&r->outlets);
        signals_suspend();
    }
    if (signals_take_redraw() || suspend) outlets_redraw(&r->outlets);
}

static void catch_signals(struct run *r)
{
    const struct signal_actions actions = {.stop = stop,
                                           .tell_tasks = tell_tasks,
                                           .toggle_pause = toggle_pause,
                                           .poke = poke,
                                           .has_view = outlets_have_view(&r->outlets)};
    download_on_poke(r->download, on_poke, r);
    signals_catch(&actions, r);
}

/* The stream on standard output is a promise: a run that could not keep it has failed. */
static enum err check_streams(const struct run *r, enum err e, struct why *why)
{
    int error = atomic_load(&r->outlets.events_error);
    if (error) {
        SCOPED(mem_freep)
        char *text = mem_printf("warning: the event stream '%s' ended: %s", r->options->events,
                                strerror(error));
        say(text);
    }
    error = atomic_load(&r->outlets.stdout_error);
    if (error == EPIPE || outlets_reader_left(&r->outlets)) signals_end(SIGPIPE);
    if (!error) return e;
    return fail(why, ERR_DISK, "cannot write to standard output: %s", strerror(error));
}

static enum err put_result(const char *text, size_t len, struct why *why)
{
    enum err e = say_result(text, len, why);
    if (e && errno == EPIPE) signals_end(SIGPIPE);
    return e;
}

static enum err tell_result(const struct run *r, struct why *why)
{
    const struct options *o = r->options;
    if (o->json) return OK;
    if (o->settings.command == COMMAND_PLAN) {
        const struct plan_table *t = &r->outlets.table;
        enum err e = put_result(buf_str(&t->rows), t->rows.len, why);
        return e ? e : put_result(buf_str(&t->totals), t->totals.len, why);
    }
    const char *path = download_path(r->download);
    if (!path) return OK;
    SCOPED(mem_freep) char *line = mem_printf("%s\n", path);
    return put_result(line, strlen(line), why);
}

static int finish(const struct run *r, enum err e, struct why *why)
{
    e = check_streams(r, e, why);
    if (!e) e = tell_result(r, why);
    if (e) say_failure(e, why->text);
    if (e == ERR_CANCELLED && signals_caught()) signals_end(signals_caught());
    return err_exit_code(e);
}

int run(const struct options *o)
{
    struct run *r = mem_new(sizeof(*r)); // stays behind when a reader's thread is stuck
    r->options = o;
    signals_ignore();
    mem_on_failure(outlets_out_of_memory);
    explain(o);
    r->download = download_new(&o->settings);
    download_on_cancelled(r->download, outlets_cancelled_exit, &r->outlets);
    struct why why = {""};
    enum err e = outlets_open(&r->outlets, o, r->download, &why);
    catch_signals(r);
    if (!e) e = download_run(r->download, &why);
    bool ended = outlets_finish(&r->outlets);
    if (!e) e = download_all_ended(r->download, &why);
    signals_release();
    int code = finish(r, e, &why);
    if (!ended) return code;
    outlets_done(&r->outlets);
    download_free(r->download);
    mem_free(r);
    return code;
}
