/* event.h - everything that becomes known during a run, as one union (contract.md, schema 1).
 * The terminal view, the JSON stream and in-process readers are observers of these and of nothing
 * else. Emitted by the control thread; strings and arrays live for the call: an observer on a
 * thread of its own takes a copy (event_copy). */
#ifndef SHARDFETCH_DOWNLOAD_EVENT_H
#define SHARDFETCH_DOWNLOAD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/async/value.h"
#include "download/base/err.h"
#include "download/base/mem.h"
#include "download/event_rows.h"

#define EVENT_LIST(X)                                                                              \
    X(EV_RUN_START, "run_start")                                                                   \
    X(EV_PLAN, "plan")                                                                             \
    X(EV_PLAN_FILE, "plan_file")                                                                   \
    X(EV_FILE_START, "file_start")                                                                 \
    X(EV_PROGRESS, "progress")                                                                     \
    X(EV_RETRY, "retry")                                                                           \
    X(EV_WAIT, "wait")                                                                             \
    X(EV_MIRROR, "mirror")                                                                         \
    X(EV_THROTTLE, "throttle")                                                                     \
    X(EV_FILE_DONE, "file_done")                                                                   \
    X(EV_FILE_FAILED, "file_failed")                                                               \
    X(EV_WARNING, "warning")                                                                       \
    X(EV_TASKS, "tasks")                                                                           \
    X(EV_RESULT, "result")

enum event_type {
#define EVENT_ENUM(name, word) name,
    EVENT_LIST(EVENT_ENUM)
#undef EVENT_ENUM
};

const char *event_type_word(enum event_type t);

struct event_run_start {
    const char *version, *command, *source, *revision; // revision NULL = none
    const char *host;                                  // of this machine
    const char *libcurl, *openssl, *zstd, *cjson;      // versions
    uint64_t pid;
};

struct event_plan {
    const char *commit; // or NULL
    uint64_t files, bytes_total, bytes_present, bytes_to_fetch;
    uint64_t disk_free;
    const char *dest;
    bool gated;
};

struct event_plan_file {
    uint64_t id;
    const char *file;
    uint64_t size;        // NUMBER_UNKNOWN when not known
    const char *digest;   // "sha256:…" or NULL
    const char *state;    // "present", "partial", "missing"
    const char *priority; // "critical", "high", "normal", "low"
};

struct event_file_start {
    uint64_t id;
    const char *file;
    uint64_t size;
    const char *digest;
    uint64_t resumed_from;
    const char *priority;
};

struct event_progress {
    enum file_status status;
    uint64_t completed_files, total_files;
    uint64_t downloaded, downloaded_this_session, total;
    uint64_t bytes_per_s, eta_s;
    uint64_t connections;
    const char *waiting_for;           // NULL = not waiting
    const struct progress_file *files; // active ones only
    size_t file_count;
    const char *why_slow; // of the last second (sched/why_slow.h), or NULL
};

struct event_retry {
    uint64_t id; // NUMBER_UNKNOWN for a listing or resolve call outside a file
    uint64_t offset, attempt, wait_ms;
    const char *cause;
    uint64_t http_status; // NUMBER_UNKNOWN when none was seen
};

struct event_wait {
    const char *origin;
    uint64_t wait_ms; // NUMBER_UNKNOWN: until something else happens
    const char *cause;
};

/* An origin is passed over for a while, or for one file. */
/* An origin gets more or fewer connections. */
struct event_throttle {
    const char *origin;
    uint64_t connections_from, connections_to;
    const char *cause; // sched/ramp.h
    uint64_t bytes_per_s;
};

struct event_mirror {
    const char *origin;
    uint64_t id;            // the file by which it showed
    const char *cause;      // a cause, a code, or "differs": it says that it has another file
    uint64_t wait_ms;       // NUMBER_UNKNOWN: as long as this file is concerned
    uint64_t offset, bytes; // where its wrong bytes are, to a block; or NUMBER_UNKNOWN
};

struct event_file_done {
    uint64_t id;
    const char *file, *path; // path as published
    uint64_t size;
    const char *digest;
    bool verified;
    const char *verified_by; // "sha256", "git-sha1" or NULL
    uint64_t elapsed_ms, bytes_fetched, bytes_reused;
    const char *origin; // that most of what was fetched came from, or NULL
    uint64_t origins;   // how many it came from
};

struct event_file_failed {
    uint64_t id;
    const char *file;
    enum err code;
    const char *cause; // the sentence
    bool resumable;
};

struct event_warning {
    const char *code; // stable word, e.g. "token-rejected"
    const char *message;
};

/* What runs at this moment, parents before children; told when it is asked for (SIGUSR1). */
struct event_tasks {
    const struct task_row *rows;
    size_t count;
    struct resource_row resources[EVENT_RESOURCES];
};

struct event_result {
    const char *status; // "ok", "failed", "partial", "cancelled"
    int exit;
    enum err code;
    const char *message;
    bool resumable;
    uint64_t retry_after_s; // NUMBER_UNKNOWN when it does not apply
    const char *path, *commit;
    uint64_t files_done, files_failed, bytes_fetched, bytes_reused;
    uint64_t bytes_hedged; // came a second time besides: of requests that were doubled
    uint64_t elapsed_ms, peak_rss_bytes;
    uint64_t memory_peak_bytes[MEM_CLASSES];
    const struct origin_row *origins; // the first RESULT_ORIGINS_MAX that were asked for bytes
    size_t origin_count;
    const char *why_slow; // most of the time; NULL when no body byte was wanted
};

struct event {
    enum event_type type;
    uint64_t wall_ms; // filled in by the emitter
    uint64_t mono_ms; // since the run's start
    union {
        struct event_run_start run_start;
        struct event_plan plan;
        struct event_plan_file plan_file;
        struct event_file_start file_start;
        struct event_progress progress;
        struct event_retry retry;
        struct event_wait wait;
        struct event_mirror mirror;
        struct event_throttle throttle;
        struct event_file_done file_done;
        struct event_file_failed file_failed;
        struct event_warning warning;
        struct event_tasks tasks;
        struct event_result result;
    } u;
};

/* A deep copy in one block of memory (mem_free it); `*ret_bytes` is its size. */
struct event *event_copy(const struct event *e, size_t *ret_bytes);

/* Events as values of streams and callbacks: `progress` is coalesced, `result` is never lost. */
extern const struct value_ops EVENT_VALUES;
enum { EVENT_BOX_BYTES = 16 * 1024 * 1024 }; // contract: a slow reader's events, bounded

#endif
