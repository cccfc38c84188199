#include "cli/plain.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

void plain_init(struct plain *p, int fd, enum note_level level)
{
    *p = (struct plain){.level = level};
    view_init(&p->view);
    line_writer_init(&p->writer, fd);
    buf_init(&p->line, LINE_MAX_BYTES);
}

void plain_done(struct plain *p)
{
    view_done(&p->view);
    line_writer_done(&p->writer);
    buf_done(&p->line);
}

static void put(struct plain *p)
{
    buf_addc(&p->line, '\n');
    line_writer_put(&p->writer, p->line.data, p->line.len);
}

static void progress(struct plain *p, uint64_t now_ms)
{
    if (p->level < NOTE_ALL || now_ms - p->progress_ms < PLAIN_PROGRESS_MS) return;
    p->progress_ms = now_ms;
    buf_reset(&p->line);
    frame_total_text(&p->view, now_ms, &p->line);
    put(p);
}

static void put_tasks(struct plain *p, const struct event_tasks *e)
{
    for (size_t i = 0; i < e->count; i++) {
        buf_reset(&p->line);
        note_task(&e->rows[i], &p->line);
        put(p);
    }
    for (size_t i = 0; i < EVENT_RESOURCES; i++) {
        buf_reset(&p->line);
        note_resource(&e->resources[i], &p->line);
        put(p);
    }
    buf_reset(&p->line);
}

static void on_event(void *user, const void *value, const struct stream_loss *loss)
{
    (void)loss;
    const struct event *e = value;
    struct plain *p = user;
    enum line_style style = LINE_PLAIN;
    buf_reset(&p->line);
    if (e->type == EV_TASKS) put_tasks(p, &e->u.tasks);
    if (note_add(&p->view, e, p->level, &p->line, &style)) put(p);
    view_apply(&p->view, e);
    if (e->type == EV_PROGRESS) progress(p, e->mono_ms);
}

static void interrupt(void *user)
{
    const struct plain *p = user;
    line_writer_interrupt(&p->writer);
}

const struct observer_ops PLAIN_OPS = {.value = on_event, .interrupt = interrupt};
