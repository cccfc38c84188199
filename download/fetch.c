#include "download/fetch.h"

#include <string.h>

#include "download/admit.h"
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_task.h"

enum { ORIGINS_AT_ONCE = 2 }; // with all connections they may have: the Hub, and where bodies are

static void on_again(struct timer *t)
{
    fetch_schedule(container_of(t, struct fetch, again));
}

void fetch_init(struct fetch *f)
{
    list_init(&f->tasks);
    rng_seed(&f->rng);
    f->policy = f->calls->policy;
    f->load = mem_array(f->shard_count, sizeof(*f->load));
    f->bytes_present = f->plan->bytes_present;
    for (size_t i = 0; i < f->plan->count; i++)
        f->unbegun[f->plan->files[i].priority]++;
    unsigned connections = f->settings->connections;
    origins_init(&f->origins, connections, f->settings->state_dir);
    timer_init(&f->again, on_again);
    unsigned budget = f->settings->slab_budget;
    if (!budget) budget = ORIGINS_AT_ONCE * (connections ? connections : (unsigned)RAMP_MOST);
    f->slabs = slabs_new(budget);
}

void fetch_done(struct fetch *f)
{
    mirrors_done(&f->mirrors);
    origins_done(&f->origins);
    slabs_free(f->slabs);
    mem_free(f->load);
}

/* ---- what ends ---- */

static void tell_done(const struct fetch *f, const struct file_task *t)
{
    const struct listing_entry *e = t->file->entry;
    char digest[DIGEST_TEXT_MAX];
    digest_print(&e->digest, digest);
    bool verified = e->digest.kind != DIGEST_NONE;
    uint64_t origins;
    const char *origin = file_places_told(t, &origins);
    SCOPED(mem_freep) char *path = dest_shown_file(f->dest, f->commit, e->path);
    emit(
        f->emitter,
        (struct event){.type = EV_FILE_DONE,
                       .u.file_done = {.id = t->file->id,
                                       .file = e->path,
                                       .path = path,
                                       .size = t->size,
                                       .digest = verified ? digest : NULL,
                                       .verified = verified,
                                       .verified_by = verified ? digest_name(e->digest.kind) : NULL,
                                       .elapsed_ms = (clock_now_ns() - t->start_ns) / MILLI_NS,
                                       .origin = origin,
                                       .origins = origins,
                                       .bytes_fetched = t->fetched,
                                       .bytes_reused = t->reused}});
}

static void tell_failed(const struct fetch *f, const struct file_task *t)
{
    bool kept = t->err != ERR_INTEGRITY && ranges_total(&t->done) > 0;
    emit(f->emitter, (struct event){.type = EV_FILE_FAILED,
                                    .u.file_failed = {.id = t->file->id,
                                                      .file = t->file->entry->path,
                                                      .code = t->err,
                                                      .cause = t->why.text,
                                                      .resumable = kept}});
}

/* One kind of failure alone keeps its own code. */
static void note_failure(struct fetch *f, const struct file_task *t)
{
    f->files_failed++;
    if (f->err == OK) {
        f->err = t->err;
        f->why = t->why;
    } else if (f->err != t->err) {
        f->err = ERR_PARTIAL;
    }
    if (!f->settings->keep_going) fetch_stop(f);
}

static void end_when_finished(struct fetch *f);

void fetch_file_ended(struct fetch *f, struct file_task *t)
{
    list_remove(&t->node);
    f->task_count--;
    task_end(f->spine->tasks, t->task, t->err, &t->why);
    if (t->err == OK) {
        f->files_done++;
        if (t->file->state >= PLAN_UNVERIFIED) f->bytes_reused += t->reused;
        if (t->file->state != PLAN_UNLINKED) dest_stamp(f->dest, &t->names, &t->stamp);
        t->file->state = PLAN_PRESENT;
        if (t->journal_fd >= 0) dest_drop_part(f->dest, &t->names);
        tell_done(f, t);
    } else if (t->err != ERR_CANCELLED) {
        tell_failed(f, t);
        note_failure(f, t);
    }
    file_task_free(t);
    end_when_finished(f);
}

void fetch_stop(struct fetch *f)
{
    if (f->stopping) return;
    f->stopping = true;
    calls_stop(f->calls);
    tasks_cancel_group(f->spine->tasks, FETCH_GROUP);
    end_when_finished(f);
}

/* ---- what begins ---- */

void fetch_schedule(struct fetch *f)
{
    if (control_paused(f->spine->control)) return;
    admit_begin(f);
    end_when_finished(f);
    admit_work(f);
    if (!f->stopping) fetch_allot(f);
}

/* ---- what comes back ---- */

static struct part_task *find_part(const struct fetch *f, uint64_t exchange_id)
{
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        list_each (part, &t->parts) {
            struct part_task *p = container_of(part, struct part_task, node);
            if (p->exchange_id == exchange_id) return p;
        }
    }
    return NULL;
}

void fetch_on_report(struct post *post)
{
    struct shard_report *r = container_of(post, struct shard_report, post);
    struct fetch *f = r->user;
    for (size_t i = 0; i < r->count; i++) {
        struct part_task *p = find_part(f, r->marks[i].id);
        if (!p) continue; // ended meanwhile
        struct file_task *t = p->file;
        if (r->marks[i].received > p->received) courtesy_heard(&f->courtesy, &r->marks[i].door);
        part_on_mark(t, p, &r->marks[i]);
        file_task_step(t); // a running part keeps the task alive
    }
    mem_free(r);
}

void fetch_on_cut(struct post *post)
{
    struct shard_cut *c = container_of(post, struct shard_cut, post);
    struct fetch *f = c->user;
    struct part_task *p = c->found ? find_part(f, c->id) : NULL;
    if (p) part_on_cut(p->file, p, c->end);
    mem_free(c);
    if (p) fetch_schedule(f);
}

/* ---- what is wished for ---- */

static void park(struct fetch *f)
{
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        t->parked = true;
        parts_call_back(t);
    }
}

static struct file_task *first_parked(const struct fetch *f)
{
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        if (t->parked) return t;
    }
    return NULL;
}

/* A step may end its task, and by its failure all others. */
static void go_on(struct fetch *f)
{
    for (struct file_task *t = first_parked(f); t; t = first_parked(f)) {
        t->parked = false;
        file_task_step(t);
    }
    fetch_schedule(f);
}

static enum err on_control(void *user, const void *value, struct why *why)
{
    struct fetch *f = user;
    (void)why; // nothing here fails
    switch (*(const enum control *)value) {
    case CONTROL_GO: go_on(f); break;
    case CONTROL_PAUSE: park(f); break;
    case CONTROL_STOP: fetch_stop(f); break;
    }
    progress_emit(f);
    return OK;
}

/* A file that cannot be continued keeps its connection: what it has would be lost. */
static void on_burden(void *user)
{
    struct fetch *f = user;
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        if (burden_holds(&f->burden) && !t->whole) parts_call_back(t);
    }
    fetch_schedule(f);
    progress_emit(f);
}

/* ---- the run ---- */

static void end_when_finished(struct fetch *f)
{
    bool all_begun = f->stopping || f->next_file == f->plan->count;
    if (f->ended || !all_begun || !list_empty(&f->tasks)) return;
    f->ended = true;
    task_end(f->spine->tasks, f->task, f->err, &f->why);
}

static void remember_origins(struct fetch *f)
{
    struct why why;
    const char *dir = f->settings->state_dir;
    enum err e = origins_remember(&f->origins, dir, loop_now_ns(f->loop), &why);
    if (e) emit_warning(f->emitter, "state", why.text);
}

enum err fetch_run(struct fetch *f, struct why *why)
{
    f->burden =
        (struct burden){.loop = f->loop, .emitter = f->emitter, .changed = on_burden, .user = f};
    enum err e = burden_start(&f->burden, f->settings->yield_to, why);
    if (e) return e;
    f->courtesy = (struct courtesy){.loop = f->loop, .emitter = f->emitter, .limits = &f->limits};
    courtesy_start(&f->courtesy);
    struct callback *control = f->spine->control;
    struct id registration = callback_on_next(control, on_control, f);
    f->task = task_start(
        f->spine->tasks,
        &(struct task_spec){.name = "all files", .kind = TASK_RUN, .parent = f->spine->run});
    progress_start(f);
    steer_start(f);
    slowness_start(f);
    if (control_stopping(control)) fetch_stop(f);
    fetch_schedule(f);
    err_ignore(task_await(f->spine->tasks, f->task, NULL)); // it is in `err`
    callback_remove(control, registration);
    steer_end(f);
    slowness_end(f);
    progress_end(f);
    courtesy_end(&f->courtesy);
    burden_end(&f->burden);
    remember_origins(f);
    bool complete = f->files_done == f->plan->count;
    if (control_stopping(control) && !complete) return fail(why, ERR_CANCELLED, "stopped");
    if (f->err) {
        *why = f->why;
        if (f->err == ERR_PARTIAL) {
            return fail(why, ERR_PARTIAL, "%llu of %zu files failed, for different reasons",
                        (unsigned long long)f->files_failed, f->plan->count);
        }
        return f->err;
    }
    return complete ? OK : fail(why, ERR_INTERNAL, "some files were left out");
}
