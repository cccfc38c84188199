#include "download/source/request.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"

enum { FIRST_HEADERS = 16 };

void request_done(struct request *r)
{
    mem_free(r->url);
    *r = (struct request){0};
}

void request_copy(const struct request *r, struct request *ret)
{
    *ret = *r;
    ret->url = mem_strdup(r->url);
}

void reply_init(struct reply *r, size_t body_max)
{
    *r = (struct reply){0};
    buf_init(&r->body, body_max);
}

void reply_done(struct reply *r)
{
    headers_done(&r->headers);
    buf_done(&r->body);
}

/* Optional white space around a value is not part of it (RFC 9110 §5.5). */
static void trim(const char **s, size_t *len)
{
    while (*len > 0 && (**s == ' ' || **s == '\t')) {
        (*s)++;
        (*len)--;
    }
    while (*len > 0 && strchr(" \t\r\n", (*s)[*len - 1]))
        (*len)--;
}

bool headers_add(struct headers *h, const char *name, size_t name_len, const char *value,
                 size_t value_len)
{
    trim(&value, &value_len);
    size_t bytes = name_len + value_len;
    if (h->count >= HEADERS_MAX_COUNT || bytes > HEADERS_MAX_BYTES - h->bytes) return false;
    if (h->count == 0 || (h->count >= FIRST_HEADERS && (h->count & (h->count - 1)) == 0)) {
        size_t cap = h->count ? 2 * h->count : FIRST_HEADERS;
        h->items = mem_resize(h->items, cap * sizeof(*h->items));
    }
    h->items[h->count++] = (struct header){
        .name = mem_strndup(name, name_len),
        .value = mem_strndup(value, value_len),
    };
    h->bytes += bytes;
    return true;
}

const char *headers_get(const struct headers *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++) {
        if (str_eq_nocase(h->items[i].name, name)) return h->items[i].value;
    }
    return NULL;
}

void headers_reset(struct headers *h)
{
    for (size_t i = 0; i < h->count; i++) {
        mem_free(h->items[i].name);
        mem_free(h->items[i].value);
    }
    h->count = 0;
    h->bytes = 0;
}

void headers_done(struct headers *h)
{
    headers_reset(h);
    mem_free(h->items);
    h->items = NULL;
}
