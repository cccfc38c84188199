#include "cli/columns.h"

#include <stdint.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

struct span {
    uint32_t from, to;
};

/* Unicode general categories Mn and Me, the blocks that names meet. */
static const struct span COMBINING[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

/* UAX #11, classes W and F, by block. */
static const struct span WIDE[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE30, 0xFE4F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

static bool within(const struct span *spans, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count && c >= spans[i].from; i++) {
        if (c <= spans[i].to) return true;
    }
    return false;
}

/* One character: its bytes, and columns in `*ret_width`. */
static size_t next(const char *s, size_t len, size_t *ret_width)
{
    uint32_t c = 0;
    size_t bytes = str_utf8_next(s, len, &c);
    *ret_width = 1;
    if (bytes == 0) return 1;
    if (within(COMBINING, ARRAY_LEN(COMBINING), c)) *ret_width = 0;
    if (within(WIDE, ARRAY_LEN(WIDE), c)) *ret_width = 2;
    return bytes;
}

size_t columns_of(const char *s)
{
    size_t columns = 0;
    for (size_t left = strlen(s), width = 0; left > 0;) {
        size_t bytes = next(s, left, &width);
        columns += width;
        s += bytes;
        left -= bytes;
    }
    return columns;
}

size_t columns_cut(struct buf *b, const char *s, size_t width)
{
    size_t columns = 0;
    for (size_t left = strlen(s), one = 0; left > 0;) {
        size_t bytes = next(s, left, &one);
        if (columns + one > width) break;
        buf_add(b, s, bytes);
        columns += one;
        s += bytes;
        left -= bytes;
    }
    return columns;
}

/* Where the tail begins whose width is at most `width`. */
static const char *tail_of(const char *s, size_t width)
{
    size_t columns = columns_of(s);
    for (size_t one = 0; columns > width; columns -= one)
        s += next(s, strlen(s), &one);
    for (size_t one = 0, bytes = next(s, strlen(s), &one); *s && one == 0;
         bytes = next(s, strlen(s), &one))
        s += bytes; // a mark without its letter
    return s;
}

static void pad(struct buf *b, size_t from, size_t to)
{
    for (; from < to; from++)
        buf_addc(b, ' ');
}

/* "a/model-1.safetensors" less ".safetensors"; names like ".gitattributes" have no extension. */
static size_t stem_len(const char *s)
{
    const char *slash = strrchr(s, '/');
    const char *name = slash ? slash + 1 : s;
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - s) : strlen(s);
}

enum { MARK = 2, LEAST = 6 }; // ".."; narrower than LEAST, two ends say nothing

/* Both ends of `s`, which is too wide; the end is the longer one, where directories are alike. */
static size_t add_ends(struct buf *b, const char *s, size_t width)
{
    size_t tail = (width - MARK) * 2 / 3;
    size_t used = columns_cut(b, s, width - MARK - tail);
    buf_adds(b, "..");
    const char *end = tail_of(s, width - MARK - used);
    buf_adds(b, end);
    return used + MARK + columns_of(end);
}

void columns_fit(struct buf *b, const char *s, size_t width)
{
    if (columns_of(s) <= width || width < LEAST) {
        pad(b, columns_cut(b, s, width), width);
        return;
    }
    SCOPED(mem_freep) char *stem = mem_strndup(s, stem_len(s));
    size_t columns = columns_of(stem);
    if (columns + MARK <= width) {
        buf_addf(b, "%s..", stem);
        columns += MARK;
    } else if (columns <= width) {
        buf_adds(b, stem);
    } else {
        columns = add_ends(b, stem, width);
    }
    pad(b, columns, width);
}
