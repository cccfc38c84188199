#include "cli/observer.h"

#include <pthread.h>
#include <stdatomic.h>

#include "download/async/mailbox.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

static const unsigned KEY_PROGRESS = 1;
static const uint64_t INTERRUPTED_WAIT_NS = 500 * MILLI_NS; // of taste: to leave one system call

struct letter {
    struct message message;
    struct event *event;
};

struct observer {
    const struct observer_ops *ops;
    struct letter *prepared; // the last event, made in time; or NULL
    void *user;
    struct mailbox *box;
    struct mailbox *over; // empty for ever; closed when the thread has nothing more to do
    pthread_t thread;
    atomic_uint_least64_t coalesced; // written by the control thread
    atomic_uint_least64_t dropped;
};

static void letter_free(struct message *m)
{
    if (!m) return;
    struct letter *l = container_of(m, struct letter, message);
    mem_free(l->event);
    mem_free(l);
}

static void handle(struct observer *o, struct message *m)
{
    struct observer_loss loss = {atomic_load(&o->coalesced), atomic_load(&o->dropped)};
    o->ops->event(o->user, container_of(m, struct letter, message)->event, &loss);
    letter_free(m);
}

static uint64_t tick(struct observer *o)
{
    return o->ops->tick ? o->ops->tick(o->user, clock_now_ns()) : UINT64_MAX;
}

static void *observe(void *user)
{
    struct observer *o = user;
    uint64_t due_ns = tick(o);
    while (!mailbox_closed(o->box)) {
        struct message *m = mailbox_wait(o->box, due_ns);
        if (m) handle(o, m);
        due_ns = tick(o);
    }
    for (struct message *m = mailbox_take(o->box); m; m = mailbox_take(o->box))
        handle(o, m);
    mailbox_close(o->over);
    return NULL;
}

static void observer_free(struct observer *o)
{
    if (o->prepared) letter_free(&o->prepared->message);
    mailbox_free(o->box);
    mailbox_free(o->over);
    mem_free(o);
}

struct observer *observer_start(const struct observer_ops *ops, void *user, size_t box_bytes)
{
    struct observer *o = mem_new(sizeof(*o));
    o->ops = ops;
    o->user = user;
    o->box = mailbox_new(&(struct mailbox_opts){.max_cost_bytes = box_bytes});
    o->over = mailbox_new(&(struct mailbox_opts){.max_cost_bytes = 0});
    if (pthread_create(&o->thread, NULL, observe, o) != 0) {
        observer_free(o);
        return NULL;
    }
    return o;
}

static struct letter *letter_new(const struct event *e)
{
    struct letter *l = mem_new(sizeof(*l));
    size_t bytes = 0;
    l->event = event_copy(e, &bytes);
    l->message.cost_bytes = e->type == EV_RESULT ? 0 : bytes + sizeof(*l);
    l->message.key = e->type == EV_PROGRESS ? KEY_PROGRESS : 0;
    return l;
}

void observer_tell(struct observer *o, const struct event *e)
{
    struct letter *l = letter_new(e);
    struct message *old = NULL;
    switch (mailbox_put(o->box, &l->message, &old)) {
    case PUT_OK: break;
    case PUT_REPLACED:
        atomic_fetch_add(&o->coalesced, 1);
        letter_free(old);
        break;
    case PUT_FULL:
    case PUT_CLOSED:
        atomic_fetch_add(&o->dropped, 1);
        letter_free(&l->message);
        break;
    }
}

static bool is_over(struct observer *o, uint64_t deadline_ns)
{
    struct message *none = mailbox_wait(o->over, deadline_ns);
    (void)none;
    return mailbox_closed(o->over);
}

static bool ended(struct observer *o, uint64_t deadline_ns)
{
    mailbox_close(o->box);
    if (is_over(o, deadline_ns)) return true;
    if (o->ops->interrupt) o->ops->interrupt(o->user);
    return is_over(o, clock_now_ns() + INTERRUPTED_WAIT_NS);
}

bool observer_stop(struct observer *take_o, uint64_t deadline_ns)
{
    if (!take_o) return true;
    if (!ended(take_o, deadline_ns)) return false;
    pthread_join(take_o->thread, NULL);
    observer_free(take_o);
    return true;
}

void observer_prepare(struct observer *o, const struct event *e)
{
    o->prepared = letter_new(e);
}

struct event *observer_prepared(struct observer *o)
{
    return o->prepared ? o->prepared->event : NULL;
}

void observer_tell_prepared(struct observer *o, uint64_t deadline_ns)
{
    if (!o->prepared) return;
    struct message *old = NULL;
    mailbox_put(o->box, &o->prepared->message, &old); // closed: the run was over anyway
    ended(o, deadline_ns);
}
