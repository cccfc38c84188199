#include "cli/jsonl_stream.h"

#include <errno.h>
#include <unistd.h>

#include "cli/fds.h"
#include "cli/jsonl.h"

void jsonl_stream_init(struct jsonl_stream *s, int fd, const char *run, jsonl_broken_fn *on_broken,
                       void *user)
{
    *s = (struct jsonl_stream){.run = run, .on_broken = on_broken, .user = user};
    line_writer_init(&s->writer, fd);
    buf_init(&s->line, JSONL_MAX_BYTES);
    for (size_t i = 0; i < JSONL_MAX_BYTES; i++)
        buf_addc(&s->line, ' '); // grown now: the last line may come when memory is out
}

void jsonl_stream_wait_for(struct jsonl_stream *s, const char *fifo)
{
    s->fifo = fifo;
}

void jsonl_stream_done(struct jsonl_stream *s)
{
    if (s->fifo && s->writer.fd >= 0) close(s->writer.fd);
    line_writer_done(&s->writer);
    buf_done(&s->line);
}

static void on_event(void *user, const void *value, const struct stream_loss *loss)
{
    struct jsonl_stream *s = user;
    const struct event *e = value;
    if (s->writer.error) return;
    if (s->writer.fd < 0) s->writer.fd = fds_open_fifo(s->fifo);
    if (s->writer.fd < 0) s->writer.error = errno;
    buf_reset(&s->line);
    jsonl_encode(e, &(struct jsonl_head){s->seq + 1, s->run, *loss, s->why_slow}, &s->line);
    if (line_writer_put(&s->writer, s->line.data, s->line.len)) {
        s->seq++;
    } else if (s->writer.error != ECANCELED) {
        s->on_broken(s->user, s->writer.error);
    }
}

static void interrupt(void *user)
{
    const struct jsonl_stream *s = user;
    line_writer_interrupt(&s->writer);
    if (s->fifo) fds_end_wait(s->fifo);
}

const struct observer_ops JSONL_STREAM_OPS = {.value = on_event, .interrupt = interrupt};
