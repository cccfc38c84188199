#include "download/verify.h"

#include <inttypes.h>

#include "download/async/pool.h"
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/sink/file_sink.h"

enum { AT_ONCE = 4, PROGRESS_MS = 200 };
#define STEP_BYTES (UINT64_C(64) << 20) // a stop waits for one of these at most

struct verification;

/* One file being read; a job per STEP_BYTES. */
struct check {
    struct job job;
    struct id task;
    struct list node; // in `parked`
    struct verification *all;
    const struct plan_file *file;
    struct dest_names names;
    struct hasher *hasher;
    struct fs_stamp stamp;
    int fd;
    uint64_t counted; // bytes of it that are in `bytes` of them all
    uint64_t started_ns;
    enum err err;
    struct why why;
};

struct verification {
    struct download *run;
    struct engine *engine;
    struct survey *survey;
    size_t next; // index into the plan
    size_t busy;
    struct id task; // of all files together
    bool ended;
    uint64_t bytes; // hashed so far
    struct timer timer;
    struct list parked; // checks that wait for the end of a pause
    struct why first;
};

static void start_more(struct verification *v);

static void step_work(struct job *j)
{
    struct check *c = container_of(j, struct check, job);
    uint64_t size = c->stamp.size;
    uint64_t to = hasher_bytes(c->hasher) + STEP_BYTES;
    const struct catch_up step = {.fd = c->fd,
                                  .name = c->file->entry->path,
                                  .hasher = c->hasher,
                                  .to = to < size ? to : size,
                                  .slab = j->scratch};
    c->err = file_sink_catch_up(&step, &c->why);
}

static enum err open_file(struct check *c)
{
    const struct listing_entry *e = c->file->entry;
    const struct dest *dest = c->all->survey->dest;
    enum err err = dest_open_final(dest, &c->names, &c->fd, &c->why);
    if (err == ERR_NOT_FOUND) return fail(&c->why, ERR_INTEGRITY, "'%s' is missing", e->path);
    if (!err) err = fs_stat_fd(c->fd, &c->stamp, &c->why);
    if (err) return err;
    if (c->stamp.size == e->size || e->size == SIZE_NOT_KNOWN) return OK;
    return fail(&c->why, ERR_INTEGRITY, "'%s' has %" PRIu64 " bytes instead of %" PRIu64, e->path,
                c->stamp.size, e->size);
}

static enum err compare(struct check *c)
{
    const struct listing_entry *e = c->file->entry;
    struct digest actual;
    if (!hasher_finish(c->hasher, &actual)) {
        return fail(&c->why, ERR_INTERNAL, "the digest of '%s' cannot be computed", e->path);
    }
    if (digest_equal(&actual, &e->digest)) return OK;
    char expected[DIGEST_TEXT_MAX];
    char got[DIGEST_TEXT_MAX];
    digest_print(&e->digest, expected);
    digest_print(&actual, got);
    return fail(&c->why, ERR_INTEGRITY, "'%s' is damaged: expected %s, got %s", e->path, expected,
                got);
}

static void tell(const struct check *c)
{
    const struct verification *v = c->all;
    const struct listing_entry *e = c->file->entry;
    char digest[DIGEST_TEXT_MAX];
    digest_print(&e->digest, digest);
    bool verified = e->digest.kind != DIGEST_NONE;
    SCOPED(mem_freep) char *path = dest_shown_file(v->survey->dest, v->survey->commit, e->path);
    struct event_file_done done = {.id = c->file->id,
                                   .file = e->path,
                                   .path = path,
                                   .size = c->stamp.size,
                                   .digest = verified ? digest : NULL,
                                   .verified = verified,
                                   .verified_by = verified ? digest_name(e->digest.kind) : NULL,
                                   .elapsed_ms = (clock_now_ns() - c->started_ns) / MILLI_NS,
                                   .bytes_reused = c->stamp.size};
    struct event_file_failed failed = {
        .id = c->file->id, .file = e->path, .code = c->err, .cause = c->why.text};
    const struct emitter *em = &v->run->emitter;
    if (c->err) {
        emit(em, (struct event){.type = EV_FILE_FAILED, .u.file_failed = failed});
    } else {
        emit(em, (struct event){.type = EV_FILE_DONE, .u.file_done = done});
    }
}

static void end_check(struct check *c)
{
    struct verification *v = c->all;
    bool stopped = c->err == ERR_CANCELLED;
    if (!stopped) tell(c);
    if (c->err && !stopped) {
        if (!v->run->files_failed++) v->first = c->why;
    } else if (!stopped) {
        v->run->files_done++;
        v->run->bytes_reused += c->stamp.size;
        if (c->hasher) dest_stamp(v->survey->dest, &c->names, &c->stamp);
    }
    v->busy--;
    task_end(v->run->spine.tasks, c->task, c->err, &c->why);
    hasher_free(c->hasher);
    fs_closep(&c->fd);
    dest_names_done(&c->names);
    mem_free(c);
}

static void advance(struct check *c)
{
    struct verification *v = c->all;
    if (!c->err && control_stopping(v->run->spine.control)) c->err = ERR_CANCELLED;
    bool more = !c->err && c->hasher && hasher_bytes(c->hasher) < c->stamp.size;
    if (more && control_paused(v->run->spine.control)) {
        list_add_tail(&v->parked, &c->node);
        return;
    }
    if (more) {
        pool_run(v->engine->pool, &c->job);
        return;
    }
    if (!c->err && c->hasher) c->err = compare(c);
    end_check(c);
}

static void step_done(struct job *j)
{
    struct check *c = container_of(j, struct check, job);
    struct verification *v = c->all;
    v->bytes += hasher_bytes(c->hasher) - c->counted;
    c->counted = hasher_bytes(c->hasher);
    advance(c);
    start_more(v);
}

static void start_check(struct verification *v, const struct plan_file *file)
{
    struct check *c = mem_new(sizeof(*c));
    c->all = v;
    c->file = file;
    c->fd = -1;
    c->started_ns = clock_now_ns();
    c->job.work = step_work;
    c->job.done = step_done;
    dest_names_init(v->survey->dest, file->entry, v->survey->commit, &c->names);
    v->busy++;
    c->task = task_start(
        v->run->spine.tasks,
        &(struct task_spec){.name = file->entry->path, .kind = TASK_FILE, .parent = v->task});
    c->err = open_file(c);
    c->hasher = hasher_new(file->entry->digest.kind, file->entry->size);
    advance(c);
}

static void start_more(struct verification *v)
{
    const struct spine *spine = &v->run->spine;
    while (v->busy < AT_ONCE && v->next < v->survey->plan.count &&
           control_value(spine->control) == CONTROL_GO)
        start_check(v, &v->survey->plan.files[v->next++]);
    bool all_begun = v->next == v->survey->plan.count || control_stopping(spine->control);
    if (v->ended || v->busy || !all_begun) return;
    v->ended = true;
    task_end(spine->tasks, v->task, OK, NULL); // how it went is in the run's counts
}

static void on_tick(struct timer *t)
{
    struct verification *v = container_of(t, struct verification, timer);
    struct loop *loop = v->run->spine.loop;
    bool paused = control_paused(v->run->spine.control);
    uint64_t total = v->survey->plan.bytes_total;
    uint64_t ms = emit_elapsed_ms(&v->run->emitter);
    uint64_t rate = ms ? v->bytes * 1000 / ms : 0;
    uint64_t at = v->bytes < total ? v->bytes : total;
    emit(&v->run->emitter,
         (struct event){.type = EV_PROGRESS,
                        .u.progress = {.status = paused ? FILE_PAUSED : FILE_VERIFYING,
                                       .waiting_for = paused ? "paused" : NULL,
                                       .completed_files = v->run->files_done,
                                       .total_files = v->survey->plan.count,
                                       .downloaded = at,
                                       .total = total,
                                       .bytes_per_s = rate,
                                       .eta_s = rate ? (total - at) / rate : NUMBER_UNKNOWN}});
    timer_set(loop, t, loop_now_ns(loop) + PROGRESS_MS * MILLI_NS);
}

/* A pause ends, or the run: what is parked goes on, and finds out which. */
static enum err on_control(void *user, const void *value, struct why *why)
{
    struct verification *v = user;
    (void)why; // nothing here fails
    if (*(const enum control *)value == CONTROL_PAUSE) return OK;
    struct list parked;
    list_init(&parked);
    list_splice(&parked, &v->parked);
    struct list *node;
    while ((node = list_pop(&parked)))
        advance(container_of(node, struct check, node));
    start_more(v);
    return OK;
}

enum err verify_all(struct download *d, struct engine *engine, struct survey *s, struct why *why)
{
    struct verification v = {.run = d, .engine = engine, .survey = s};
    enum err e = engine_start_pool(engine, why);
    if (e) return e;
    struct loop *loop = d->spine.loop;
    list_init(&v.parked);
    timer_init(&v.timer, on_tick);
    timer_set(loop, &v.timer, loop_now_ns(loop) + PROGRESS_MS * MILLI_NS);
    struct id control = callback_on_next(d->spine.control, on_control, &v);
    v.task = task_start(
        d->spine.tasks,
        &(struct task_spec){.name = "all files", .kind = TASK_RUN, .parent = d->spine.run});
    start_more(&v);
    err_ignore(task_await(d->spine.tasks, v.task, NULL));
    callback_remove(d->spine.control, control);
    timer_cancel(&v.timer);
    if (control_stopping(d->spine.control)) return fail(why, ERR_CANCELLED, "stopped");
    if (d->files_failed) {
        return fail(why, ERR_INTEGRITY,
                    "%" PRIu64 " of %zu files are damaged or missing; first: %s", d->files_failed,
                    s->plan.count, v.first.text);
    }
    d->path = dest_shown(s->dest, s->commit);
    return OK;
}
