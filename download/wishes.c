/* What is wished for from other threads and from signal handlers, as bits raised in the loop. */
#include <stdio.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/download_private.h"

enum wish { WISH_STOP = 1, WISH_TOGGLE_PAUSE = 2, WISH_TELL_TASKS = 4, WISH_POKE = 8 };

static void wish(struct download *d, enum wish what)
{
    if (d->spine.loop) loop_raise(d->spine.loop, what);
}

void download_stop(struct download *d)
{
    wish(d, WISH_STOP);
}

void download_toggle_pause(struct download *d)
{
    wish(d, WISH_TOGGLE_PAUSE);
}

void download_tell_tasks(struct download *d)
{
    wish(d, WISH_TELL_TASKS);
}

void download_poke(struct download *d)
{
    wish(d, WISH_POKE);
}

static void toggle_pause(struct download *d)
{
    bool pause = !control_paused(d->spine.control);
    if (control_stopping(d->spine.control)) return;
    control_set(d->spine.control, pause ? CONTROL_PAUSE : CONTROL_GO);
    if (!pause) return;
    emit(&d->emitter,
         (struct event){.type = EV_WAIT, .u.wait = {.wait_ms = NUMBER_UNKNOWN, .cause = "paused"}});
}

struct rows {
    struct task_row *items;
    size_t count;
    uint64_t now_ns;
};

/* A number that no other task of the run has, and that a JSON reader keeps (below 2^53). */
static uint64_t number_of(struct id id)
{
    enum { SLOT_BITS = 24 };
    return id_is_none(id) ? 0 : ((uint64_t)id.generation << SLOT_BITS | id.slot);
}

static void add_row(void *user, const struct task_info *t)
{
    struct rows *rows = user;
    struct task_row *row = &rows->items[rows->count++];
    uint64_t since_ns = t->start_ns ? t->start_ns : t->made_ns;
    *row = (struct task_row){.id = number_of(t->id),
                             .parent = number_of(t->parent),
                             .depth = t->depth,
                             .kind = task_kind_word(t->kind),
                             .state = task_state_word(t->state),
                             .elapsed_ms = (rows->now_ns - since_ns) / MILLI_NS};
    snprintf(row->name, sizeof(row->name), "%s", t->name);
}

static void add_resource(struct resource_row *ret, const struct resource *r)
{
    ret->name = r->name;
    ret->state = resource_state_word(r->state);
    snprintf(ret->reason, sizeof(ret->reason), "%s", r->reason);
}

static void tell_tasks(struct download *d)
{
    size_t live = tasks_live(d->spine.tasks);
    SCOPED(mem_freep) struct task_row *items = mem_array(live + 1, sizeof(*items));
    struct rows rows = {.items = items, .now_ns = loop_now_ns(d->spine.loop)};
    tasks_walk(d->spine.tasks, add_row, &rows);
    struct event e = {.type = EV_TASKS, .u.tasks = {.rows = items, .count = rows.count}};
    const struct spine *s = &d->spine;
    const struct resource *resources[] = {&s->session, &s->connections, &s->journal};
    for (size_t i = 0; i < ARRAY_LEN(resources); i++)
        add_resource(&e.u.tasks.resources[i], resources[i]);
    emit(&d->emitter, e);
}

void download_on_raise(void *download, unsigned wishes)
{
    struct download *d = download;
    if (wishes & WISH_POKE && d->on_poke) d->on_poke(d->on_poke_user);
    if (wishes & WISH_TELL_TASKS) tell_tasks(d);
    if (wishes & WISH_TOGGLE_PAUSE) toggle_pause(d);
    if (wishes & WISH_STOP) control_set(d->spine.control, CONTROL_STOP);
}
