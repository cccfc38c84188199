#include <inttypes.h>
#include <stdio.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_task.h"

enum {
    TICK_MS = 200,
    PAUSED_TICK_MS = 2500, // contract: every 5 s at least
    SMOOTH_MS = 3000,      // the rate forgets with this time constant
};

/* Exponential smoothing over irregular steps: weight dt / (dt + constant). */
static uint64_t smoothed(uint64_t rate, uint64_t bytes, uint64_t dt_ns)
{
    if (!dt_ns) return rate;
    double now = (double)bytes * (double)SECOND_NS / (double)dt_ns;
    double weight = (double)dt_ns / ((double)dt_ns + SMOOTH_MS * (double)MILLI_NS);
    if (rate == 0) return (uint64_t)now;
    return (uint64_t)((double)rate + ((now - (double)rate) * weight));
}

static uint64_t eta_s(uint64_t left, uint64_t rate)
{
    return rate ? (left + rate - 1) / rate : NUMBER_UNKNOWN;
}

static enum file_status status_of(const struct file_task *t)
{
    bool at_rest = list_empty(&t->parts) && !t->job_out && t->state != STATE_ENDED;
    if (at_rest && control_paused(t->fetch->spine->control)) return FILE_PAUSED;
    switch (t->state) {
    case STATE_ADOPTING:
    case STATE_PUBLISHING: return FILE_VERIFYING;
    case STATE_FETCHING:
        return list_empty(&t->parts) && t->job_out ? FILE_VERIFYING : FILE_IN_PROGRESS;
    case STATE_ENDED: return t->err ? FILE_FAILED : FILE_COMPLETE;
    case STATE_RESOLVING:
    case STATE_RESOLVED:
    case STATE_PREPARING: return FILE_NOT_STARTED;
    }
    return FILE_NOT_STARTED;
}

static uint64_t bytes_there(const struct file_task *t)
{
    if (t->state == STATE_PREPARING) return 0; // the job has the ranges
    bool adopting = t->state == STATE_ADOPTING && t->size != TO_THE_END;
    return adopting ? t->size : ranges_total(&t->done);
}

static void describe(struct file_task *t, uint64_t now, struct progress_file *ret)
{
    uint64_t there = bytes_there(t);
    if (t->rate_at_ns) {
        t->rate_bytes_per_s =
            smoothed(t->rate_bytes_per_s, t->fetched - t->rate_bytes, now - t->rate_at_ns);
    }
    t->rate_at_ns = now;
    t->rate_bytes = t->fetched;
    bool known = t->size != TO_THE_END;
    *ret = (struct progress_file){.id = t->file->id,
                                  .downloaded = there,
                                  .total = t->size,
                                  .bytes_per_s = t->rate_bytes_per_s,
                                  .eta_s = known && there <= t->size
                                               ? eta_s(t->size - there, t->rate_bytes_per_s)
                                               : NUMBER_UNKNOWN,
                                  .status = status_of(t),
                                  .verified_bytes = file_task_verified_bytes(t)};
}

static enum file_status run_status(const struct fetch *f)
{
    if (f->files_done == f->plan->count) return FILE_COMPLETE;
    return control_paused(f->spine->control) ? FILE_PAUSED : FILE_IN_PROGRESS;
}

static bool any_held(const struct fetch *f)
{
    list_each (node, &f->origins.all) {
        if (container_of(node, struct origin, node)->held) return true;
    }
    return false;
}

static const char *waiting_for(const struct fetch *f)
{
    if (control_paused(f->spine->control)) return "paused";
    if (f->running) return NULL;
    if (burden_holds(&f->burden)) return "pressure";
    if (any_held(f)) return "rate-limit";
    list_each (node, &f->tasks) {
        const struct file_task *t = container_of(node, struct file_task, node);
        if (timer_is_set(&t->timer)) return "retry";
    }
    return calls_waiting_for(f->calls);
}

void progress_emit(struct fetch *f)
{
    uint64_t now = loop_now_ns(f->loop);
    f->rate_bytes_per_s =
        smoothed(f->rate_bytes_per_s, f->bytes_fetched - f->rate_bytes, now - f->rate_at_ns);
    f->rate_at_ns = now;
    f->rate_bytes = f->bytes_fetched;
    SCOPED(mem_freep) struct progress_file *files = mem_array(f->task_count + 1, sizeof(*files));
    size_t count = 0;
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        if (file_task_has_worker(t)) describe(t, now, &files[count++]);
    }
    uint64_t total = f->plan->bytes_total; // without files whose size nobody told
    if (total < f->bytes_present) total = f->bytes_present;
    uint64_t left = total - f->bytes_present;
    emit(f->emitter, (struct event){.type = EV_PROGRESS,
                                    .u.progress = {.status = run_status(f),
                                                   .completed_files = f->files_done,
                                                   .total_files = f->plan->count,
                                                   .downloaded = f->bytes_present,
                                                   .downloaded_this_session = f->bytes_fetched,
                                                   .total = total,
                                                   .bytes_per_s = f->rate_bytes_per_s,
                                                   .eta_s = eta_s(left, f->rate_bytes_per_s),
                                                   .connections = f->running,
                                                   .waiting_for = waiting_for(f),
                                                   .why_slow = slow_word(f->slowness.now),
                                                   .files = files,
                                                   .file_count = count}});
}

static void on_tick(struct timer *t)
{
    struct fetch *f = container_of(t, struct fetch, progress_timer);
    progress_emit(f);
    uint64_t ms = control_paused(f->spine->control) ? PAUSED_TICK_MS : TICK_MS;
    timer_set(f->loop, t, loop_now_ns(f->loop) + ms * MILLI_NS);
}

void progress_start(struct fetch *f)
{
    timer_init(&f->progress_timer, on_tick);
    f->rate_at_ns = loop_now_ns(f->loop);
    timer_set(f->loop, &f->progress_timer, f->rate_at_ns + TICK_MS * MILLI_NS);
}

void progress_end(struct fetch *f)
{
    timer_cancel(&f->progress_timer);
    if (f->bytes_fetched || f->files_done != f->plan->count) progress_emit(f);
}

size_t progress_origins(const struct fetch *f, struct origin_row *ret)
{
    size_t n = 0;
    for (unsigned i = 0; i < f->mirrors.count && n < RESULT_ORIGINS_MAX; i++) {
        const struct mirror *m = &f->mirrors.items[i];
        if (!m->requests && !m->failures) continue;
        const struct contacts *c = &f->contacts[i];
        ret[n] = (struct origin_row){.requests = m->requests,
                                     .failures = m->failures,
                                     .bytes = m->bytes,
                                     .wrong = m->wrong,
                                     .connections = c->connections,
                                     .reused = c->reused,
                                     .addresses = c->count};
        snprintf(ret[n++].name, ORIGIN_NAME_MAX, "%s", m->name);
    }
    return n;
}
