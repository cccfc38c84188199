#include "download/async/stream.h"

#include <stdatomic.h>

#include "download/async/mailbox.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

struct letter {
    struct message message;
    void *value;
};

struct stream {
    struct stream_opts opts;
    struct mailbox *box;
    struct letter *prepared; // the last value, made in time; or NULL
    atomic_bool nudged;
    atomic_uint_least64_t coalesced;
    atomic_uint_least64_t dropped;
};

static void letter_free(struct message *m)
{
    struct letter *l = container_of(m, struct letter, message);
    mem_free(l->value);
    mem_free(l);
}

/* The prepared one stays until the end: whoever put it may have no memory, and frees none. */
static void letter_read(struct stream *s, struct message *m)
{
    if (container_of(m, struct letter, message) != s->prepared) letter_free(m);
}

struct stream *stream_new(const struct stream_opts *opts)
{
    struct stream *s = mem_new(sizeof(*s));
    s->opts = *opts;
    s->box = mailbox_new(&(struct mailbox_opts){.max_cost_bytes = opts->max_bytes});
    return s;
}

static void empty(struct stream *s)
{
    for (struct message *m = mailbox_take(s->box); m; m = mailbox_take(s->box)) {
        atomic_fetch_add(&s->dropped, 1);
        letter_read(s, m);
    }
}

void stream_free(struct stream *s)
{
    if (!s) return;
    empty(s);
    if (s->prepared) letter_free(&s->prepared->message);
    mailbox_free(s->box);
    mem_free(s);
}

static struct letter *letter_new(const struct stream *s, const void *value)
{
    const struct value_ops *ops = s->opts.ops;
    struct letter *l = mem_new(sizeof(*l));
    size_t bytes = 0;
    l->value = ops->copy(value, &bytes);
    bool is_last = ops->is_last && ops->is_last(value);
    l->message.cost_bytes = is_last ? 0 : bytes + sizeof(*l);
    bool coalesce = s->opts.policy == STREAM_COALESCE && ops->key;
    l->message.key = coalesce ? ops->key(value) : 0;
    return l;
}

enum stream_put stream_put(struct stream *s, const void *value)
{
    struct letter *l = letter_new(s, value);
    struct message *old = NULL;
    enum mailbox_put result = s->opts.policy == STREAM_BLOCK
                                  ? mailbox_put_wait(s->box, &l->message, UINT64_MAX)
                                  : mailbox_put(s->box, &l->message, &old);
    switch (result) {
    case PUT_OK: return STREAM_TAKEN;
    case PUT_REPLACED:
        atomic_fetch_add(&s->coalesced, 1);
        letter_free(old);
        return STREAM_REPLACED;
    case PUT_FULL:
    case PUT_CLOSED: break;
    }
    atomic_fetch_add(&s->dropped, 1);
    letter_free(&l->message);
    return result == PUT_FULL ? STREAM_DROPPED : STREAM_GONE;
}

bool stream_wait_room(struct stream *s, uint64_t deadline_ns)
{
    size_t half = s->opts.max_bytes ? s->opts.max_bytes / 2 : SIZE_MAX;
    return mailbox_wait_below(s->box, half, deadline_ns);
}

void stream_end(struct stream *s)
{
    mailbox_close(s->box);
}

void stream_prepare(struct stream *s, const void *value)
{
    s->prepared = letter_new(s, value);
    s->prepared->message.cost_bytes = 0; // has a place whatever it is,
    s->prepared->message.key = 0;        // and takes nobody else's: who puts it frees nothing
}

void *stream_prepared(struct stream *s)
{
    return s->prepared ? s->prepared->value : NULL;
}

void stream_put_prepared(struct stream *s)
{
    if (!s->prepared) return;
    bool taken = mailbox_put(s->box, &s->prepared->message, NULL) == PUT_OK;
    if (!taken) atomic_fetch_add(&s->dropped, 1); // closed: there is no reader any more
}

static enum stream_next look(struct stream *s, uint64_t deadline_ns, struct message **ret)
{
    struct message *m = deadline_ns ? mailbox_wait(s->box, deadline_ns) : mailbox_take(s->box);
    bool nudged = !m && atomic_exchange(&s->nudged, false);
    bool ended = !m && !nudged && mailbox_closed(s->box);
    if (ended) m = mailbox_take(s->box); // put just before it was ended
    if (m) *ret = m;
    return m ? STREAM_VALUE : nudged ? STREAM_NUDGED : ended ? STREAM_ENDED : STREAM_TIMEOUT;
}

enum stream_next stream_next(struct stream *s, uint64_t deadline_ns, void **ret_value)
{
    struct message *m = NULL;
    enum stream_next next = look(s, deadline_ns, &m);
    /* The box may still remember a nudge that was answered without waiting. */
    while (next == STREAM_TIMEOUT && clock_now_ns() < deadline_ns)
        next = look(s, deadline_ns, &m);
    if (next != STREAM_VALUE) return next;
    *ret_value = TAKE(container_of(m, struct letter, message)->value);
    letter_read(s, m);
    return STREAM_VALUE;
}

void stream_close(struct stream *s)
{
    mailbox_close(s->box);
    empty(s);
}

void stream_nudge(struct stream *s)
{
    atomic_store(&s->nudged, true);
    mailbox_nudge(s->box);
}

struct stream_loss stream_loss(const struct stream *s)
{
    return (struct stream_loss){atomic_load(&s->coalesced), atomic_load(&s->dropped)};
}
