#include "download/event_stream.h"

#include "download/base/clock.h"
#include "download/base/mem.h"

struct event_stream {
    struct stream *stream;
    struct callback *callback; // control thread
    struct id registration;
};

static enum err on_event(void *user, const void *value, struct why *why)
{
    struct event_stream *s = user;
    const struct event *e = value;
    (void)why;                // what is lost is counted, and no failure
    stream_put(s->stream, e); // never waits
    if (e->type == EV_RESULT) stream_end(s->stream);
    return OK;
}

struct event_stream *event_stream_open(struct download *d, size_t max_bytes)
{
    struct event_stream *s = mem_new(sizeof(*s));
    s->stream = stream_new(&(struct stream_opts){
        .ops = &EVENT_VALUES, .policy = STREAM_COALESCE, .max_bytes = max_bytes});
    s->callback = callback_system_register(download_events(d), CALLBACK_EVENT);
    s->registration = callback_on_next(s->callback, on_event, s);
    return s;
}

enum stream_next event_stream_next(struct event_stream *s, uint64_t timeout_ns, struct event **ret)
{
    uint64_t deadline_ns = timeout_ns;
    if (timeout_ns && timeout_ns != UINT64_MAX) deadline_ns = clock_now_ns() + timeout_ns;
    void *value = NULL;
    enum stream_next next = stream_next(s->stream, deadline_ns, &value);
    if (next == STREAM_VALUE) *ret = value;
    return next;
}

struct stream_loss event_stream_loss(const struct event_stream *s)
{
    return stream_loss(s->stream);
}

void event_stream_close(struct event_stream *s)
{
    stream_close(s->stream);
}

void event_stream_free(struct event_stream *s)
{
    if (!s) return;
    callback_remove(s->callback, s->registration);
    stream_free(s->stream);
    mem_free(s);
}
