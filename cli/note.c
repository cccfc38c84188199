#include "cli/note.h"

#include <inttypes.h>
#include <string.h>

#include "cli/fmt.h"
#include "download/base/clean.h"
#include "download/base/str.h"

static void add_clean(struct buf *b, const char *s)
{
    if (s) clean_add(b, s, strlen(s));
}

static void add_plan(struct buf *b, const struct view *v, const struct event_plan *e)
{
    enum { SHORT_COMMIT = 12 };
    char text[FMT_MAX];
    if (v->source) buf_adds(b, v->source);
    if (e->commit) buf_addf(b, " at %.*s", SHORT_COMMIT, e->commit);
    buf_addf(b, ": %" PRIu64 " files, %s", e->files, fmt_bytes(e->bytes_total, text));
    if (e->bytes_present > 0) buf_addf(b, ", %s there", fmt_bytes(e->bytes_present, text));
    buf_addf(b, ", %s to fetch", fmt_bytes(e->bytes_to_fetch, text));
    if (!str_empty(e->dest)) buf_adds(b, " into ");
    add_clean(b, e->dest);
}

static void add_plan_file(struct buf *b, const struct event_plan_file *e)
{
    char text[FMT_MAX];
    buf_addf(b, "%-8s%9s  ", e->state, fmt_bytes(e->size, text));
    add_clean(b, e->file);
}

static void add_retry(struct buf *b, const struct view *v, const struct event_retry *e)
{
    const struct view_file *f = view_find(v, e->id);
    char text[FMT_MAX];
    buf_adds(b, "retry   ");
    if (f) buf_addf(b, "%s at %s: ", f->name, fmt_bytes(e->offset, text));
    add_clean(b, e->cause);
    enum { FIRST_BAD = 400 }; // a body cut short came with a good one, which explains nothing
    if (e->http_status != NUMBER_UNKNOWN && e->http_status >= FIRST_BAD) {
        buf_addf(b, " %" PRIu64, e->http_status);
    }
    buf_addf(b, ", attempt %" PRIu64 " in %.1f s", e->attempt, (double)e->wait_ms / 1000);
}

static void add_wait(struct buf *b, const struct event_wait *e)
{
    buf_adds(b, "wait    ");
    if (e->wait_ms != NUMBER_UNKNOWN) buf_addf(b, "%.0f s, ", (double)e->wait_ms / 1000);
    add_clean(b, e->cause);
    if (e->origin) buf_adds(b, " of ");
    add_clean(b, e->origin);
}

static void add_file_done(struct buf *b, const struct event_file_done *e)
{
    char text[FMT_MAX];
    buf_addf(b, "%s%9s  ", e->bytes_fetched > 0 || e->size == 0 ? "done    " : "present ",
             fmt_bytes(e->size, text));
    add_clean(b, e->file);
    if (e->verified && e->verified_by) {
        buf_addf(b, "  %s ok", e->verified_by);
    } else if (!e->verified) {
        buf_adds(b, "  not verified: the source gives no digest");
    }
}

static void add_mirror(struct buf *b, const struct event_mirror *e)
{
    buf_adds(b, "mirror  ");
    add_clean(b, e->origin);
    buf_addf(b, ": %s, passed over", e->cause);
    if (e->wait_ms == NUMBER_UNKNOWN) {
        buf_adds(b, " for this file");
    } else {
        buf_addf(b, " for %" PRIu64 " s", (e->wait_ms + 999) / 1000);
    }
}

static void add_file_failed(struct buf *b, const struct event_file_failed *e)
{
    buf_adds(b, "failed  ");
    add_clean(b, e->file);
    buf_addf(b, ": %s: ", err_word(e->code));
    add_clean(b, e->cause);
}

static void add_memory(struct buf *b, const struct event_result *e)
{
    char text[FMT_MAX];
    buf_addf(b, "; memory at its peak: %s resident", fmt_bytes(e->peak_rss_bytes, text));
    for (size_t c = 0; c < MEM_CLASSES; c++)
        buf_addf(b, ", %s %s", mem_class_word((enum mem_class)c),
                 fmt_bytes(e->memory_peak_bytes[c], text));
}

static void add_result(struct buf *b, const struct event_result *e)
{
    char text[FMT_MAX];
    uint64_t ms = e->elapsed_ms ? e->elapsed_ms : 1;
    buf_addf(b, "%" PRIu64 " files, %s fetched", e->files_done, fmt_bytes(e->bytes_fetched, text));
    if (e->bytes_reused > 0) buf_addf(b, ", %s reused", fmt_bytes(e->bytes_reused, text));
    if (e->bytes_hedged > 0) buf_addf(b, ", %s twice", fmt_bytes(e->bytes_hedged, text));
    buf_addf(b, ", %.1f s", (double)ms / 1000);
    if (e->bytes_fetched == 0) return;
    double rate = (double)e->bytes_fetched / (double)ms * 1000;
    buf_addf(b, ", %s", fmt_rate((uint64_t)rate, text));
    if (e->why_slow) buf_addf(b, ", limited by: %s", e->why_slow);
}

static bool add_all(const struct view *v, const struct event *e, struct buf *b,
                    enum line_style *ret_style)
{
    *ret_style = LINE_PLAIN;
    switch (e->type) {
    case EV_PLAN: add_plan(b, v, &e->u.plan); return true;
    case EV_PLAN_FILE: add_plan_file(b, &e->u.plan_file); return true;
    case EV_RETRY:
        add_retry(b, v, &e->u.retry);
        *ret_style = LINE_WARNING;
        return true;
    case EV_WAIT:
        add_wait(b, &e->u.wait);
        *ret_style = LINE_WARNING;
        return true;
    case EV_MIRROR:
        add_mirror(b, &e->u.mirror);
        *ret_style = LINE_WARNING;
        return true;
    case EV_FILE_DONE:
        add_file_done(b, &e->u.file_done);
        *ret_style = LINE_GOOD;
        return true;
    case EV_RESULT:
        if (e->u.result.code != OK) return false; // the last line says it
        add_result(b, &e->u.result);
        return true;
    case EV_RUN_START:
    case EV_FILE_START:
    case EV_PROGRESS:
    case EV_FILE_FAILED:
    case EV_WARNING:
    case EV_THROTTLE:
    case EV_TASKS: break;
    }
    return false;
}

void note_task(const struct task_row *row, struct buf *ret)
{
    enum { INDENT = 2, KIND_WIDTH = 20 };
    buf_addf(ret, "%*s%-*s ", (int)row->depth * INDENT, "",
             KIND_WIDTH - (int)(row->depth % (KIND_WIDTH / INDENT)) * INDENT, row->kind);
    buf_addf(ret, "%-10s%9.1f s  ", row->state, (double)row->elapsed_ms / 1000);
    add_clean(ret, row->name);
}

void note_resource(const struct resource_row *row, struct buf *ret)
{
    buf_addf(ret, "%s: %s", row->name, row->state);
    if (row->reason[0]) buf_addf(ret, ", %s", row->reason);
}

bool note_add(const struct view *v, const struct event *e, enum note_level level, struct buf *ret,
              enum line_style *ret_style)
{
    if (level == NOTE_ASKED_FOR) return false;
    if (e->type == EV_WARNING) {
        buf_adds(ret, "warning ");
        add_clean(ret, e->u.warning.message);
        *ret_style = LINE_WARNING;
        return true;
    }
    if (e->type == EV_FILE_FAILED) {
        add_file_failed(ret, &e->u.file_failed);
        *ret_style = LINE_BAD;
        return true;
    }
    if (level < NOTE_ALL || !add_all(v, e, ret, ret_style)) return false;
    if (level == NOTE_VERBOSE && e->type == EV_RESULT) add_memory(ret, &e->u.result);
    return true;
}
