#include "download/download.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/download_private.h"
#include "download/fetch.h"
#include "download/sink/zstd_sink.h"
#include "download/source/url.h"
#include "download/verify.h"
#include "hash/hasher.h"

#define MIN_FREE_MOST (UINT64_C(1) << 30)
enum { READ_EVERY = 256 }; // planned files; far less than a reader's box holds
static const uint64_t PATIENCE_NS = 1000 * MILLI_NS;  // a stop has to come within two seconds
static const uint64_t HEARTBEAT_NS = 2500 * MILLI_NS; // contract: every 5 s at least

struct download *download_new(const struct settings *settings)
{
    struct download *d = mem_new(sizeof(*d));
    d->settings = settings;
    d->retry_after_s = NUMBER_UNKNOWN;
    d->start_error = spine_init(&d->spine, emit_observer_failed, &d->emitter, &d->start_why);
    if (d->spine.loop) loop_on_raise(d->spine.loop, download_on_raise, d);
    return d;
}

void download_free(struct download *d)
{
    if (!d) return;
    spine_done(&d->spine);
    mem_free(d->path);
    mem_free(d->commit);
    mem_free(d);
}

struct callback_system *download_events(const struct download *d)
{
    return d->spine.events;
}

struct loop *download_loop(const struct download *d)
{
    return d->spine.loop;
}

void download_on_poke(struct download *d, download_poked_fn *fn, void *user)
{
    d->on_poke = fn;
    d->on_poke_user = user;
}

void download_on_cancelled(struct download *d, download_exit_fn *exit_status, void *user)
{
    d->on_cancelled = exit_status;
    d->on_cancelled_user = user;
}

const char *download_path(const struct download *d)
{
    return d->path;
}

/* SOURCE as written, without what a URL may carry as secret. */
static char *source_shown(const char *source)
{
    if (!strstr(source, "://")) return mem_strdup(source);
    char *text = mem_new(URL_MAX_BYTES);
    url_redact(source, text, URL_MAX_BYTES);
    return text;
}

void download_versions(struct library_versions *ret)
{
    *ret = (struct library_versions){0};
    xfer_version(ret->libcurl, sizeof(ret->libcurl));
    hasher_library_version(ret->openssl, sizeof(ret->openssl));
    zstd_sink_version(ret->zstd, sizeof(ret->zstd));
    json_library_version(ret->cjson, sizeof(ret->cjson));
}

static void tell_start(const struct download *d)
{
    static const char *const COMMANDS[] = {
        [COMMAND_GET] = "get", [COMMAND_PLAN] = "plan", [COMMAND_VERIFY] = "verify"};
    struct library_versions v;
    download_versions(&v);
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    SCOPED(mem_freep) char *shown = source_shown(d->settings->source);
    emit(&d->emitter, (struct event){.type = EV_RUN_START,
                                     .u.run_start = {.version = d->settings->version,
                                                     .command = COMMANDS[d->settings->command],
                                                     .source = shown,
                                                     .revision = d->settings->revision,
                                                     .host = host,
                                                     .libcurl = v.libcurl,
                                                     .openssl = v.openssl,
                                                     .zstd = v.zstd,
                                                     .cjson = v.cjson,
                                                     .pid = (uint64_t)getpid()}});
}

static void tell_plan(const struct download *d, const struct survey *s)
{
    uint64_t free_bytes = 0;
    uint64_t total = 0;
    err_ignore(dest_space(s->dest, &free_bytes, &total, NULL)); // 0 when unknown
    SCOPED(mem_freep) char *dest = dest_shown(s->dest, s->commit);
    emit(&d->emitter, (struct event){.type = EV_PLAN,
                                     .u.plan = {.commit = s->commit,
                                                .files = s->plan.count,
                                                .bytes_total = s->plan.bytes_total,
                                                .bytes_present = s->plan.bytes_present,
                                                .bytes_to_fetch = s->plan.bytes_to_fetch,
                                                .disk_free = free_bytes,
                                                .dest = dest,
                                                .gated = s->gated}});
}

static void tell_plan_files(const struct download *d, const struct survey *s)
{
    if (d->settings->command == COMMAND_VERIFY) return;
    if (d->settings->command == COMMAND_GET && !d->settings->verbose) return;
    static const char *const STATES[] = {[PLAN_MISSING] = "missing",
                                         [PLAN_PARTIAL] = "partial",
                                         [PLAN_UNVERIFIED] = "present",
                                         [PLAN_UNLINKED] = "present",
                                         [PLAN_PRESENT] = "present"};
    for (size_t i = 0; i < s->plan.count; i++) {
        const struct plan_file *f = &s->plan.files[i];
        if (i % READ_EVERY == 0) callback_give_room(d->emitter.all, PATIENCE_NS);
        char digest[DIGEST_TEXT_MAX];
        digest_print(&f->entry->digest, digest);
        emit(&d->emitter, (struct event){.type = EV_PLAN_FILE,
                                         .u.plan_file = {.id = f->id,
                                                         .file = f->entry->path,
                                                         .size = f->entry->size,
                                                         .digest = digest[0] ? digest : NULL,
                                                         .state = STATES[f->state],
                                                         .priority = priority_word(f->priority)}});
    }
}

static uint64_t min_free(const struct settings *s, uint64_t total)
{
    if (s->min_free_bytes != UINT64_MAX) return s->min_free_bytes;
    uint64_t share = total / 100;
    return share < MIN_FREE_MOST ? share : MIN_FREE_MOST;
}

/* The whole plan before the first byte (reliability.md B1). */
static enum err check_space(const struct download *d, const struct survey *s, struct why *why)
{
    uint64_t free_bytes = 0;
    uint64_t total = 0;
    enum err e = dest_space(s->dest, &free_bytes, &total, why);
    if (e) return e;
    uint64_t need = s->plan.bytes_to_fetch - s->plan.bytes_reserved;
    uint64_t keep = min_free(d->settings, total);
    if (need == 0 || (free_bytes >= keep && free_bytes - keep >= need)) return OK;
    SCOPED(mem_freep) char *where = dest_shown(s->dest, s->commit);
    return fail(why, ERR_DISK,
                "not enough space for '%s': %" PRIu64 " bytes to fetch, %" PRIu64 " free, %" PRIu64
                " to be left free (--min-free)",
                where, need, free_bytes, keep);
}

static enum err fetch_all(struct download *d, struct engine *engine, struct survey *s,
                          struct why *why)
{
    enum err e = check_space(d, s, why);
    bool nothing_to_do = true;
    for (size_t i = 0; i < s->plan.count; i++)
        nothing_to_do = nothing_to_do && s->plan.files[i].state == PLAN_PRESENT;
    if (e) return e;
    if (nothing_to_do) {
        d->files_done = s->plan.count;
        return OK;
    }
    if (d->settings->offline && s->plan.bytes_to_fetch) {
        return fail(why, ERR_NOT_CACHED, "not all files are here, and --offline forbids to fetch");
    }
    struct fetch f = {.settings = d->settings,
                      .source = s->source,
                      .dest = s->dest,
                      .plan = &s->plan,
                      .commit = s->commit,
                      .spine = &d->spine,
                      .loop = d->spine.loop,
                      .emitter = &d->emitter};
    e = engine_start_calls(engine, why);
    if (!e) e = engine_start_pool(engine, why);
    if (!e) e = engine_start_shards(engine, &f, why);
    if (e) {
        engine_stop_shards(engine);
        return e;
    }
    f.pool = engine->pool;
    f.calls = &engine->calls;
    f.shards = engine->shards;
    f.shard_count = engine->shard_count;
    f.limits = engine->body_net.limits;
    fetch_init(&f);
    e = fetch_run(&f, why);
    d->files_done = f.files_done;
    d->files_failed = f.files_failed;
    d->bytes_fetched = f.bytes_fetched;
    d->bytes_reused = f.bytes_reused;
    d->bytes_hedged = f.bytes_hedged;
    d->origin_count = progress_origins(&f, d->origins);
    d->why_slow = slowness_word(&f);
    engine_stop_shards(engine);
    fetch_done(&f);
    return e;
}

static enum err publish_set(struct download *d, struct survey *s, struct why *why)
{
    enum err e =
        s->spec.kind == SOURCE_HUB ? dest_save_ref(s->dest, s->spec.revision, s->commit, why) : OK;
    if (e) return e;
    bool asked_one = s->plan.count == 1 && (s->spec.path || s->spec.kind == SOURCE_BARE_URL ||
                                            (d->settings->files && d->settings->files[0]));
    bool one = asked_one && !str_ends(s->spec.path ? s->spec.path : "", "/");
    d->path = one ? dest_shown_file(s->dest, s->commit, s->plan.files[0].entry->path)
                  : dest_shown(s->dest, s->commit);
    return OK;
}

/* Before there is anything to show `progress` says at least that we are there. */
static void on_heartbeat(struct timer *t)
{
    struct download *d = container_of(t, struct download, heartbeat);
    const struct loop *l = d->spine.loop;
    bool paused = control_paused(d->spine.control);
    const char *calls = d->engine->call_shard ? calls_waiting_for(&d->engine->calls) : NULL;
    emit(&d->emitter,
         (struct event){.type = EV_PROGRESS,
                        .u.progress = {.status = paused ? FILE_PAUSED : FILE_NOT_STARTED,
                                       .eta_s = NUMBER_UNKNOWN,
                                       .waiting_for = paused ? "paused" : calls}});
    timer_set(d->spine.loop, t, loop_now_ns(l) + HEARTBEAT_NS);
}

static enum err survey(struct download *d, struct survey *s, struct why *why)
{
    timer_init(&d->heartbeat, on_heartbeat);
    timer_set(d->spine.loop, &d->heartbeat, loop_now_ns(d->spine.loop) + HEARTBEAT_NS);
    enum err e = survey_run(s, why);
    timer_cancel(&d->heartbeat);
    return e;
}

static enum err run_command(struct download *d, struct engine *engine, struct survey *s,
                            struct why *why)
{
    d->engine = engine;
    enum err e = survey(d, s, why);
    d->commit = mem_strdup(s->commit);
    if (e) return e;
    tell_plan(d, s);
    tell_plan_files(d, s);
    switch (d->settings->command) {
    case COMMAND_PLAN: return OK;
    case COMMAND_VERIFY: return verify_all(d, engine, s, why);
    case COMMAND_GET: break;
    }
    e = fetch_all(d, engine, s, why);
    return e ? e : publish_set(d, s, why);
}

static const char *status_word(const struct download *d, enum err e)
{
    if (e == OK) return "ok";
    if (e == ERR_CANCELLED) return "cancelled";
    return d->settings->keep_going && d->files_done ? "partial" : "failed";
}

static bool is_resumable(enum err e)
{
    return e == ERR_NETWORK || e == ERR_RATE_LIMITED || e == ERR_DISK || e == ERR_BUSY ||
           e == ERR_MEMORY || e == ERR_CANCELLED || e == ERR_PARTIAL;
}

static int exit_status(const struct download *d, enum err e)
{
    if (e == ERR_CANCELLED && d->on_cancelled) return d->on_cancelled(d->on_cancelled_user);
    return err_exit_code(e);
}

static void tell_result(const struct download *d, enum err e, const struct why *why)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    struct mem_stats memory;
    mem_stats(&memory);
    struct event told = {.type = EV_RESULT,
                         .u.result = {.status = status_word(d, e),
                                      .exit = exit_status(d, e),
                                      .code = e,
                                      .message = e ? why->text : "",
                                      .resumable = is_resumable(e),
                                      .retry_after_s = d->retry_after_s,
                                      .path = d->path,
                                      .commit = d->commit,
                                      .files_done = d->files_done,
                                      .files_failed = d->files_failed,
                                      .bytes_fetched = d->bytes_fetched,
                                      .bytes_reused = d->bytes_reused,
                                      .bytes_hedged = d->bytes_hedged,
                                      .origins = d->origins,
                                      .origin_count = d->origin_count,
                                      .why_slow = d->why_slow,
                                      .elapsed_ms = emit_elapsed_ms(&d->emitter),
                                      .peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024}};
    for (size_t c = 0; c < MEM_CLASSES; c++)
        told.u.result.memory_peak_bytes[c] = memory.peak[c];
    emit(&d->emitter, told);
}

/* What is still alive now would run into what is freed next. */
static enum err check_all_ended(const struct download *d, struct why *why)
{
    struct why alive;
    enum err e = task_all_below_ended(d->spine.tasks, d->spine.run, &alive);
    if (!e) return OK;
    emit_warning(&d->emitter, "task-alive", alive.text);
    return fail(why, e, "%s", alive.text);
}

static void begin(struct download *d)
{
    SCOPED(mem_freep) char *shown = source_shown(d->settings->source);
    d->spine.run = task_start(d->spine.tasks, &(struct task_spec){.name = shown, .kind = TASK_RUN});
}

static void release_survey(void *survey)
{
    survey_done(survey);
}

static void release_engine(void *engine)
{
    struct engine *e = engine;
    struct loop *loop = e->loop;
    engine_stop(e);
    loop_drain(loop);
}

enum err download_run(struct download *d, struct why *why)
{
    struct why local;
    if (!why) why = &local;
    emit_init(&d->emitter, d->spine.events);
    tell_start(d);
    if (d->start_error) {
        *why = d->start_why;
        tell_result(d, d->start_error, why);
        return d->start_error;
    }
    begin(d);
    struct scope *scope = scope_new(d->spine.scope, "command");
    struct engine engine;
    struct survey survey = {.settings = d->settings, .engine = &engine, .emitter = &d->emitter};
    scope_add(scope, release_survey, &survey);
    engine_init(&engine, d->settings, &d->spine, &d->emitter);
    scope_add(scope, release_engine, &engine);
    enum err e = run_command(d, &engine, &survey, why);
    uint64_t wait_ns = engine.calls.too_long_ns;
    if (e && wait_ns) d->retry_after_s = (wait_ns + SECOND_NS - 1) / SECOND_NS;
    scope_close(scope);
    enum err alive = check_all_ended(d, e ? NULL : why);
    if (!alive) task_end(d->spine.tasks, d->spine.run, e, why);
    if (!e) e = alive;
    tell_result(d, e, why);
    return e;
}
