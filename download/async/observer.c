#include "download/async/observer.h"

#include <pthread.h>

#include "download/async/mailbox.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

static const uint64_t INTERRUPTED_WAIT_NS = 500 * MILLI_NS; // of taste: to leave one system call

struct observer {
    struct observer_opts opts;
    struct stream *stream;
    struct mailbox *over; // empty for ever; closed when the thread has nothing more to do
    pthread_t thread;
};

static uint64_t tick(const struct observer *o)
{
    return o->opts.ops->tick ? o->opts.ops->tick(o->opts.user, clock_now_ns()) : UINT64_MAX;
}

static void *observe(void *user)
{
    struct observer *o = user;
    uint64_t due_ns = tick(o);
    for (;;) {
        void *value = NULL;
        enum stream_next next = stream_next(o->stream, due_ns, &value);
        if (next == STREAM_ENDED) break;
        if (next == STREAM_VALUE) {
            struct stream_loss loss = stream_loss(o->stream);
            o->opts.ops->value(o->opts.user, value, &loss);
            mem_free(value);
        }
        due_ns = tick(o);
    }
    mailbox_close(o->over);
    return NULL;
}

struct observer *observer_start(const struct observer_opts *opts)
{
    struct observer *o = mem_new(sizeof(*o));
    o->opts = *opts;
    o->stream = stream_new(&opts->stream);
    o->over = mailbox_new(&(struct mailbox_opts){.max_cost_bytes = 0});
    if (pthread_create(&o->thread, NULL, observe, o) == 0) return o;
    stream_free(o->stream);
    mailbox_free(o->over);
    mem_free(o);
    return NULL;
}

enum stream_policy observer_policy(const struct observer *o)
{
    return o->opts.stream.policy;
}

enum stream_put observer_tell(struct observer *o, const void *value)
{
    return stream_put(o->stream, value);
}

bool observer_wait_room(struct observer *o, uint64_t deadline_ns)
{
    return stream_wait_room(o->stream, deadline_ns);
}

void observer_nudge(struct observer *o)
{
    stream_nudge(o->stream);
}

void observer_prepare(struct observer *o, const void *value)
{
    stream_prepare(o->stream, value);
}

void *observer_prepared(struct observer *o)
{
    return stream_prepared(o->stream);
}

static bool is_over(struct observer *o, uint64_t deadline_ns)
{
    struct message *none = mailbox_wait(o->over, deadline_ns);
    (void)none;
    return mailbox_closed(o->over);
}

static bool wait_for_end(struct observer *o, uint64_t deadline_ns)
{
    stream_end(o->stream);
    if (is_over(o, deadline_ns)) return true;
    if (o->opts.ops->interrupt) o->opts.ops->interrupt(o->opts.user);
    return is_over(o, clock_now_ns() + INTERRUPTED_WAIT_NS);
}

void observer_tell_prepared(struct observer *o, uint64_t deadline_ns)
{
    if (!stream_prepared(o->stream)) return;
    stream_put_prepared(o->stream);
    wait_for_end(o, deadline_ns);
}

bool observer_end(struct observer *o, uint64_t deadline_ns)
{
    return wait_for_end(o, deadline_ns);
}

void observer_free(struct observer *o)
{
    if (!o) return;
    pthread_join(o->thread, NULL);
    stream_free(o->stream);
    mailbox_free(o->over);
    mem_free(o);
}
