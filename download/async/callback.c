#include "download/async/callback_private.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

struct registration {
    struct list node;
    struct id id;
    observe_fn *fn; // NULL: asynchronous
    void *user;
    struct observer *observer;
    bool removed; // while the callback was busy
    bool skip_told;
    bool no_patience; // it was given room and did not use it
};

struct queued_value { // of a set
    struct list node;
    void *value;
};

void *callback_copy(const struct callback *c, const void *value)
{
    size_t bytes = 0;
    return c->opts.values->copy(value, &bytes);
}

/* ---- observers ---- */

static void report(struct callback *c, const void *value, enum err e, const struct why *why)
{
    if (c->opts.on_failure) c->opts.on_failure(c->opts.user, value, e, why);
}

static void tell_observer(struct callback *c, struct registration *r, const void *value)
{
    struct why why = {""};
    if (r->fn) {
        enum err e = r->fn(r->user, value, &why);
        if (!e) return;
        c->counts.failed++;
        report(c, value, e, &why);
        return;
    }
    if (r->observer && observer_tell(r->observer, value) != STREAM_GONE) return;
    c->counts.skipped++;
    if (r->skip_told) return;
    r->skip_told = true;
    report(c, value, fail(&why, ERR_USAGE, "an observer that does not run is skipped"), &why);
}

static void drop_removed(struct callback *c)
{
    list_each_safe (node, &c->observers) {
        struct registration *r = container_of(node, struct registration, node);
        if (!r->removed) continue;
        list_remove(node);
        mem_free(r);
    }
}

static void destroy(struct callback *c)
{
    c->busy = true; // for conditions that come back here
    callback_look(c);
    callback_leave_waiters(c);
    struct list *node;
    while ((node = list_pop(&c->observers)))
        mem_free(container_of(node, struct registration, node));
    timer_cancel(&c->look);
    idmap_free(c->ids);
    mem_free(c->value);
    mem_free(c);
}

/* Freed meanwhile: observers are told nothing more, waiters still look. */
static void carry_out(struct callback *c, void *take_value)
{
    mem_free(c->value);
    c->value = take_value;
    c->counts.sets++;
    struct list *last = c->observers.prev;
    bool any = !list_empty(&c->observers);
    for (struct list *node = c->observers.next; any && !c->freed; node = node->next) {
        struct registration *r = container_of(node, struct registration, node);
        if (!r->removed) tell_observer(c, r, c->value);
        if (node == last) break;
    }
    if (list_empty(&c->waiters)) return;
    if (c->opts.mode == WAIT_EVERY_VALUE) {
        callback_look(c);
    } else {
        timer_set(c->opts.loop, &c->look, 0);
    }
}

bool callback_enter(struct callback *c)
{
    bool was = c->busy;
    c->busy = true;
    return was;
}

void callback_leave(struct callback *c, bool was_busy)
{
    if (was_busy) return;
    struct list *node;
    while ((node = list_pop(&c->sets))) {
        struct queued_value *next = container_of(node, struct queued_value, node);
        carry_out(c, next->value);
        mem_free(next);
    }
    c->busy = false;
    if (c->freed) {
        destroy(c);
    } else {
        drop_removed(c);
    }
}

void callback_set(struct callback *c, const void *value)
{
    if (c->freed) return; // from inside, by who does not know yet
    struct queued_value *q = mem_new(sizeof(*q));
    q->value = callback_copy(c, value);
    list_add_tail(&c->sets, &q->node);
    bool was = callback_enter(c);
    callback_leave(c, was);
}

const void *callback_value(const struct callback *c)
{
    return c->value;
}

static struct id add(struct callback *c, struct registration *take_r)
{
    list_add_tail(&c->observers, &take_r->node);
    take_r->id = idmap_add(c->ids, take_r);
    return take_r->id;
}

struct id callback_on_next(struct callback *c, observe_fn *fn, void *user)
{
    struct registration *r = mem_new(sizeof(*r));
    r->fn = fn;
    r->user = user;
    return add(c, r);
}

enum err callback_on_next_async(struct callback *c, struct observer *o, struct id *ret_id,
                                struct why *why)
{
    if (c->opts.loop && o && observer_policy(o) == STREAM_BLOCK) {
        return fail(why, ERR_USAGE, "an observer may not make the control thread wait");
    }
    struct registration *r = mem_new(sizeof(*r));
    r->observer = o;
    *ret_id = add(c, r);
    return OK;
}

bool callback_remove(struct callback *c, struct id id)
{
    struct registration *r = idmap_remove(c->ids, id);
    if (!r) return false;
    r->removed = true;
    if (!c->busy) drop_removed(c);
    return true;
}

void callback_give_room(struct callback *c, uint64_t patience_ns)
{
    list_each (node, &c->observers) {
        struct registration *r = container_of(node, struct registration, node);
        if (!r->observer || r->removed || r->no_patience) continue;
        r->no_patience = !observer_wait_room(r->observer, clock_now_ns() + patience_ns);
    }
}

struct callback_counts callback_counts(const struct callback *c)
{
    return c->counts;
}

struct callback *callback_new(const struct callback_opts *opts)
{
    struct callback *c = mem_new(sizeof(*c));
    c->opts = *opts;
    c->ids = idmap_new();
    list_init(&c->observers);
    list_init(&c->waiters);
    list_init(&c->sets);
    timer_init(&c->look, callback_on_look);
    return c;
}

void callback_free(struct callback *c)
{
    if (!c) return;
    c->freed = true;
    if (!c->busy) destroy(c);
}
