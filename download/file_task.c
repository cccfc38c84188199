#include "download/file_task.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/file_twins.h"

#define HASH_STEP_BYTES (UINT64_C(256) << 20) // a stop waits for one of these at most

static bool anything_out(const struct file_task *t)
{
    return t->job_out || t->asking || !list_empty(&t->parts);
}

static void end_wait(struct file_task *t, enum err e)
{
    struct id id = t->waiting;
    t->waiting = (struct id){0};
    if (!id_is_none(id)) task_end(t->fetch->spine->tasks, id, e, NULL);
}

static void stop_waiting(struct file_task *t)
{
    timer_cancel(&t->timer);
    end_wait(t, ERR_CANCELLED);
}

void file_task_wait(struct file_task *t, const char *what, uint64_t at_ns)
{
    struct fetch *f = t->fetch;
    stop_waiting(t); // a part that failed before it waits for less
    t->waiting = task_start(
        f->spine->tasks, &(struct task_spec){.name = what, .kind = TASK_TIMER, .parent = t->task});
    timer_set(f->loop, &t->timer, at_ns);
}

static void on_timer(struct timer *timer)
{
    struct file_task *t = container_of(timer, struct file_task, timer);
    struct fetch *f = t->fetch;
    end_wait(t, OK);
    if (t->err) file_task_step(t); // that was all it waited for
    fetch_schedule(f);
}

static void begin(struct file_task *t)
{
    switch (t->file->state) {
    case PLAN_UNVERIFIED:
        t->state = STATE_ADOPTING;
        file_task_new_hasher(t);
        file_job_open_final(t);
        break;
    case PLAN_UNLINKED:
        t->state = STATE_PUBLISHING;
        t->reused = t->size;
        file_job_link(t);
        break;
    case PLAN_PRESENT:
    case PLAN_PARTIAL:
    case PLAN_MISSING: file_places_resolve(t); break;
    }
}

/* Asked to end through the registry. */
static void on_cancel(void *user)
{
    struct file_task *t = user;
    file_task_abandon(t);
    file_task_step(t); // ends at once when nothing of it is out
}

struct file_task *file_task_new(struct fetch *f, struct plan_file *file)
{
    struct file_task *t = mem_new(sizeof(*t));
    t->task = task_start(f->spine->tasks, &(struct task_spec){.name = file->entry->path,
                                                              .kind = TASK_FILE,
                                                              .group = FETCH_GROUP,
                                                              .priority = file->priority,
                                                              .parent = f->task,
                                                              .cancel = on_cancel,
                                                              .user = t});
    t->fetch = f;
    t->file = file;
    t->part_fd = -1;
    t->journal_fd = -1;
    t->size = file->entry->size;
    t->start_ns = loop_now_ns(f->loop);
    list_init(&t->node);
    list_init(&t->parts);
    timer_init(&t->timer, on_timer);
    dest_names_init(f->dest, file->entry, f->commit, &t->names);
    file_places_init(t);
    begin(t);
    return t;
}

void file_task_free(struct file_task *t)
{
    file_places_done(t);
    twin_drop(t);
    hasher_free(t->hasher);
    fs_closep(&t->part_fd);
    fs_closep(&t->journal_fd);
    ranges_done(&t->done);
    ranges_done(&t->claimed);
    file_blame_done(t);
    dest_names_done(&t->names);
    mem_free(t);
}

/* ---- from bytes to a file ---- */

static void prepared(struct file_task *t)
{
    t->state = STATE_FETCHING;
    uint64_t there = ranges_total(&t->done);
    for (size_t i = 0; i < t->done.count; i++)
        ranges_add(&t->claimed, t->done.items[i].from, t->done.items[i].to);
    t->reused += there;
    t->fetch->bytes_reused += there;
    t->fetch->bytes_present += there;
    if (!file_task_has_digest(t) && !t->places[0].resolve.etag)
        t->whole = true; // nothing would tell two versions apart
    file_task_new_hasher(t);
    file_places_look(t);
    char digest[DIGEST_TEXT_MAX];
    digest_print(&t->file->entry->digest, digest);
    t->started = true;
    emit(t->fetch->emitter,
         (struct event){.type = EV_FILE_START,
                        .u.file_start = {.id = t->file->id,
                                         .file = t->file->entry->path,
                                         .size = t->size,
                                         .digest = digest[0] ? digest : NULL,
                                         .resumed_from = there,
                                         .priority = priority_word(t->file->priority)}});
}

static bool all_there(const struct file_task *t)
{
    return t->size != TO_THE_END && ranges_reach(&t->done, 0) == t->size && list_empty(&t->parts);
}

/* The frontier follows what is in its place, from the page cache. */
static void catch_up(struct file_task *t)
{
    if (!t->hasher || t->job_out) return;
    uint64_t at = hasher_bytes(t->hasher);
    uint64_t reach = ranges_reach(&t->done, at);
    if (reach == at) return;
    file_job_hash(t, reach - at > HASH_STEP_BYTES ? at + HASH_STEP_BYTES : reach);
}

static void refetch(struct file_task *t)
{
    struct why why;
    if (t->fetch->settings->offline) {
        enum err e = fail(&why, ERR_NOT_CACHED,
                          "'%s' is here with other content, and --offline forbids to fetch it",
                          t->file->entry->path);
        file_task_fail(t, e, &why);
        return;
    }
    file_places_resolve(t);
}

/* A file that was there already: is its content right? If not it is fetched as if it were missing.
 */
static void step_adopting(struct file_task *t)
{
    if (control_paused(t->fetch->spine->control)) return;
    struct digest actual;
    uint64_t at = t->hasher ? hasher_bytes(t->hasher) : 0;
    if (t->hasher && t->part_fd >= 0 && at < t->size) {
        uint64_t left = t->size - at;
        file_job_hash(t, left > HASH_STEP_BYTES ? at + HASH_STEP_BYTES : t->size);
        return;
    }
    bool right = t->hasher && t->part_fd >= 0 && hasher_finish(t->hasher, &actual) &&
                 digest_equal(&actual, &t->file->entry->digest);
    fs_closep(&t->part_fd);
    if (right) {
        t->reused = t->size;
        t->state = STATE_PUBLISHING;
        file_job_link(t);
        return;
    }
    if (t->size != TO_THE_END) t->fetch->bytes_present -= t->size; // it counted as there
    t->file->state = PLAN_MISSING;
    refetch(t);
}

static void step_fetching(struct file_task *t)
{
    if (t->restart && !anything_out(t)) file_task_begin_anew(t);
    if (t->restart || file_places_unsettled(t) || t->err ||
        control_paused(t->fetch->spine->control))
        return;
    if (!t->job_out) twin_step(t);
    catch_up(t);
    if (!t->job_out && all_there(t)) file_task_check(t);
}

static void step(struct file_task *t)
{
    switch (t->state) {
    case STATE_ADOPTING:
        if (!t->job_out) step_adopting(t);
        break;
    case STATE_PREPARING:
        if (!t->job_out) prepared(t);
        if (!t->job_out) step_fetching(t);
        break;
    case STATE_FETCHING: step_fetching(t); break;
    case STATE_PUBLISHING:
        if (!t->job_out) t->state = STATE_ENDED;
        break;
    case STATE_RESOLVING:
    case STATE_RESOLVED:
    case STATE_ENDED: break;
    }
}

void file_task_step(struct file_task *t)
{
    if (!t->err) step(t);
    bool ended = t->err || t->state == STATE_ENDED;
    if (ended) file_places_call_back(t);
    if (!ended || anything_out(t)) return;
    stop_waiting(t);
    fetch_file_ended(t->fetch, t);
}

void file_task_prepare(struct file_task *t)
{
    t->state = STATE_PREPARING;
    file_job_prepare(t);
}

void file_task_fail(struct file_task *t, enum err e, const struct why *why)
{
    if (t->err) return;
    t->err = e;
    if (why) t->why = *why;
    stop_waiting(t);
    parts_call_back(t);
    file_places_call_back(t);
}

void file_task_abandon(struct file_task *t)
{
    if (t->state != STATE_PUBLISHING) file_task_fail(t, ERR_CANCELLED, NULL);
}

void file_task_hold_back(struct file_task *t)
{
    struct fetch *f = t->fetch;
    bool waits = t->err || timer_is_set(&t->timer);
    if (t->state != STATE_FETCHING || waits) return;
    uint64_t now = loop_now_ns(f->loop);
    uint64_t wait_ns = file_places_wait_ns(t, now);
    if (!wait_ns) return;
    if (!calls_may_wait(f->calls, wait_ns)) {
        struct why why;
        enum err e = calls_explain_wait(f->calls, f->calls->origin, &why);
        file_task_fail(t, e, &why);
        file_task_wait(t, "its end", now);
        return;
    }
    file_task_wait(t, "rate limit", now + wait_ns);
    calls_announce_wait(f->calls, wait_ns);
}

bool file_task_has_worker(const struct file_task *t)
{
    return t->state == STATE_PREPARING || t->state == STATE_FETCHING ||
           t->state == STATE_PUBLISHING || t->state == STATE_ADOPTING;
}

uint64_t file_task_verified_bytes(const struct file_task *t)
{
    if (t->state == STATE_PUBLISHING || t->state == STATE_ENDED) return t->size;
    list_each (node, &t->parts) {
        const struct part_task *p = container_of(node, struct part_task, node);
        if (p->hashing) return p->counted;
    }
    if (t->job_out) return t->hash_to; // by the end of the running job
    return t->hasher ? hasher_bytes(t->hasher) : 0;
}

struct origin *file_task_origin(const struct file_task *t)
{
    struct fetch *f = t->fetch;
    if (t->state != STATE_FETCHING) return NULL;
    const struct place *place = file_places_choose(t);
    bool known = place && place->resolve.url;
    return known ? origins_of(&f->origins, place->resolve.url, loop_now_ns(f->loop)) : NULL;
}

void file_task_view(const struct file_task *t, struct sched_file *ret)
{
    *ret = (struct sched_file){.whole = t->whole};
    ret->ready = t->state == STATE_FETCHING && !t->err && !t->restart && !timer_is_set(&t->timer) &&
                 file_places_choose(t);
    list_each (node, &t->parts)
        ret->running++;
    ret->has_hole = ranges_hole(&t->claimed, 0, t->size, &ret->hole);
    const struct part_task *p = part_longest(t);
    if (!p) return;
    ret->largest = (struct range){p->counted, p->range.to};
    ret->largest_cut = p->cuts;
    ret->largest_ns = part_left_ns(p);
    ret->steal_bytes = sched_steal_bytes(part_rate(p), p->origin->first_byte_ns);
}
