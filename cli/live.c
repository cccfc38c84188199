#include "cli/live.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

static const uint64_t REDRAW_NS = 100 * MILLI_NS;       // contract: ten times a second at most
static const uint64_t IDLE_REDRAW_NS = 1000 * MILLI_NS; // rates sink while nothing arrives
enum { NOTE_MAX_BYTES = 64 * 1024 };

/* As libc's locale would tell, without setting one: LC_ALL, LC_CTYPE, LANG (POSIX, chapter 8.2). */
static bool is_utf8_locale(void)
{
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < ARRAY_LEN(NAMES) && str_empty(locale); i++)
        locale = getenv(NAMES[i]);
    return locale && (strcasestr(locale, "UTF-8") || strcasestr(locale, "UTF8"));
}

void live_init(struct live *l, int fd, bool color, enum note_level level)
{
    *l = (struct live){.unicode = is_utf8_locale(), .level = level};
    view_init(&l->view);
    term_init(&l->term, fd, color);
    buf_init(&l->note, NOTE_MAX_BYTES);
}

void live_done(struct live *l)
{
    view_done(&l->view);
    term_done(&l->term);
    buf_done(&l->note);
}

static void draw(struct live *l, uint64_t now_ns)
{
    struct frame_size size = {.unicode = l->unicode};
    term_size(&l->term, &size);
    struct frame frame = {0};
    uint64_t run_ms = now_ns > l->skew_ns ? (now_ns - l->skew_ns) / MILLI_NS : 0;
    if (!l->over) frame_draw(&l->view, &size, run_ms, &frame);
    term_draw(&l->term, &frame, size.width);
    frame_done(&frame);
    l->changed = false;
    l->drawn_ns = now_ns;
}

static void on_event(void *user, const void *value, const struct stream_loss *loss)
{
    (void)loss;
    const struct event *e = value;
    struct live *l = user;
    uint64_t now_ns = clock_now_ns();
    if (e->type == EV_RUN_START) l->skew_ns = now_ns - e->mono_ms * MILLI_NS;
    enum line_style style = LINE_PLAIN;
    buf_reset(&l->note);
    if (note_add(&l->view, e, l->level, &l->note, &style)) {
        term_scroll(&l->term, style, buf_str(&l->note));
    }
    view_apply(&l->view, e);
    l->changed = true;
    l->over = l->over || e->type == EV_RESULT;
    if (l->over) draw(l, now_ns);
}

static uint64_t on_tick(void *user, uint64_t now_ns)
{
    struct live *l = user;
    if (l->over) return UINT64_MAX;
    uint64_t due_ns = l->drawn_ns + (l->changed ? REDRAW_NS : IDLE_REDRAW_NS);
    if (now_ns < due_ns) return due_ns;
    draw(l, now_ns);
    return now_ns + IDLE_REDRAW_NS;
}

static void interrupt(void *user)
{
    const struct live *l = user;
    line_writer_interrupt(&l->term.writer);
}

const struct observer_ops LIVE_OPS = {.value = on_event, .tick = on_tick, .interrupt = interrupt};
