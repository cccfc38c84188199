#include "cli/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

static const uint64_t REDRAW_NS = 100 * MILLI_NS;       // contract: ten times a second at most
static const uint64_t IDLE_REDRAW_NS = 1000 * MILLI_NS; // rates sink while nothing arrives
static const uint64_t REST_WAIT_NS = 500 * MILLI_NS;
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
    sem_init(&l->at_rest, 0, 0);
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
    bool shown = !l->over && !atomic_load(&l->resting) && term_in_front(&l->term);
    if (shown) frame_draw(&l->view, &size, run_ms, &frame);
    term_draw(&l->term, &frame, size.width);
    frame_done(&frame);
    l->changed = false;
    l->drawn_ns = now_ns;
}

static void scroll_tasks(struct live *l, const struct event_tasks *e)
{
    for (size_t i = 0; i < e->count; i++) {
        buf_reset(&l->note);
        note_task(&e->rows[i], &l->note);
        term_scroll(&l->term, LINE_PLAIN, buf_str(&l->note));
    }
    for (size_t i = 0; i < EVENT_RESOURCES; i++) {
        buf_reset(&l->note);
        note_resource(&e->resources[i], &l->note);
        term_scroll(&l->term, LINE_PLAIN, buf_str(&l->note));
    }
    buf_reset(&l->note);
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
    if (e->type == EV_TASKS) scroll_tasks(l, &e->u.tasks);
    if (note_add(&l->view, e, l->level, &l->note, &style)) {
        term_scroll(&l->term, style, buf_str(&l->note));
    }
    view_apply(&l->view, e);
    l->changed = true;
    l->over = l->over || e->type == EV_RESULT;
    if (l->over) draw(l, now_ns);
}

static uint64_t rest(struct live *l, uint64_t now_ns)
{
    draw(l, now_ns);
    sem_post(&l->at_rest);
    return UINT64_MAX;
}

static uint64_t on_tick(void *user, uint64_t now_ns)
{
    struct live *l = user;
    if (atomic_load(&l->resting)) return rest(l, now_ns);
    if (l->over) return UINT64_MAX;
    if (atomic_exchange(&l->redraw, false)) draw(l, now_ns);
    uint64_t due_ns = l->drawn_ns + (l->changed ? REDRAW_NS : IDLE_REDRAW_NS);
    if (now_ns < due_ns) return due_ns;
    draw(l, now_ns);
    return now_ns + IDLE_REDRAW_NS;
}

void live_rest(struct live *l)
{
    while (sem_trywait(&l->at_rest) == 0)
        continue; // of an earlier rest that was not waited for
    atomic_store(&l->resting, true);
}

void live_wait_for_rest(struct live *l)
{
    uint64_t until_ns = clock_now_ns() + REST_WAIT_NS;
    struct timespec until = {.tv_sec = (time_t)(until_ns / SECOND_NS),
                             .tv_nsec = (long)(until_ns % SECOND_NS)};
    while (sem_clockwait(&l->at_rest, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
        continue;
}

void live_redraw(struct live *l)
{
    atomic_store(&l->resting, false);
    atomic_store(&l->redraw, true);
}

static void interrupt(void *user)
{
    const struct live *l = user;
    line_writer_interrupt(&l->term.writer);
}

const struct observer_ops LIVE_OPS = {.value = on_event, .tick = on_tick, .interrupt = interrupt};
