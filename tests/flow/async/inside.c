/* Runs inside this process, as a program that links the library makes them: callbacks, event
 * streams, stopping at any event, bounds on memory. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/async/remote.h"
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/event_stream.h"
#include "download/sink/sink.h"
#include "tests/support/hub.h"
#include "tests/support/tmpdir.h"

enum { SHARDS = 3, MIB = 1 << 20 };
static const uint64_t SOON_NS = 30 * SECOND_NS;

struct inside {
    char *dir, *local, *cache;
    struct hub *hub;
    struct settings settings;
};

static void inside_init(struct inside *in)
{
    *in = (struct inside){.dir = tmpdir_new()};
    cr_assert_eq(hub_start(&(struct hub_options){0}, &in->hub, NULL), OK);
    struct hub_model model = {.shards = SHARDS, .bytes = SHARDS * MIB, .seed = 1};
    cr_assert_eq(hub_add_model(in->hub, "org/name", &model, NULL), OK);
    in->local = mem_printf("%s/out", in->dir);
    in->cache = mem_printf("%s/hub", in->dir);
    in->settings = (struct settings){.command = COMMAND_GET,
                                     .source = "org/name",
                                     .repo_type = "model",
                                     .endpoint = hub_endpoint(in->hub),
                                     .local_dir = in->local,
                                     .cache_dir = in->cache,
                                     .min_free_bytes = 0,
                                     .max_workers = 8,
                                     .connections = 4,
                                     .retries = 3,
                                     .max_wait_s = 10,
                                     .stall_timeout_s = 30,
                                     .connect_timeout_s = 10,
                                     .api_timeout_s = 10,
                                     .version = "0"};
}

static void inside_done(struct inside *in)
{
    hub_free(in->hub);
    tmpdir_free(in->dir);
    mem_free(in->local);
    mem_free(in->cache);
}

/* What one observer saw of a run. */
struct seen {
    struct download *download;
    unsigned events, results, after_result;
    unsigned stop_at; // the event at which it stops the run; 0 = never
    enum err code;
};

static enum err on_event(void *user, const void *value, struct why *why)
{
    struct seen *s = user;
    const struct event *e = value;
    (void)why;
    s->events++;
    s->after_result += s->results;
    if (e->type == EV_RESULT) {
        s->results++;
        s->code = e->u.result.code;
    }
    if (s->events == s->stop_at) download_stop(s->download);
    return OK;
}

/* A whole run; what it saw in `s`. */
static enum err run(const struct settings *settings, struct seen *s)
{
    struct download *d = download_new(settings);
    s->download = d;
    callback_on_next(callback_system_register(download_events(d), CALLBACK_EVENT), on_event, s);
    struct why why = {""};
    enum err e = download_run(d, &why);
    if (e && e != ERR_CANCELLED) cr_log_error("%s", why.text);
    cr_expect_eq(s->results, 1);
    cr_expect_eq(s->after_result, 0, "the result is the last event");
    cr_expect_eq(s->code, e);
    download_free(d);
    return e;
}

static void expect_complete(struct inside *in)
{
    struct seen s = {0};
    cr_expect_eq(run(&in->settings, &s), OK);
    in->settings.command = COMMAND_VERIFY;
    s = (struct seen){0};
    cr_expect_eq(run(&in->settings, &s), OK);
    in->settings.command = COMMAND_GET;
}

/* At whichever event a run is stopped: it ends cleanly with a result, nothing is left running (a
 * live task would be ERR_INTERNAL), and the next run completes it. */
Test(inside, a_run_can_be_stopped_at_any_event)
{
    struct inside in;
    inside_init(&in);
    unsigned cancelled = 0;
    unsigned n = 0;
    for (enum err e = ERR_CANCELLED; e == ERR_CANCELLED; cancelled += e == ERR_CANCELLED) {
        mem_free(in.local);
        in.local = mem_printf("%s/stopped-%u", in.dir, n);
        in.settings.local_dir = in.local;
        struct seen s = {.stop_at = ++n};
        e = run(&in.settings, &s);
        cr_assert(e == OK || e == ERR_CANCELLED, "stopped at event %u: %d", n, e);
        expect_complete(&in);
    }
    cr_expect_geq(cancelled, 10, "only %u events could be stopped at", cancelled);
    inside_done(&in);
}

Test(inside, one_slab_serves_many_connections)
{
    struct inside in;
    inside_init(&in);
    in.settings.connections = 8;
    in.settings.slab_budget = 1;
    struct mem_stats before;
    mem_stats(&before);
    struct seen s = {0};
    cr_expect_eq(run(&in.settings, &s), OK);
    struct mem_stats after;
    mem_stats(&after);
    enum { WORKERS = 2 }; // of the pool, with one each for what they hash
    cr_expect_leq(after.peak[MEM_SLABS], (1 + WORKERS) * SLAB_BYTES);
    cr_expect_gt(after.peak[MEM_SLABS], WORKERS * SLAB_BYTES, "bodies need one");
    inside_done(&in);
}

Test(inside, memory_of_every_kind_is_given_back)
{
    struct inside in;
    inside_init(&in);
    struct mem_stats before;
    mem_stats(&before);
    struct seen s = {0};
    cr_expect_eq(run(&in.settings, &s), OK);
    struct mem_stats after;
    mem_stats(&after);
    static const enum mem_class OURS[] = {MEM_SLABS, MEM_CURL, MEM_JSON, MEM_PLAN, MEM_EVENTS};
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++) {
        const char *word = mem_class_word(OURS[i]);
        cr_expect_eq(after.live[OURS[i]], before.live[OURS[i]], "%s", word);
        cr_expect_gt(after.peak[OURS[i]], before.peak[OURS[i]], "%s is never used", word);
    }
    inside_done(&in);
}

/* ---- readers on threads of their own ---- */

struct reader {
    struct event_stream *stream;
    unsigned by_type[EV_RESULT + 1];
    unsigned stop_after; // events; 0 = never
    enum stream_next last;
};

static void *read_events(void *user)
{
    struct reader *r = user;
    struct event *e = NULL;
    unsigned count = 0;
    while ((r->last = event_stream_next(r->stream, SOON_NS, &e)) == STREAM_VALUE) {
        r->by_type[e->type]++;
        mem_free(e);
        if (++count == r->stop_after) break;
    }
    event_stream_close(r->stream);
    return NULL;
}

static void run_with(struct inside *in, struct reader *r)
{
    struct download *d = download_new(&in->settings);
    r->stream = event_stream_open(d, EVENT_BOX_BYTES);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, read_events, r), 0);
    cr_expect_eq(download_run(d, NULL), OK);
    pthread_join(thread, NULL);
    event_stream_free(r->stream);
    download_free(d);
}

Test(inside, a_reader_pulls_all_events_to_their_end)
{
    struct inside in;
    inside_init(&in);
    struct reader r = {0};
    run_with(&in, &r);
    cr_expect_eq(r.last, STREAM_ENDED);
    cr_expect_eq(r.by_type[EV_RUN_START], 1);
    cr_expect_eq(r.by_type[EV_RESULT], 1);
    cr_expect_eq(r.by_type[EV_FILE_DONE], r.by_type[EV_FILE_START]);
    cr_expect_gt(r.by_type[EV_FILE_DONE], SHARDS);
    inside_done(&in);
}

Test(inside, a_reader_that_has_had_enough_ends_nothing)
{
    struct inside in;
    inside_init(&in);
    struct reader r = {.stop_after = 2};
    run_with(&in, &r);
    cr_expect_eq(r.by_type[EV_RUN_START] + r.by_type[EV_PLAN], 2);
    inside_done(&in);
}

static bool is_big(void *user, const void *value)
{
    const struct event *e = value;
    (void)user;
    return e->u.file_done.size >= MIB / 2;
}

struct awaiter {
    struct download *download;
    enum wait_status status;
    char file[64];
};

static void *await_big_file(void *user)
{
    struct awaiter *a = user;
    const struct remote_wait what = {.name = "file_done", .check = is_big, .timeout_ns = SOON_NS};
    void *value = NULL;
    a->status =
        remote_wait(download_loop(a->download), download_events(a->download), &what, &value);
    if (a->status != WAIT_MET) return NULL;
    const struct event *e = value;
    snprintf(a->file, sizeof(a->file), "%s", e->u.file_done.file);
    mem_free(value);
    return NULL;
}

Test(inside, another_thread_waits_for_a_condition)
{
    struct inside in;
    inside_init(&in);
    struct download *d = download_new(&in.settings);
    struct awaiter a = {.download = d};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, await_big_file, &a), 0);
    while (!callback_system_find(download_events(d), "file_done"))
        loop_turn(download_loop(d)); // until it waits
    cr_expect_eq(download_run(d, NULL), OK);
    loop_drain(download_loop(d));
    pthread_join(thread, NULL);
    cr_expect_eq(a.status, WAIT_MET);
    cr_expect_eq(strncmp(a.file, "model-0000", 10), 0, "%s", a.file);
    download_free(d);
    inside_done(&in);
}

/* ---- observers that fail ---- */

struct failing {
    unsigned told, warnings;
    bool at_all; // it fails at every event, else at `file_done`
};

static enum err count_and_fail(void *user, const void *value, struct why *why)
{
    struct failing *f = user;
    const struct event *e = value;
    f->told++;
    if (e->type == EV_WARNING && strstr(e->u.warning.message, "no room in the shed")) f->warnings++;
    if (!f->at_all && e->type != EV_FILE_DONE) return OK;
    return fail(why, ERR_DISK, "no room in the shed");
}

Test(inside, an_observer_that_fails_is_told_and_the_run_goes_on)
{
    struct inside in;
    inside_init(&in);
    for (int all = 0; all < 2; all++) {
        SCOPED(mem_freep) char *dir = mem_printf("%s/failing-%d", in.dir, all);
        in.settings.local_dir = dir;
        struct download *d = download_new(&in.settings);
        struct failing f = {.at_all = all};
        struct seen s = {.download = d};
        struct callback *c = callback_system_register(download_events(d), CALLBACK_EVENT);
        callback_on_next(c, count_and_fail, &f);
        callback_on_next(c, on_event, &s);
        cr_expect_eq(download_run(d, NULL), OK);
        cr_expect_eq(s.results, 1);
        cr_expect_eq(s.after_result, 0);
        cr_expect_eq(f.warnings, 1, "the same words once, and none of a warning: %u", f.warnings);
        cr_expect_geq(callback_counts(c).failed, SHARDS);
        cr_expect_eq(f.told, s.events);
        download_free(d);
    }
    inside_done(&in);
}

static void read_nothing(void *user, const void *value, const struct stream_loss *loss)
{
    (void)user;
    (void)value;
    (void)loss;
}

/* A reader that nobody ended is alive at the end, and named. */
Test(inside, an_observer_is_a_task_that_must_be_ended)
{
    struct inside in;
    inside_init(&in);
    static const struct observer_ops OPS = {.value = read_nothing};
    struct observer *o = observer_start(&(struct observer_opts){
        .ops = &OPS, .stream = {.ops = &EVENT_VALUES, .policy = STREAM_QUEUE}});
    struct download *d = download_new(&in.settings);
    cr_assert_eq(download_observe(d, "a reader", o, NULL), OK);
    cr_expect_eq(download_run(d, NULL), OK);
    cr_expect(observer_end(o, UINT64_MAX));
    struct why why;
    cr_expect_eq(download_all_ended(d, &why), ERR_INTERNAL);
    cr_expect_not_null(strstr(why.text, "observer 'a reader'"), "%s", why.text);
    download_observed(d, "a reader", true);
    cr_expect_eq(download_all_ended(d, &why), OK);
    download_free(d);
    observer_free(o);
    inside_done(&in);
}
