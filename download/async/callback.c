#include "download/async/callback.h"

#include <assert.h>

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

struct queued_value {
    struct list node;
    void *value;
};

struct callback {
    struct callback_opts opts;
    void *value; // the last; NULL: never set
    struct list observers;
    struct idmap *ids;
    struct list waiters;
    struct list sets; // values not carried out yet
    struct callback_counts counts;
    struct timer look; // last-value mode: waiters look at the value in the next turn
    bool busy;         // others' code runs from inside: sets, removals and the end wait
    bool freed;
};

static void *copy(const struct callback *c, const void *value)
{
    size_t bytes = 0;
    return c->opts.values->copy(value, &bytes);
}

/* ---- waiters ---- */

static void drop_questions(struct waiter *w)
{
    struct list *node;
    while ((node = list_pop(&w->queued))) {
        struct queued_value *q = container_of(node, struct queued_value, node);
        mem_free(q->value);
        mem_free(q);
    }
    mem_free(TAKE(w->asked));
    w->asking = false;
}

static void tell(struct timer *t)
{
    struct waiter *w = container_of(t, struct waiter, timeout);
    void *met = TAKE(w->met);
    w->done(w, w->status, met);
    mem_free(met);
}

/* Decided; `done` comes from the loop. */
static void decide(struct waiter *w, enum wait_status status, void *take_met)
{
    struct callback *c = w->callback;
    list_remove(&w->node);
    drop_questions(w);
    w->callback = NULL;
    w->status = status;
    w->met = take_met;
    w->timeout.fire = tell;
    timer_set(c->opts.loop, &w->timeout, 0);
}

static void ask(struct waiter *w, const void *value);

static void look_at(struct waiter *w, const void *value)
{
    struct callback *c = w->callback;
    if (w->check_async) {
        ask(w, value);
        return;
    }
    bool met = w->check(w->user, value);
    if (met && w->callback) decide(w, WAIT_MET, copy(c, value)); // else it cancelled itself
}

static void ask(struct waiter *w, const void *value)
{
    struct callback *c = w->callback;
    if (!w->asking) {
        w->asking = true;
        w->asked = copy(c, value);
        w->check_async(w->user, w->asked, w);
        return;
    }
    bool keep_all = c->opts.mode == WAIT_EVERY_VALUE;
    if (!keep_all && !list_empty(&w->queued)) {
        struct queued_value *q = container_of(w->queued.next, struct queued_value, node);
        mem_free(q->value);
        q->value = copy(c, value);
        return;
    }
    struct queued_value *q = mem_new(sizeof(*q));
    q->value = copy(c, value);
    list_add_tail(&w->queued, &q->node);
}

/* Others' code runs between these. */
static bool enter(struct callback *c)
{
    bool was = c->busy;
    c->busy = true;
    return was;
}

static void leave(struct callback *c, bool was_busy);

static void ask_next(struct waiter *w)
{
    struct list *node = list_pop(&w->queued);
    if (!node) return;
    struct queued_value *q = container_of(node, struct queued_value, node);
    w->asking = true;
    w->asked = q->value;
    mem_free(q);
    w->check_async(w->user, w->asked, w);
}

void callback_answer(struct waiter *w, bool met)
{
    struct callback *c = w->callback;
    if (!c || !w->asking) return; // decided meanwhile
    void *asked = TAKE(w->asked);
    w->asking = false;
    if (met) {
        decide(w, WAIT_MET, asked);
        return;
    }
    mem_free(asked);
    bool was = enter(c);
    ask_next(w);
    leave(c, was);
}

static void on_timeout(struct timer *t)
{
    struct waiter *w = container_of(t, struct waiter, timeout);
    decide(w, w->callback->value ? WAIT_NOT_MET : WAIT_NEVER_SET, NULL);
}

enum err callback_wait(struct callback *c, struct waiter *w, uint64_t timeout_ns, struct why *why)
{
    if (!c->opts.loop) return fail(why, ERR_USAGE, "nobody can wait where no loop runs");
    w->callback = c;
    w->met = NULL;
    w->asked = NULL;
    w->asking = false;
    list_init(&w->queued);
    timer_init(&w->timeout, on_timeout);
    list_add_tail(&c->waiters, &w->node);
    uint64_t now = loop_now_ns(c->opts.loop);
    if (timeout_ns < UINT64_MAX - now) timer_set(c->opts.loop, &w->timeout, now + timeout_ns);
    w->looked = c->counts.sets;
    if (!c->value) return OK;
    bool was = enter(c);
    look_at(w, c->value);
    leave(c, was);
    return OK;
}

void callback_cancel_wait(struct waiter *w)
{
    if (w->callback) decide(w, WAIT_CANCELLED, NULL);
}

static struct waiter *next_to_look(const struct callback *c)
{
    list_each (node, &c->waiters) {
        struct waiter *w = container_of(node, struct waiter, node);
        if (w->looked != c->counts.sets) return w;
    }
    return NULL;
}

/* Conditions may add, cancel and free: so it starts from the front after each. */
static void look(struct callback *c)
{
    for (struct waiter *w = next_to_look(c); w && !c->freed; w = next_to_look(c)) {
        w->looked = c->counts.sets;
        look_at(w, c->value);
    }
}

static void on_look(struct timer *t)
{
    struct callback *c = container_of(t, struct callback, look);
    bool was = enter(c);
    look(c);
    leave(c, was);
}

/* ---- observers ---- */

static void report(struct callback *c, enum err e, const struct why *why)
{
    if (c->opts.on_failure) c->opts.on_failure(c->opts.user, e, why);
}

static void tell_observer(struct callback *c, struct registration *r, const void *value)
{
    struct why why = {""};
    if (r->fn) {
        enum err e = r->fn(r->user, value, &why);
        if (!e) return;
        c->counts.failed++;
        report(c, e, &why);
        return;
    }
    if (r->observer && observer_tell(r->observer, value) != STREAM_GONE) return;
    c->counts.skipped++;
    if (r->skip_told) return;
    r->skip_told = true;
    report(c, fail(&why, ERR_USAGE, "an observer that does not run is skipped"), &why);
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
    list_each_safe (node, &c->waiters)
        decide(container_of(node, struct waiter, node), WAIT_GONE, NULL);
    struct list *node;
    while ((node = list_pop(&c->observers)))
        mem_free(container_of(node, struct registration, node));
    while ((node = list_pop(&c->sets))) {
        struct queued_value *q = container_of(node, struct queued_value, node);
        mem_free(q->value);
        mem_free(q);
    }
    timer_cancel(&c->look);
    idmap_free(c->ids);
    mem_free(c->value);
    mem_free(c);
}

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
    if (c->freed || list_empty(&c->waiters)) return;
    if (c->opts.mode == WAIT_EVERY_VALUE) {
        look(c);
    } else {
        timer_set(c->opts.loop, &c->look, 0);
    }
}

static void leave(struct callback *c, bool was_busy)
{
    if (was_busy) return;
    struct list *node;
    while (!c->freed && (node = list_pop(&c->sets))) {
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
    struct queued_value *q = mem_new(sizeof(*q));
    q->value = copy(c, value);
    list_add_tail(&c->sets, &q->node);
    bool was = enter(c);
    leave(c, was);
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
    timer_init(&c->look, on_look);
    return c;
}

void callback_free(struct callback *c)
{
    if (!c) return;
    c->freed = true;
    if (!c->busy) destroy(c);
}
