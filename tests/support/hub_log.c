#include "tests/support/hub_log.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_text.h"
#include "tests/support/loopback.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

struct record {
    struct hub_log_entry entry; // strings point into `text`
    char *text;
};

struct hub_log {
    pthread_mutex_t lock; // guards what follows
    pthread_cond_t changed;
    struct record **records;
    size_t count;
    size_t first; // those before it were cleared
    int fd;       // -1 = no file
};

enum err hub_log_new(const char *path, struct hub_log **ret, struct why *why)
{
    int fd = -1;
    if (path) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0) return fail_errno(why, "cannot open '%s'", path);
    }
    struct hub_log *l = mem_new(sizeof(*l));
    l->fd = fd;
    pthread_mutex_init(&l->lock, NULL);
    loopback_cond_init(&l->changed);
    *ret = l;
    return OK;
}

void hub_log_free(struct hub_log *l)
{
    if (!l) return;
    for (size_t i = 0; i < l->count; i++) {
        mem_free(l->records[i]->text);
        mem_free(l->records[i]);
    }
    mem_free(l->records);
    if (l->fd >= 0) close(l->fd);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

/* ---- filling ---- */

static char *own_strings(struct hub_log_entry *e)
{
    const char **fields[] = {&e->method, &e->target,        &e->file,
                             &e->range,  &e->authorization, &e->user_agent};
    return text_pack(fields, ARRAY_LEN(fields));
}

uint64_t hub_log_begin(struct hub_log *l, const struct hub_log_entry *e)
{
    struct record *r = mem_new(sizeof(*r));
    r->entry = *e;
    r->text = own_strings(&r->entry);

    pthread_mutex_lock(&l->lock);
    if ((l->count & (l->count - 1)) == 0) {
        size_t room = l->count ? 2 * l->count : 1;
        l->records = mem_resize(l->records, room * sizeof(struct record *));
    }
    uint64_t id = l->count;
    l->records[l->count++] = r;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return id;
}

void hub_log_add_bytes(struct hub_log *l, uint64_t id, uint64_t bytes)
{
    pthread_mutex_lock(&l->lock);
    l->records[id]->entry.bytes += bytes;
    pthread_mutex_unlock(&l->lock);
}

static void add_field(struct buf *b, const char *key, const char *value)
{
    buf_addf(b, ",\"%s\":", key);
    if (value) {
        text_add_json(b, value);
    } else {
        buf_adds(b, "null");
    }
}

static void write_line(const struct hub_log *l, const struct hub_log_entry *e)
{
    struct buf b;
    buf_init(&b, LINE_MAX_BYTES);
    buf_addf(&b, "{\"at_ns\":%llu,\"origin\":\"%s\",\"route\":\"%s\"", (unsigned long long)e->at_ns,
             e->origin == HUB_AT_CDN ? "cdn" : "endpoint", hub_route_name(e->route));
    add_field(&b, "method", e->method);
    add_field(&b, "target", e->target);
    add_field(&b, "file", e->file);
    add_field(&b, "range", e->range);
    add_field(&b, "authorization", e->authorization);
    add_field(&b, "user_agent", e->user_agent);
    buf_addf(&b, ",\"connection\":%u,\"status\":%u,\"bytes\":%llu}\n", e->connection, e->status,
             (unsigned long long)e->bytes);
    ssize_t n = write(l->fd, buf_str(&b), b.len);
    (void)n; // a full disk loses log lines, never answers
    buf_done(&b);
}

void hub_log_end(struct hub_log *l, uint64_t id)
{
    pthread_mutex_lock(&l->lock);
    struct hub_log_entry *e = &l->records[id]->entry;
    e->finished = true;
    if (l->fd >= 0) write_line(l, e);
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void hub_log_clear(struct hub_log *l)
{
    pthread_mutex_lock(&l->lock);
    l->first = l->count;
    pthread_mutex_unlock(&l->lock);
}

/* ---- asking ---- */

static bool matches(const struct hub_log_filter *f, const struct hub_log_entry *e)
{
    if (!f) return true;
    if (f->route != HUB_ANY && f->route != e->route) return false;
    if (f->status && f->status != e->status) return false;
    if (f->method && strcmp(f->method, e->method) != 0) return false;
    if (f->finished && !e->finished) return false;
    if (f->authorized && !e->authorization) return false;
    if (f->at_cdn && e->origin != HUB_AT_CDN) return false;
    return text_glob(f->file, e->file) && text_glob(f->target, e->target);
}

/* The next matching record from *at on, NULL at the end; moves *at behind it. */
static const struct hub_log_entry *next_locked(const struct hub_log *l,
                                               const struct hub_log_filter *f, size_t *at)
{
    while (*at < l->count) {
        const struct hub_log_entry *e = &l->records[(*at)++]->entry;
        if (matches(f, e)) return e;
    }
    return NULL;
}

static size_t count_locked(const struct hub_log *l, const struct hub_log_filter *f)
{
    size_t n = 0;
    for (size_t at = l->first; next_locked(l, f, &at);) {
        n++;
    }
    return n;
}

size_t hub_log_count(struct hub_log *l, const struct hub_log_filter *f)
{
    pthread_mutex_lock(&l->lock);
    size_t n = count_locked(l, f);
    pthread_mutex_unlock(&l->lock);
    return n;
}

bool hub_log_get(struct hub_log *l, const struct hub_log_filter *f, size_t n,
                 struct hub_log_entry *ret)
{
    pthread_mutex_lock(&l->lock);
    size_t at = l->first;
    const struct hub_log_entry *e = next_locked(l, f, &at);
    while (e && n-- > 0) {
        e = next_locked(l, f, &at);
    }
    if (e) *ret = *e;
    pthread_mutex_unlock(&l->lock);
    return e != NULL;
}

uint64_t hub_log_bytes(struct hub_log *l, const struct hub_log_filter *f)
{
    uint64_t total = 0;
    pthread_mutex_lock(&l->lock);
    size_t at = l->first;
    for (const struct hub_log_entry *e; (e = next_locked(l, f, &at));) {
        total += e->bytes;
    }
    pthread_mutex_unlock(&l->lock);
    return total;
}

size_t hub_log_connections(struct hub_log *l, const struct hub_log_filter *f)
{
    pthread_mutex_lock(&l->lock);
    bool *seen = NULL;
    unsigned most = 0;
    size_t n = 0;
    for (size_t i = l->first; i < l->count; i++) {
        if (l->records[i]->entry.connection > most) most = l->records[i]->entry.connection;
    }
    seen = mem_array((size_t)most + 1, sizeof(bool));
    size_t at = l->first;
    for (const struct hub_log_entry *e; (e = next_locked(l, f, &at));) {
        n += !seen[e->connection];
        seen[e->connection] = true;
    }
    mem_free(seen);
    pthread_mutex_unlock(&l->lock);
    return n;
}

static bool holds(const char *value, const char *text)
{
    return value && strstr(value, text);
}

bool hub_log_contains(struct hub_log *l, const struct hub_log_filter *f, const char *text)
{
    bool found = false;
    pthread_mutex_lock(&l->lock);
    size_t at = l->first;
    for (const struct hub_log_entry *e; !found && (e = next_locked(l, f, &at));) {
        found = holds(e->target, text) || holds(e->authorization, text) ||
                holds(e->user_agent, text) || holds(e->range, text);
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

bool hub_log_wait(struct hub_log *l, const struct hub_log_filter *f, size_t n, uint64_t timeout_ms)
{
    struct timespec until = loopback_deadline(timeout_ms);
    pthread_mutex_lock(&l->lock);
    bool there = count_locked(l, f) >= n;
    for (int e = 0; !there && e == 0; there = count_locked(l, f) >= n) {
        e = pthread_cond_timedwait(&l->changed, &l->lock, &until);
    }
    pthread_mutex_unlock(&l->lock);
    return there;
}
