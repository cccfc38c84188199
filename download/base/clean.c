#include "download/base/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "download/base/scoped.h"
#include "download/base/str.h"

static const char CUT[] = "…";

/* Unicode general categories Cc, Cf, Zl, Zp, without the prepended Arabic marks (they are seen). */
static const struct {
    uint32_t from, to;
} HIDDEN[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x61C, 0x61C},   {0x180E, 0x180E},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool is_hidden(uint32_t code_point)
{
    for (size_t i = 0; i < ARRAY_LEN(HIDDEN); i++) {
        if (code_point >= HIDDEN[i].from && code_point <= HIDDEN[i].to) return true;
    }
    return false;
}

/* Writes the next character of `s` as it is shown; returns bytes read. */
static size_t clean_one(const char *s, size_t len, char *ret, size_t *ret_len)
{
    static const char HEX[] = "0123456789abcdef";
    uint32_t code_point = 0;
    size_t n = str_utf8_next(s, len, &code_point);
    if (n > 0 && !is_hidden(code_point)) {
        memcpy(ret, s, n);
        *ret_len = n;
        return n;
    }
    if (n == 0) n = 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        ret[4 * i] = '\\';
        ret[4 * i + 1] = 'x';
        ret[4 * i + 2] = HEX[c >> 4];
        ret[4 * i + 3] = HEX[c & 0xF];
    }
    *ret_len = 4 * n;
    return n;
}

enum { ONE_MAX = 16 }; // four bytes as \xNN

void clean_add(struct buf *b, const char *s, size_t len)
{
    while (len > 0) {
        char one[ONE_MAX];
        size_t one_len = 0;
        size_t n = clean_one(s, len, one, &one_len);
        buf_add(b, one, one_len);
        s += n;
        len -= n;
    }
}

char *clean_copy(const char *s, char *ret, size_t ret_size)
{
    size_t len = s ? strlen(s) : 0;
    size_t room = ret_size - 1;
    size_t used = 0;
    size_t whole = 0; // bytes after which the cut mark still fits
    while (len > 0) {
        char one[ONE_MAX];
        size_t one_len = 0;
        size_t n = clean_one(s, len, one, &one_len);
        if (used + one_len > room) {
            memcpy(ret + whole, CUT, sizeof(CUT));
            return ret;
        }
        memcpy(ret + used, one, one_len);
        used += one_len;
        if (used + sizeof(CUT) - 1 <= room) whole = used;
        s += n;
        len -= n;
    }
    ret[used] = '\0';
    return ret;
}

const char *clean(const char *s, struct clean *room)
{
    return clean_copy(s, room->text, sizeof(room->text));
}
