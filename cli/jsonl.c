#include "cli/jsonl.h"

#include <string.h>

#include "cli/base64.h"
#include "download/base/clock.h"
#include "download/base/json.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

/* Encoded bytes per text, so that the longest line (file_done: file, path, file_b64) fits. */
enum {
    WORD_MAX = 128,
    SMALL_MAX = 512,
    NAME_MAX_BYTES = 4096,
    PATH_MAX_BYTES = 5600,
    TEXT_MAX = 4096
};
enum {
    WORST_ESCAPE = 6,
    EXACT_NAME_MAX = 4000,
    FILE_ENTRY_MAX = 256,
    TASK_ENTRY_MAX = 1024,
    ORIGIN_ENTRY_MAX = 1024,
    RESOURCES_MAX = 3072
};

/* ---- values ---- */

/* The first bytes of `s`, as many as surely fit into `max` encoded ones; "…" when there are more.
 */
static void add_beginning(struct buf *b, const char *s, size_t max)
{
    size_t len = strlen(s);
    size_t cut = max / WORST_ESCAPE - 1; // the mark takes three bytes
    if (len <= cut) {                    // no memory to find out how long it gets
        json_add_string(b, s, len);
        return;
    }
    while (cut > 0 && ((unsigned char)s[cut] & 0xC0) == 0x80) // not inside a character
        cut--;
    json_add_string(b, s, cut);
    b->len--; // the quote comes after the mark
    buf_adds(b, "…\"");
}

/* False: not exact, since cut or not UTF-8. */
static bool add_cut_string(struct buf *b, const char *s, size_t max)
{
    SCOPED(buf_done) struct buf whole;
    buf_init(&whole, max);
    size_t len = strlen(s);
    bool exact = len <= max && json_add_string(&whole, s, len);
    if (len > max || whole.overflowed) {
        add_beginning(b, s, max);
        return false;
    }
    buf_add(b, whole.data, whole.len);
    return exact;
}

static bool add_text(struct buf *b, const char *key, const char *value, size_t max)
{
    if (str_empty(value)) {
        json_add_null_field(b, key);
        return true;
    }
    json_add_key(b, key);
    return add_cut_string(b, value, max);
}

static void add_small(struct buf *b, const char *key, const char *value)
{
    add_text(b, key, value, SMALL_MAX);
}

static void add_file(struct buf *b, const char *file)
{
    if (add_text(b, "file", file, NAME_MAX_BYTES)) return;
    size_t len = strlen(file);
    json_add_key(b, "file_b64");
    buf_addc(b, '"');
    base64_add(b, file, len < EXACT_NAME_MAX ? len : EXACT_NAME_MAX);
    buf_addc(b, '"');
}

static void add_number(struct buf *b, const char *key, uint64_t value)
{
    if (value == NUMBER_UNKNOWN) {
        json_add_null_field(b, key);
    } else {
        json_add_u64_field(b, key, value < JSON_MAX_INTEGER ? value : JSON_MAX_INTEGER);
    }
}

/* ---- one function per type ---- */

static void add_run_start(struct buf *b, const struct event_run_start *e)
{
    add_small(b, "version", e->version);
    add_small(b, "command", e->command);
    add_text(b, "source", e->source, TEXT_MAX);
    add_text(b, "revision", e->revision, TEXT_MAX);
    add_number(b, "pid", e->pid);
    add_small(b, "host", e->host);
    json_add_key(b, "libraries");
    buf_addc(b, '{');
    add_small(b, "libcurl", e->libcurl);
    add_small(b, "openssl", e->openssl);
    add_small(b, "zstd", e->zstd);
    add_small(b, "cjson", e->cjson);
    buf_addc(b, '}');
}

static void add_plan(struct buf *b, const struct event_plan *e)
{
    add_small(b, "commit", e->commit);
    add_number(b, "files", e->files);
    add_number(b, "bytes_total", e->bytes_total);
    add_number(b, "bytes_present", e->bytes_present);
    add_number(b, "bytes_to_fetch", e->bytes_to_fetch);
    add_number(b, "disk_free", e->disk_free);
    add_text(b, "dest", e->dest, PATH_MAX_BYTES);
    json_add_bool_field(b, "gated", e->gated);
}

static void add_plan_file(struct buf *b, const struct event_plan_file *e)
{
    add_number(b, "id", e->id);
    add_file(b, e->file);
    add_number(b, "size", e->size);
    add_small(b, "digest", e->digest);
    add_small(b, "state", e->state);
    add_small(b, "priority", e->priority);
}

static void add_file_start(struct buf *b, const struct event_file_start *e)
{
    add_number(b, "id", e->id);
    add_file(b, e->file);
    add_number(b, "size", e->size);
    add_small(b, "digest", e->digest);
    add_number(b, "resumed_from", e->resumed_from);
    add_small(b, "priority", e->priority);
}

static void add_progress_file(struct buf *b, const struct progress_file *f)
{
    if (b->data[b->len - 1] != '[') buf_addc(b, ',');
    buf_addc(b, '{');
    add_number(b, "id", f->id);
    add_number(b, "downloaded", f->downloaded);
    add_number(b, "total", f->total);
    add_number(b, "bytes_per_s", f->bytes_per_s);
    add_number(b, "eta_s", f->eta_s);
    add_small(b, "status", file_status_word(f->status));
    add_number(b, "verified_bytes", f->verified_bytes);
    buf_addc(b, '}');
}

static void add_progress(struct buf *b, const struct event_progress *e, bool why_slow,
                         size_t line_start)
{
    add_small(b, "status", file_status_word(e->status));
    add_number(b, "completed_files", e->completed_files);
    add_number(b, "total_files", e->total_files);
    add_number(b, "downloaded", e->downloaded);
    add_number(b, "downloaded_this_session", e->downloaded_this_session);
    add_number(b, "total", e->total);
    add_number(b, "bytes_per_s", e->bytes_per_s);
    add_number(b, "eta_s", e->eta_s);
    add_number(b, "connections", e->connections);
    add_small(b, "waiting_for", e->waiting_for);
    if (why_slow) {
        add_small(b, "why_slow", e->why_slow);
    } else {
        json_add_null_field(b, "why_slow");
    }
    json_add_key(b, "files");
    buf_addc(b, '[');
    for (size_t i = 0; i < e->file_count; i++) {
        if (b->len - line_start > JSONL_MAX_BYTES - FILE_ENTRY_MAX) break;
        add_progress_file(b, &e->files[i]);
    }
    buf_addc(b, ']');
}

static void add_retry(struct buf *b, const struct event_retry *e)
{
    add_number(b, "id", e->id);
    add_number(b, "offset", e->offset);
    add_number(b, "attempt", e->attempt);
    add_number(b, "wait_ms", e->wait_ms);
    add_small(b, "cause", e->cause);
    add_number(b, "http_status", e->http_status);
}

static void add_wait(struct buf *b, const struct event_wait *e)
{
    add_small(b, "origin", e->origin);
    add_number(b, "wait_ms", e->wait_ms);
    add_small(b, "cause", e->cause);
}

static void add_throttle(struct buf *b, const struct event_throttle *e)
{
    add_small(b, "origin", e->origin);
    add_number(b, "connections_from", e->connections_from);
    add_number(b, "connections_to", e->connections_to);
    add_small(b, "cause", e->cause);
    add_number(b, "bytes_per_s", e->bytes_per_s);
}

static void add_mirror(struct buf *b, const struct event_mirror *e)
{
    add_small(b, "origin", e->origin);
    add_number(b, "id", e->id);
    add_small(b, "cause", e->cause);
    add_number(b, "wait_ms", e->wait_ms);
    add_number(b, "offset", e->offset);
    add_number(b, "bytes", e->bytes);
}

static void add_file_done(struct buf *b, const struct event_file_done *e)
{
    add_number(b, "id", e->id);
    add_file(b, e->file);
    add_text(b, "path", e->path, PATH_MAX_BYTES);
    add_number(b, "size", e->size);
    add_text(b, "digest", e->digest, WORD_MAX);
    json_add_bool_field(b, "verified", e->verified);
    add_text(b, "verified_by", e->verified_by, WORD_MAX);
    add_number(b, "elapsed_ms", e->elapsed_ms);
    add_number(b, "bytes_fetched", e->bytes_fetched);
    add_number(b, "bytes_reused", e->bytes_reused);
    add_small(b, "origin", e->origin);
    add_number(b, "origins", e->origins);
}

static void add_file_failed(struct buf *b, const struct event_file_failed *e)
{
    add_number(b, "id", e->id);
    add_file(b, e->file);
    add_small(b, "code", err_word(e->code));
    add_text(b, "cause", e->cause, TEXT_MAX);
    json_add_bool_field(b, "resumable", e->resumable);
}

static void add_warning(struct buf *b, const struct event_warning *e)
{
    add_small(b, "code", e->code);
    add_text(b, "message", e->message, TEXT_MAX);
}

static void add_task(struct buf *b, const struct task_row *row)
{
    if (b->data[b->len - 1] != '[') buf_addc(b, ',');
    buf_addc(b, '{');
    add_number(b, "id", row->id);
    add_number(b, "parent", row->parent ? row->parent : NUMBER_UNKNOWN);
    add_small(b, "kind", row->kind);
    add_small(b, "name", row->name);
    add_small(b, "state", row->state);
    add_number(b, "elapsed_ms", row->elapsed_ms);
    buf_addc(b, '}');
}

static void add_resource(struct buf *b, const struct resource_row *row)
{
    if (b->data[b->len - 1] != '[') buf_addc(b, ',');
    buf_addc(b, '{');
    add_small(b, "name", row->name);
    add_small(b, "state", row->state);
    add_small(b, "reason", row->reason);
    buf_addc(b, '}');
}

static void add_tasks(struct buf *b, const struct event_tasks *e, size_t line_start)
{
    add_number(b, "running", e->count);
    json_add_key(b, "tasks");
    buf_addc(b, '[');
    for (size_t i = 0; i < e->count; i++) {
        if (b->len - line_start > JSONL_MAX_BYTES - TASK_ENTRY_MAX - RESOURCES_MAX) break;
        add_task(b, &e->rows[i]);
    }
    buf_addc(b, ']');
    json_add_key(b, "resources");
    buf_addc(b, '[');
    for (size_t i = 0; i < EVENT_RESOURCES; i++)
        add_resource(b, &e->resources[i]);
    buf_addc(b, ']');
}

static void add_memory(struct buf *b, const uint64_t bytes[MEM_CLASSES])
{
    json_add_key(b, "memory_peak_bytes");
    buf_addc(b, '{');
    for (size_t c = 0; c < MEM_CLASSES; c++)
        add_number(b, mem_class_word((enum mem_class)c), bytes[c]);
    buf_addc(b, '}');
}

static void add_origin(struct buf *b, const struct origin_row *row)
{
    if (b->data[b->len - 1] != '[') buf_addc(b, ',');
    buf_addc(b, '{');
    add_small(b, "origin", row->name);
    add_number(b, "requests", row->requests);
    add_number(b, "failures", row->failures);
    add_number(b, "bytes", row->bytes);
    add_number(b, "wrong", row->wrong);
    add_number(b, "connections", row->connections);
    add_number(b, "reused", row->reused);
    add_number(b, "addresses", row->addresses);
    buf_addc(b, '}');
}

static void add_result(struct buf *b, const struct event_result *e, const struct stream_loss *l,
                       size_t line_start)
{
    add_small(b, "status", e->status);
    add_number(b, "exit", (uint64_t)e->exit);
    add_small(b, "code", err_word(e->code));
    add_text(b, "message", e->message, TEXT_MAX);
    json_add_bool_field(b, "resumable", e->resumable);
    add_number(b, "retry_after_s", e->retry_after_s);
    add_text(b, "path", e->path, PATH_MAX_BYTES);
    add_small(b, "commit", e->commit);
    add_number(b, "files_done", e->files_done);
    add_number(b, "files_failed", e->files_failed);
    add_number(b, "bytes_fetched", e->bytes_fetched);
    add_number(b, "bytes_reused", e->bytes_reused);
    add_number(b, "bytes_hedged", e->bytes_hedged);
    add_number(b, "elapsed_ms", e->elapsed_ms);
    add_number(b, "peak_rss_bytes", e->peak_rss_bytes);
    add_memory(b, e->memory_peak_bytes);
    add_number(b, "events_coalesced", l->coalesced);
    add_number(b, "events_dropped", l->dropped);
    add_small(b, "why_slow", e->why_slow);
    json_add_key(b, "origins");
    buf_addc(b, '[');
    for (size_t i = 0; i < e->origin_count; i++) {
        if (b->len - line_start > JSONL_MAX_BYTES - ORIGIN_ENTRY_MAX) break;
        add_origin(b, &e->origins[i]);
    }
    buf_addc(b, ']');
}

void jsonl_encode(const struct event *e, const struct jsonl_head *head, struct buf *ret)
{
    size_t start = ret->len;
    char time[RFC3339_LEN];
    clock_rfc3339(e->wall_ms, time);
    buf_addc(ret, '{');
    add_number(ret, "v", JSONL_VERSION);
    add_number(ret, "seq", head->seq);
    add_small(ret, "run", head->run);
    add_small(ret, "time", time);
    add_number(ret, "mono_ms", e->mono_ms);
    add_small(ret, "type", event_type_word(e->type));
    switch (e->type) {
    case EV_RUN_START: add_run_start(ret, &e->u.run_start); break;
    case EV_PLAN: add_plan(ret, &e->u.plan); break;
    case EV_PLAN_FILE: add_plan_file(ret, &e->u.plan_file); break;
    case EV_FILE_START: add_file_start(ret, &e->u.file_start); break;
    case EV_PROGRESS: add_progress(ret, &e->u.progress, head->why_slow, start); break;
    case EV_RETRY: add_retry(ret, &e->u.retry); break;
    case EV_WAIT: add_wait(ret, &e->u.wait); break;
    case EV_MIRROR: add_mirror(ret, &e->u.mirror); break;
    case EV_THROTTLE: add_throttle(ret, &e->u.throttle); break;
    case EV_FILE_DONE: add_file_done(ret, &e->u.file_done); break;
    case EV_FILE_FAILED: add_file_failed(ret, &e->u.file_failed); break;
    case EV_WARNING: add_warning(ret, &e->u.warning); break;
    case EV_TASKS: add_tasks(ret, &e->u.tasks, start); break;
    case EV_RESULT: add_result(ret, &e->u.result, &head->loss, start); break;
    }
    buf_adds(ret, "}\n");
}
