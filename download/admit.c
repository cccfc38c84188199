#include "download/admit.h"

#include "download/file_task.h"

enum {
    WORKING_LEAST = 8,
    WORKING_MOST = 96,
    AHEAD_LEAST = 8, // files that may know their URL before they have a place …
    AHEAD_MOST = 32, // … and while they are small: each may cost the Hub a connection
};

/* Connections that files could keep busy, and how many files they are. */
struct crowd {
    unsigned working, working_room;
    unsigned ahead, ahead_room;
    enum priority lowest; // of those that are worked on
};

static unsigned room(const struct file_task *t)
{
    if (t->whole || t->size == TO_THE_END) return 1;
    uint64_t n = 1 + (t->size - ranges_total(&t->done)) / (2 * SCHED_STEAL_BYTES);
    return n < RAMP_MOST ? (unsigned)n : RAMP_MOST;
}

static struct crowd look(const struct fetch *f)
{
    struct crowd c = {.lowest = PRIORITY_CRITICAL};
    list_each (node, &f->tasks) {
        const struct file_task *t = container_of(node, struct file_task, node);
        if (file_task_has_worker(t)) {
            bool fetches = t->state == STATE_PREPARING || t->state == STATE_FETCHING;
            c.working++;
            c.working_room += fetches ? room(t) : 0;
            if (t->file->priority > c.lowest) c.lowest = t->file->priority;
        } else if (t->state == STATE_RESOLVING || t->state == STATE_RESOLVED) {
            c.ahead++;
            c.ahead_room += room(t);
        }
    }
    return c;
}

/* As many connections as there are, and half as many that wait for a disk or an answer. */
static unsigned room_wanted(const struct fetch *f)
{
    unsigned most = 0;
    list_each (node, &f->origins.all) {
        unsigned wanted = origin_wanted(container_of(node, struct origin, node));
        if (wanted > most) most = wanted;
    }
    return most + most / 2;
}

unsigned admit_most(const struct settings *s)
{
    return s->max_workers ? s->max_workers : (unsigned)WORKING_MOST;
}

/* ---- files that begin ---- */

static struct plan_file *next_file(struct fetch *f)
{
    struct plan_file *file = &f->plan->files[f->next_file++];
    f->unbegun[file->priority]--;
    return file;
}

static void start_file(struct fetch *f, struct plan_file *file)
{
    if (file->state == PLAN_PRESENT) {
        f->files_done++;
        return;
    }
    struct file_task *t = file_task_new(f, file);
    list_add_tail(&f->tasks, &t->node);
    f->task_count++;
    file_task_step(t); // it may have ended at once
}

static bool another_may_begin(const struct fetch *f)
{
    unsigned least = f->settings->max_workers ? f->settings->max_workers : (unsigned)WORKING_LEAST;
    if (f->task_count < least + AHEAD_LEAST) return true;
    if (f->settings->max_workers) return false;
    struct crowd c = look(f);
    return c.ahead < AHEAD_MOST && c.working_room + c.ahead_room < 2 * room_wanted(f);
}

void admit_begin(struct fetch *f)
{
    while (!f->stopping && f->next_file < f->plan->count && another_may_begin(f))
        start_file(f, next_file(f));
}

/* ---- files that are worked on ---- */

static bool has_place(const struct fetch *f, const struct crowd *c)
{
    unsigned said = f->settings->max_workers;
    if (said) return c->working < said;
    return c->working < WORKING_LEAST ||
           (c->working < WORKING_MOST && c->working_room < room_wanted(f));
}

void admit_work(struct fetch *f)
{
    struct crowd c = look(f);
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        if (t->state != STATE_RESOLVED || t->err) continue;
        bool first = t->file->priority < c.lowest; // one of a lower class stands back for it
        if (!first && !has_place(f, &c)) continue;
        c.working++;
        c.working_room += room(t);
        file_task_prepare(t);
    }
}
