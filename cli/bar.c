#include "cli/bar.h"

#include "download/event.h"

static void repeat(struct buf *b, const char *s, uint64_t times)
{
    for (; times > 0; times--)
        buf_adds(b, s);
}

/* How many of `steps` are reached. */
static uint64_t reached(uint64_t part, uint64_t total, uint64_t steps)
{
    if (total == NUMBER_UNKNOWN) return 0;
    if (part >= total || steps == 0) return steps;
    uint64_t n = (uint64_t)((double)part / (double)total * (double)steps);
    return n < steps ? n : steps - 1; // rounding must not fill it
}

static void add_unicode(struct buf *b, uint64_t part, uint64_t total, size_t width)
{
    uint64_t halves = reached(part, total, width * 2);
    uint64_t full = halves / 2;
    uint64_t half = halves % 2;
    repeat(b, "━", full);
    repeat(b, "╸", half);
    repeat(b, "┄", width - full - half);
}

void bar_add(struct buf *b, uint64_t part, uint64_t total, size_t width, bool unicode)
{
    if (unicode) {
        add_unicode(b, part, total, width);
        return;
    }
    if (width < 2) {
        repeat(b, " ", width);
        return;
    }
    size_t inner = width - 2;
    uint64_t full = reached(part, total, inner);
    buf_addc(b, '[');
    repeat(b, "=", full);
    if (full < inner) buf_addc(b, '>');
    repeat(b, " ", full < inner ? inner - full - 1 : 0);
    buf_addc(b, ']');
}
