#include "download/event.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

static const char *const TYPE_WORDS[] = {
#define EVENT_WORD(name, word) [name] = word,
    EVENT_LIST(EVENT_WORD)
#undef EVENT_WORD
};

const char *event_type_word(enum event_type t)
{
    return TYPE_WORDS[t];
}

const char *file_status_word(enum file_status s)
{
    static const char *const WORDS[] = {
        [FILE_NOT_STARTED] = "not_started", [FILE_IN_PROGRESS] = "in_progress",
        [FILE_VERIFYING] = "verifying",     [FILE_COMPLETE] = "complete",
        [FILE_PAUSED] = "paused",           [FILE_FAILED] = "failed",
    };
    return WORDS[s];
}

/* Where a type has strings: offsets of `const char *` in struct event, ended by 0 (the type). */
enum { STRINGS_MAX = 9 };
#define AT(field) offsetof(struct event, u.field)
static const size_t STRINGS[][STRINGS_MAX] = {
    [EV_RUN_START] = {AT(run_start.version), AT(run_start.command), AT(run_start.source),
                      AT(run_start.revision), AT(run_start.host), AT(run_start.libcurl),
                      AT(run_start.openssl), AT(run_start.zstd), AT(run_start.cjson)},
    [EV_PLAN] = {AT(plan.commit), AT(plan.dest)},
    [EV_PLAN_FILE] = {AT(plan_file.file), AT(plan_file.digest), AT(plan_file.state),
                      AT(plan_file.priority)},
    [EV_FILE_START] = {AT(file_start.file), AT(file_start.digest), AT(file_start.priority)},
    [EV_PROGRESS] = {AT(progress.waiting_for), AT(progress.why_slow)},
    [EV_RETRY] = {AT(retry.cause)},
    [EV_WAIT] = {AT(wait.origin), AT(wait.cause)},
    [EV_MIRROR] = {AT(mirror.origin), AT(mirror.cause)},
    [EV_THROTTLE] = {AT(throttle.origin), AT(throttle.cause)},
    [EV_FILE_DONE] = {AT(file_done.file), AT(file_done.path), AT(file_done.digest),
                      AT(file_done.verified_by), AT(file_done.origin)},
    [EV_FILE_FAILED] = {AT(file_failed.file), AT(file_failed.cause)},
    [EV_WARNING] = {AT(warning.code), AT(warning.message)},
    [EV_TASKS] = {0},
    [EV_RESULT] = {AT(result.status), AT(result.message), AT(result.path), AT(result.commit),
                   AT(result.why_slow)},
};

static const char *string_at(const struct event *e, size_t offset)
{
    const char *s;
    memcpy(&s, (const char *)e + offset, sizeof(s));
    return s;
}

/* The one array that an event of its type may have. */
static size_t array_of(const struct event *e, const void **ret_items)
{
    if (e->type == EV_PROGRESS) {
        *ret_items = e->u.progress.files;
        return e->u.progress.file_count * sizeof(*e->u.progress.files);
    }
    if (e->type == EV_TASKS) {
        *ret_items = e->u.tasks.rows;
        return e->u.tasks.count * sizeof(*e->u.tasks.rows);
    }
    if (e->type == EV_RESULT) {
        *ret_items = e->u.result.origins;
        return e->u.result.origin_count * sizeof(*e->u.result.origins);
    }
    return 0;
}

static size_t copy_bytes(const struct event *e)
{
    const void *items;
    size_t bytes = sizeof(*e) + array_of(e, &items);
    for (size_t i = 0; i < STRINGS_MAX && STRINGS[e->type][i]; i++) {
        const char *s = string_at(e, STRINGS[e->type][i]);
        if (s) bytes += strlen(s) + 1;
    }
    return bytes;
}

/* The string at `offset` now lives at `room`; returns the room behind it. */
static char *move_string(struct event *copy, size_t offset, char *room)
{
    const char *s = string_at(copy, offset);
    if (!s) return room;
    size_t len = strlen(s) + 1;
    memcpy(room, s, len);
    const char *moved = room;
    memcpy((char *)copy + offset, &moved, sizeof(moved));
    return room + len;
}

struct event *event_copy(const struct event *e, size_t *ret_bytes)
{
    size_t bytes = copy_bytes(e);
    struct event *copy = mem_new_as(MEM_EVENTS, bytes);
    *copy = *e;
    char *room = (char *)(copy + 1); // the array first: it needs the alignment
    const void *items = NULL;
    size_t array = array_of(e, &items);
    if (e->type == EV_PROGRESS) copy->u.progress.files = (const void *)room;
    if (e->type == EV_RESULT) copy->u.result.origins = (const void *)room;
    if (e->type == EV_TASKS) copy->u.tasks.rows = (const void *)room;
    if (array > 0) memcpy(room, items, array);
    room += array;
    for (size_t i = 0; i < STRINGS_MAX && STRINGS[e->type][i]; i++)
        room = move_string(copy, STRINGS[e->type][i], room);
    *ret_bytes = bytes;
    return copy;
}

static void *copy_value(const void *value, size_t *ret_bytes)
{
    return event_copy(value, ret_bytes);
}

static unsigned value_key(const void *value)
{
    const struct event *e = value;
    return e->type == EV_PROGRESS ? 1 : 0;
}

static bool value_is_last(const void *value)
{
    const struct event *e = value;
    return e->type == EV_RESULT;
}

const struct value_ops EVENT_VALUES = {
    .copy = copy_value, .key = value_key, .is_last = value_is_last};
