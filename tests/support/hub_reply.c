#include "tests/support/hub_reply.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_text.h"

void hub_reply_init(struct hub_reply *r)
{
    *r = (struct hub_reply){.status = 200, .fault = HUB_FAULT_NONE};
    buf_init(&r->text, HUB_BODY_MAX);
}

void hub_reply_done(struct hub_reply *r)
{
    for (size_t i = 0; i < r->header_count; i++) {
        mem_free(r->headers[i].name);
        mem_free(r->headers[i].value);
    }
    buf_done(&r->text);
    mem_free(r->path);
    r->header_count = 0;
    r->path = NULL;
}

/* ---- headers ---- */

/* Index of the header, header_count when it is not there. */
static size_t find(const struct hub_reply *r, const char *name)
{
    size_t i = 0;
    while (i < r->header_count && strcasecmp(r->headers[i].name, name) != 0) {
        i++;
    }
    return i;
}

void hub_reply_set(struct hub_reply *r, const char *name, const char *fmt, ...)
{
    struct buf value;
    buf_init(&value, HUB_BODY_MAX);
    va_list args;
    va_start(args, fmt);
    buf_addfv(&value, fmt, args);
    va_end(args);

    size_t i = find(r, name);
    if (i == HUB_MAX_HEADERS) {
        buf_done(&value);
        return;
    }
    struct hub_header *h = &r->headers[i];
    if (i == r->header_count) {
        r->header_count++;
        h->name = mem_strdup(name);
    } else {
        mem_free(h->value);
    }
    h->value = buf_take(&value);
}

void hub_reply_unset(struct hub_reply *r, const char *name)
{
    size_t i = find(r, name);
    if (i == r->header_count) return;
    mem_free(r->headers[i].name);
    mem_free(r->headers[i].value);
    r->headers[i] = r->headers[--r->header_count];
}

const char *hub_reply_get(const struct hub_reply *r, const char *name)
{
    size_t i = find(r, name);
    return i < r->header_count ? r->headers[i].value : NULL;
}

/* ---- bodies ---- */

void hub_reply_text(struct hub_reply *r, unsigned status, const char *type, const char *text)
{
    r->status = status;
    r->file = NULL;
    buf_reset(&r->text);
    buf_adds(&r->text, text);
    hub_reply_set(r, "Content-Type", "%s", type);
}

void hub_reply_error(struct hub_reply *r, unsigned status, const char *code, const char *fmt, ...)
{
    struct buf message;
    buf_init(&message, HUB_BODY_MAX);
    va_list args;
    va_start(args, fmt);
    buf_addfv(&message, fmt, args);
    va_end(args);

    if (code) hub_reply_set(r, "X-Error-Code", "%s", code);
    hub_reply_set(r, "X-Error-Message", "%s", buf_str(&message));
    hub_reply_text(r, status, "application/json; charset=utf-8", "{\"error\":");
    text_add_json(&r->text, buf_str(&message));
    buf_addc(&r->text, '}');
    buf_done(&message);
}

uint64_t hub_reply_length(const struct hub_reply *r)
{
    return r->file ? r->to - r->from : r->text.len;
}

/* ---- ranges ---- */

static bool digits(const char **p, uint64_t *ret)
{
    uint64_t n = 0;
    const char *start = *p;
    while (**p >= '0' && **p <= '9') {
        if (__builtin_mul_overflow(n, 10, &n)) return false;
        if (__builtin_add_overflow(n, (uint64_t)(**p - '0'), &n)) return false;
        (*p)++;
    }
    *ret = n;
    return *p > start;
}

enum hub_range hub_range_parse(const char *range, uint64_t size, uint64_t *ret_from,
                               uint64_t *ret_to)
{
    if (!range || strncasecmp(range, "bytes=", 6) != 0) return HUB_RANGE_NONE;
    const char *p = range + 6;
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    bool has_first = digits(&p, &first);
    if (*p++ != '-') return HUB_RANGE_NONE;
    bool has_last = digits(&p, &last);
    if (*p != '\0' || (!has_first && !has_last)) return HUB_RANGE_NONE;

    if (!has_first) { // the last `last` bytes
        if (last == 0 || size == 0) return HUB_RANGE_UNSATISFIABLE;
        *ret_from = last < size ? size - last : 0;
        *ret_to = size;
        return HUB_RANGE_ONE;
    }
    if (has_last && last < first) return HUB_RANGE_NONE;
    if (first >= size) return HUB_RANGE_UNSATISFIABLE;
    *ret_from = first;
    *ret_to = has_last && last < size - 1 ? last + 1 : size;
    return HUB_RANGE_ONE;
}

/* Strong comparison; a weak validator or a date never matches (RFC 9110 §13.1.5). */
static bool if_range_holds(const char *if_range, const char *etag)
{
    return !if_range || (strncmp(etag, "W/", 2) != 0 && strcmp(if_range, etag) == 0);
}

void hub_reply_file(struct hub_reply *r, const struct hub_request *q, const struct hub_file *f,
                    const char *etag)
{
    r->status = 200;
    r->file = f;
    r->from = 0;
    r->to = f->content.size;
    hub_reply_set(r, "Accept-Ranges", "bytes");
    hub_reply_set(r, "ETag", "%s", etag);
    if (!hub_reply_get(r, "Content-Type")) {
        hub_reply_set(r, "Content-Type", "application/octet-stream");
    }
    if (!if_range_holds(q->if_range, etag) || strcmp(q->method, "GET") != 0) return;

    unsigned long long size = f->content.size;
    switch (hub_range_parse(q->range, f->content.size, &r->from, &r->to)) {
    case HUB_RANGE_NONE: return;
    case HUB_RANGE_ONE:
        r->status = 206;
        hub_reply_set(r, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)r->from,
                      (unsigned long long)r->to - 1, size);
        return;
    case HUB_RANGE_UNSATISFIABLE:
        hub_reply_text(r, 416, "text/plain", "range not satisfiable\n");
        hub_reply_set(r, "Content-Range", "bytes */%llu", size);
        return;
    }
}
