#include "cli/view.h"

#include <string.h>

#include "download/base/buf.h"
#include "download/base/clean.h"
#include "download/base/mem.h"

enum { NAME_MAX_BYTES = 64 * 1024 };

static char *cleaned(const char *s)
{
    struct buf b;
    buf_init(&b, NAME_MAX_BYTES);
    clean_add(&b, s, strlen(s));
    return buf_take(&b);
}

void view_init(struct view *v)
{
    *v = (struct view){.bytes_total = NUMBER_UNKNOWN};
}

void view_done(struct view *v)
{
    for (size_t i = 0; i < v->file_count; i++)
        mem_free(v->files[i].name);
    mem_free(v->files);
    mem_free(v->source);
    *v = (struct view){0};
}

static struct view_file *find(struct view *v, uint64_t id)
{
    for (size_t i = 0; i < v->file_count; i++) {
        if (v->files[i].id == id) return &v->files[i];
    }
    return NULL;
}

const struct view_file *view_find(const struct view *v, uint64_t id)
{
    for (size_t i = 0; i < v->file_count; i++) {
        if (v->files[i].id == id) return &v->files[i];
    }
    return NULL;
}

static void start_file(struct view *v, const struct event_file_start *e)
{
    if (find(v, e->id)) return;
    v->files = mem_resize(v->files, (v->file_count + 1) * sizeof(*v->files));
    v->files[v->file_count++] = (struct view_file){.id = e->id,
                                                   .name = cleaned(e->file),
                                                   .downloaded = e->resumed_from,
                                                   .total = e->size,
                                                   .status = FILE_IN_PROGRESS};
}

static void end_file(struct view *v, uint64_t id)
{
    struct view_file *f = find(v, id);
    if (!f) return;
    mem_free(f->name);
    size_t at = (size_t)(f - v->files);
    v->file_count--;
    memmove(f, f + 1, (v->file_count - at) * sizeof(*f));
}

static void progress(struct view *v, const struct event_progress *e, uint64_t now_ms)
{
    v->status = e->status;
    v->files_done = e->completed_files;
    v->files_total = e->total_files;
    v->bytes_done = e->downloaded;
    v->bytes_total = e->total;
    v->connections = e->connections;
    clean_copy(e->waiting_for ? e->waiting_for : "", v->waiting_for, sizeof(v->waiting_for));
    clean_copy(e->why_slow ? e->why_slow : "", v->why_slow, sizeof(v->why_slow));
    meter_add(&v->meter, now_ms, e->downloaded_this_session);
    for (size_t i = 0; i < e->file_count; i++) {
        const struct progress_file *from = &e->files[i];
        struct view_file *f = find(v, from->id);
        if (!f) continue;
        f->downloaded = from->downloaded;
        f->total = from->total;
        f->status = from->status;
        meter_add(&f->meter, now_ms, from->downloaded);
    }
}

static void plan(struct view *v, const struct event_plan *e)
{
    v->planned = true;
    v->files_total = e->files;
    v->bytes_done = e->bytes_present;
    v->bytes_total = e->bytes_total;
}

void view_apply(struct view *v, const struct event *e)
{
    switch (e->type) {
    case EV_RUN_START:
        mem_free(v->source);
        v->source = cleaned(e->u.run_start.source);
        break;
    case EV_PLAN: plan(v, &e->u.plan); break;
    case EV_FILE_START: start_file(v, &e->u.file_start); break;
    case EV_PROGRESS: progress(v, &e->u.progress, e->mono_ms); break;
    case EV_FILE_DONE:
        end_file(v, e->u.file_done.id);
        if (v->files_done < v->files_total) v->files_done++; // until the next progress says it
        break;
    case EV_FILE_FAILED: end_file(v, e->u.file_failed.id); break;
    case EV_PLAN_FILE:
    case EV_RETRY:
    case EV_WAIT:
    case EV_MIRROR:
    case EV_THROTTLE:
    case EV_WARNING:
    case EV_TASKS:
    case EV_RESULT: break;
    }
}
