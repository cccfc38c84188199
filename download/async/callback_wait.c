#include <assert.h>

#include "download/async/callback_private.h"
#include "download/base/mem.h"

struct question {
    struct list node;      // among those not asked yet
    struct waiter *waiter; // NULL: decided meanwhile
    void *value;
};

static void question_free(struct question *q)
{
    mem_free(q->value);
    mem_free(q);
}

static void drop_questions(struct waiter *w)
{
    struct list *node;
    while ((node = list_pop(&w->queued)))
        question_free(container_of(node, struct question, node));
    if (w->asked) w->asked->waiter = NULL; // freed by its answer
    w->asked = NULL;
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
    struct loop *loop = w->callback->opts.loop;
    list_remove(&w->node);
    drop_questions(w);
    w->callback = NULL;
    w->status = status;
    w->met = take_met;
    w->timeout.fire = tell;
    timer_set(loop, &w->timeout, 0);
}

/* ---- conditions that find out elsewhere ---- */

/* One at a time. An answer from inside returns to this loop, however many are queued. */
static void ask_queued(struct waiter *w)
{
    if (w->asking) return;
    w->asking = true;
    struct list *node;
    while (!w->asked && (node = list_pop(&w->queued))) {
        struct question *q = container_of(node, struct question, node);
        w->asked = q;
        w->check_async(w->user, q->value, q);
    }
    w->asking = false;
}

static void ask(struct waiter *w, const void *value)
{
    struct callback *c = w->callback;
    if (c->opts.mode == WAIT_LAST_VALUE && !list_empty(&w->queued)) {
        question_free(container_of(list_pop(&w->queued), struct question, node));
    }
    struct question *q = mem_new(sizeof(*q));
    q->waiter = w;
    q->value = callback_copy(c, value);
    list_add_tail(&w->queued, &q->node);
    ask_queued(w);
}

void callback_answer(struct question *take_q, bool met)
{
    struct waiter *w = take_q->waiter;
    if (w) w->asked = NULL;
    if (w && met) decide(w, WAIT_MET, TAKE(take_q->value));
    question_free(take_q);
    if (!w || met) return;
    struct callback *c = w->callback;
    bool was = callback_enter(c);
    ask_queued(w);
    callback_leave(c, was);
}

/* ---- looking ---- */

static void look_at(struct waiter *w, const void *value)
{
    struct callback *c = w->callback;
    w->looked = c->counts.sets;
    if (w->check_async) {
        ask(w, value);
        return;
    }
    bool met = w->check(w->user, value);
    if (met && w->callback)
        decide(w, WAIT_MET, callback_copy(c, value)); // else it cancelled itself
}

static struct waiter *next_to_look(const struct callback *c)
{
    list_each (node, &c->waiters) {
        struct waiter *w = container_of(node, struct waiter, node);
        if (w->looked != c->counts.sets) return w;
    }
    return NULL;
}

/* Conditions may add and cancel: so it starts from the front after each. */
void callback_look(struct callback *c)
{
    for (struct waiter *w = next_to_look(c); w; w = next_to_look(c))
        look_at(w, c->value);
}

void callback_on_look(struct timer *t)
{
    struct callback *c = container_of(t, struct callback, look);
    bool was = callback_enter(c);
    callback_look(c);
    callback_leave(c, was);
}

/* ---- waiting ---- */

/* What was set in this turn would be shown in the next. */
static void on_timeout(struct timer *t)
{
    struct waiter *w = container_of(t, struct waiter, timeout);
    struct callback *c = w->callback;
    bool was = callback_enter(c);
    if (w->looked != c->counts.sets) look_at(w, c->value);
    if (w->callback) decide(w, c->value ? WAIT_NOT_MET : WAIT_NEVER_SET, NULL);
    callback_leave(c, was);
}

enum err callback_wait(struct callback *c, struct waiter *w, uint64_t timeout_ns, struct why *why)
{
    assert(!w->check != !w->check_async);
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
    bool was = callback_enter(c);
    look_at(w, c->value);
    callback_leave(c, was);
    return OK;
}

void callback_cancel_wait(struct waiter *w)
{
    if (w->callback) decide(w, WAIT_CANCELLED, NULL);
}

void callback_leave_waiters(struct callback *c)
{
    list_each_safe (node, &c->waiters)
        decide(container_of(node, struct waiter, node), WAIT_GONE, NULL);
}
