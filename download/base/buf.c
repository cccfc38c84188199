#include "download/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "download/base/mem.h"

enum { FIRST_CAP = 128 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_done(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->overflowed = false;
    if (b->data) b->data[0] = '\0';
}

static bool buf_room(struct buf *b, size_t len)
{
    if (len > b->max || b->len > b->max - len) return false;
    size_t need = b->len + len + 1;
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < need)
        cap += cap / 2;
    if (cap > b->max + 1) cap = b->max + 1;
    char *data = mem_try_resize(b->data, cap);
    if (!data) return false;
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_try_add(struct buf *b, const void *data, size_t len)
{
    if (!buf_room(b, len)) {
        b->overflowed = true;
        return false;
    }
    if (len) memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!buf_try_add(b, data, len)) b->overflowed = true;
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_addfv(b, fmt, args);
    va_end(args);
}

void buf_addfv(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0 || !buf_room(b, (size_t)n)) {
        b->overflowed = true;
    } else {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *data = b->data ? b->data : mem_new(1);
    *b = (struct buf){.max = b->max};
    return data;
}
