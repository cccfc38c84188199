/* buf.h - bytes that grow up to a mandatory maximum (learned from curl's dynbuf).
 * `data` is NUL-terminated once anything was added; NULL before. One owner, any thread. */
#ifndef SHARDFETCH_BASE_BUF_H
#define SHARDFETCH_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "download/base/err.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max; // bytes without the NUL; an addition beyond it changes nothing and returns false
    bool overflowed;
};

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
void buf_reset(struct buf *b);
/* False, nothing added, `overflowed` set: beyond `max` or no memory. */
NODISCARD bool buf_try_add(struct buf *b, const void *data, size_t len);
/* For output of our own, whose size we know to fit: the same, failure shows in `overflowed`. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addfv(struct buf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
/* The text so far, "" when empty. */
const char *buf_str(const struct buf *b);
/* Moves the bytes out (mem_free them); the buffer is empty again. Never NULL. */
char *buf_take(struct buf *b);

#endif
