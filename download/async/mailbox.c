#include "download/async/mailbox.h"

#include <pthread.h>
#include <time.h>

#include "download/base/clock.h"
#include "download/base/mem.h"

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed; // CLOCK_MONOTONIC: put, taken, close, nudge
    struct mailbox_opts opts;
    struct list messages;
    size_t cost_bytes;
    bool closed;
    bool nudged;
};

struct mailbox *mailbox_new(const struct mailbox_opts *opts)
{
    struct mailbox *m = mem_new(sizeof(*m));
    m->opts = *opts;
    list_init(&m->messages);
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &attr);
    pthread_condattr_destroy(&attr);
    return m;
}

void mailbox_free(struct mailbox *m)
{
    if (!m) return;
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    mem_free(m);
}

static struct message *find_key_locked(struct mailbox *m, unsigned key)
{
    if (!key) return NULL;
    list_each (node, &m->messages) {
        struct message *it = container_of(node, struct message, node);
        if (it->key == key) return it;
    }
    return NULL;
}

/* The newer one goes to the end: an event must not overtake those emitted before it. */
static enum mailbox_put put_locked(struct mailbox *m, struct message *take_m,
                                   struct message **ret_old)
{
    if (m->closed) return PUT_CLOSED;
    struct message *old = ret_old ? find_key_locked(m, take_m->key) : NULL;
    size_t limit = m->opts.max_cost_bytes;
    if (!old && limit && take_m->cost_bytes && m->cost_bytes + take_m->cost_bytes > limit) {
        return PUT_FULL;
    }
    if (old) {
        list_remove(&old->node);
        m->cost_bytes -= old->cost_bytes;
        *ret_old = old;
    }
    list_add_tail(&m->messages, &take_m->node);
    m->cost_bytes += take_m->cost_bytes;
    return old ? PUT_REPLACED : PUT_OK;
}

/* After a put: unlocks, and wakes the taker where it is due. */
static void unlock_and_wake(struct mailbox *m, bool was_empty, enum mailbox_put result)
{
    if (result == PUT_OK || result == PUT_REPLACED) pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    if (was_empty && result == PUT_OK && m->opts.wake) m->opts.wake(m->opts.wake_user);
}

enum mailbox_put mailbox_put(struct mailbox *m, struct message *take_m, struct message **ret_old)
{
    pthread_mutex_lock(&m->lock);
    bool was_empty = list_empty(&m->messages);
    enum mailbox_put result = put_locked(m, take_m, ret_old);
    unlock_and_wake(m, was_empty, result);
    return result;
}

static struct message *take_locked(struct mailbox *m)
{
    struct list *node = list_pop(&m->messages);
    if (!node) return NULL;
    struct message *message = container_of(node, struct message, node);
    m->cost_bytes -= message->cost_bytes;
    pthread_cond_broadcast(&m->changed); // there is room, and it may be empty
    return message;
}

struct message *mailbox_take(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    struct message *message = take_locked(m);
    pthread_mutex_unlock(&m->lock);
    return message;
}

/* False when the deadline has passed. */
static bool wait_locked(struct mailbox *m, uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX) return pthread_cond_wait(&m->changed, &m->lock) == 0;
    struct timespec until = {.tv_sec = (time_t)(deadline_ns / SECOND_NS),
                             .tv_nsec = (long)(deadline_ns % SECOND_NS)};
    return pthread_cond_timedwait(&m->changed, &m->lock, &until) == 0;
}

enum mailbox_put mailbox_put_wait(struct mailbox *m, struct message *take_m, uint64_t deadline_ns)
{
    pthread_mutex_lock(&m->lock);
    bool was_empty = list_empty(&m->messages);
    enum mailbox_put result = put_locked(m, take_m, NULL);
    bool in_time = true;
    while (result == PUT_FULL && in_time) {
        size_t cost = take_m->cost_bytes;
        was_empty = list_empty(&m->messages);
        if (was_empty)
            take_m->cost_bytes = 0; // larger than the box: it may be in it alone
        else
            in_time = wait_locked(m, deadline_ns);
        result = put_locked(m, take_m, NULL);
        if (result != PUT_OK) take_m->cost_bytes = cost;
    }
    unlock_and_wake(m, was_empty, result);
    return result;
}

struct message *mailbox_wait(struct mailbox *m, uint64_t deadline_ns)
{
    pthread_mutex_lock(&m->lock);
    struct message *message = take_locked(m);
    while (!message && !m->closed && !m->nudged && wait_locked(m, deadline_ns))
        message = take_locked(m);
    if (!message) message = take_locked(m);
    if (!message) m->nudged = false;
    pthread_mutex_unlock(&m->lock);
    return message;
}

void mailbox_nudge(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->nudged = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->closed = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    if (m->opts.wake) m->opts.wake(m->opts.wake_user);
}

bool mailbox_closed(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool closed = m->closed;
    pthread_mutex_unlock(&m->lock);
    return closed;
}

bool mailbox_wait_below(struct mailbox *m, size_t cost_bytes, uint64_t deadline_ns)
{
    pthread_mutex_lock(&m->lock);
    bool in_time = true;
    while (m->cost_bytes > cost_bytes && !m->closed && in_time)
        in_time = wait_locked(m, deadline_ns);
    bool below = m->cost_bytes <= cost_bytes;
    pthread_mutex_unlock(&m->lock);
    return below;
}

bool mailbox_drained(struct mailbox *m, uint64_t deadline_ns)
{
    pthread_mutex_lock(&m->lock);
    while (!list_empty(&m->messages) && wait_locked(m, deadline_ns))
        continue;
    bool empty = list_empty(&m->messages);
    pthread_mutex_unlock(&m->lock);
    return empty;
}
