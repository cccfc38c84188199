#include "cli/term.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/columns.h"
#include "download/base/str.h"

enum { OUT_MAX = 4 * 1024 * 1024, DEFAULT_WIDTH = 80, DEFAULT_HEIGHT = 24 };

static const char *const COLORS[] = {
    [LINE_PLAIN] = "",        [LINE_ACTIVE] = "\033[36m",  [LINE_TOTAL] = "\033[1m",
    [LINE_GOOD] = "\033[32m", [LINE_WARNING] = "\033[33m", [LINE_BAD] = "\033[31m",
};
static const char COLOR_OFF[] = "\033[m";
static const char CLEAR_LINE[] = "\033[K";
static const char CLEAR_BELOW[] = "\033[J";

void term_init(struct term *t, int fd, bool color)
{
    *t = (struct term){.color = color};
    line_writer_init(&t->writer, fd);
    buf_init(&t->out, OUT_MAX);
}

void term_done(struct term *t)
{
    line_writer_done(&t->writer);
    buf_done(&t->out);
}

static size_t number_from(const char *variable, size_t otherwise)
{
    uint64_t n = 0;
    return str_u64(getenv(variable), 10000, &n) && n > 0 ? (size_t)n : otherwise;
}

void term_size(const struct term *t, struct frame_size *ret)
{
    struct winsize w = {0};
    bool known = ioctl(t->writer.fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0;
    size_t width = known ? w.ws_col : number_from("COLUMNS", DEFAULT_WIDTH);
    size_t height = known && w.ws_row > 0 ? w.ws_row : number_from("LINES", DEFAULT_HEIGHT);
    ret->width = width - 1;
    ret->height = height - 1;
}

bool term_in_front(const struct term *t)
{
    pid_t front = tcgetpgrp(t->writer.fd);
    return front < 0 || front == getpgrp(); // no terminal at all, or ours
}

/* Rows that the drawn lines take at `width`: a terminal that became narrower has wrapped them. */
static size_t drawn_rows(const struct term *t, size_t width)
{
    size_t rows = 0;
    for (size_t i = 0; i < t->drawn_count; i++)
        rows += t->drawn[i] > width ? (t->drawn[i] + width) / (width + 1) : 1;
    return rows;
}

static void add_line(struct term *t, enum line_style style, const char *text)
{
    bool color = t->color && COLORS[style][0];
    if (color) buf_adds(&t->out, COLORS[style]);
    buf_adds(&t->out, text);
    if (color) buf_adds(&t->out, COLOR_OFF);
    buf_adds(&t->out, CLEAR_LINE);
    buf_addc(&t->out, '\n');
}

void term_scroll(struct term *t, enum line_style style, const char *text)
{
    add_line(t, style, text);
}

void term_draw(struct term *t, const struct frame *f, size_t width)
{
    struct buf home;
    buf_init(&home, 64);
    size_t rows = drawn_rows(t, width);
    if (rows > 0) buf_addf(&home, "\r\033[%zuA", rows);
    for (size_t i = 0; i < f->count; i++) {
        add_line(t, f->lines[i].style, f->lines[i].text);
        t->drawn[i] = columns_of(f->lines[i].text);
    }
    t->drawn_count = f->count;
    buf_adds(&t->out, CLEAR_BELOW);
    line_writer_put(&t->writer, buf_str(&home), home.len);
    line_writer_put(&t->writer, buf_str(&t->out), t->out.len);
    buf_done(&home);
    buf_reset(&t->out);
}
