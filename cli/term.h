/* term.h - lines that are redrawn in place at the bottom of a terminal, and lines that scroll away
 * above them. The only place that knows escape codes (ECMA-48). Nothing is changed that would need
 * to be put back: no cursor hiding, no modes. One thread. */
#ifndef SHARDFETCH_CLI_TERM_H
#define SHARDFETCH_CLI_TERM_H

#include "cli/frame.h"
#include "cli/line_writer.h"
#include "download/base/buf.h"

struct term {
    struct line_writer writer;
    bool color;
    size_t drawn[FRAME_LINES_MAX]; // columns of the lines that are redrawn
    size_t drawn_count;
    struct buf out;
};

void term_init(struct term *t, int fd, bool color);
void term_done(struct term *t);
/* What there is room for now (the window may change any time): TIOCGWINSZ, else COLUMNS and LINES,
 * else 80 by 24. One column is left free, so that no terminal wraps. */
void term_size(const struct term *t, struct frame_size *ret);
/* May the terminal be drawn on? Not while we are a job in the background (POSIX, chapter 11.1.4).
 */
bool term_in_front(const struct term *t);
/* A line that stays; shown with the next term_draw. */
void term_scroll(struct term *t, enum line_style style, const char *text);
/* Replaces what is drawn; an empty frame removes it. One write. */
void term_draw(struct term *t, const struct frame *f, size_t width);

#endif
