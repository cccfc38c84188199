#include "download/async/remote.h"

#include <semaphore.h>

#include "download/base/mem.h"

/* A message to the loop whose sender waits until it has been dealt with; lives on the sender's
 * stack. A semaphore, since its waiter may destroy it the moment that it wakes (sem_post(3p)). */
struct errand {
    struct post post;
    sem_t done;
};

static bool send_and_wait(struct loop *l, struct errand *e, post_fn *deliver)
{
    e->post.deliver = deliver;
    sem_init(&e->done, 0, 0);
    bool sent = loop_post(l, &e->post);
    while (sent && sem_wait(&e->done) != 0)
        continue; // EINTR
    sem_destroy(&e->done);
    return sent;
}

/* ---- a call ---- */

struct remote_errand {
    struct errand errand;
    void (*fn)(void *user);
    void *user;
};

static void on_call(struct post *p)
{
    struct remote_errand *r =
        container_of(container_of(p, struct errand, post), struct remote_errand, errand);
    r->fn(r->user);
    sem_post(&r->errand.done);
}

bool remote_call(struct loop *l, void (*fn)(void *user), void *user)
{
    struct remote_errand r = {.fn = fn, .user = user};
    return send_and_wait(l, &r.errand, on_call);
}

/* ---- a wait ---- */

struct wait_errand {
    struct errand errand;
    struct callback_system *system; // NULL once it was asked: it may go before the answer comes
    const struct value_ops *values;
    const struct remote_wait *what;
    struct waiter waiter;
    enum wait_status status;
    void *value;
};

static void on_waited(struct waiter *w, enum wait_status status, const void *value)
{
    struct wait_errand *r = container_of(w, struct wait_errand, waiter);
    size_t bytes = 0;
    r->status = status;
    if (value) r->value = r->values->copy(value, &bytes);
    sem_post(&r->errand.done);
}

static void on_wait(struct post *p)
{
    struct wait_errand *r =
        container_of(container_of(p, struct errand, post), struct wait_errand, errand);
    struct callback *c = callback_system_register(TAKE(r->system), r->what->name);
    r->waiter = (struct waiter){.check = r->what->check, .user = r->what->user, .done = on_waited};
    struct why why;
    if (callback_wait(c, &r->waiter, r->what->timeout_ns, &why)) sem_post(&r->errand.done);
}

enum wait_status remote_wait(struct loop *l, struct callback_system *s,
                             const struct remote_wait *what, void **ret_value)
{
    struct wait_errand r = {
        .system = s, .values = callback_system_values(s), .what = what, .status = WAIT_GONE};
    if (!send_and_wait(l, &r.errand, on_wait)) return WAIT_GONE;
    if (r.status == WAIT_MET) *ret_value = r.value;
    return r.status;
}

/* ---- a trigger ---- */

struct trigger {
    struct post post;
    struct callback_system *system;
    char *name;
    void *value;
};

static void trigger_free(struct trigger *t)
{
    mem_free(t->name);
    mem_free(t->value);
    mem_free(t);
}

static void on_trigger(struct post *p)
{
    struct trigger *t = container_of(p, struct trigger, post);
    callback_system_trigger(t->system, t->name, t->value);
    trigger_free(t);
}

bool remote_trigger(struct loop *l, struct callback_system *s, const char *name, const void *value)
{
    struct trigger *t = mem_new(sizeof(*t));
    size_t bytes = 0;
    *t = (struct trigger){.post = {.deliver = on_trigger},
                          .system = s,
                          .name = mem_strdup(name),
                          .value = callback_system_values(s)->copy(value, &bytes)};
    bool sent = loop_post(l, &t->post);
    if (!sent) trigger_free(t);
    return sent;
}
