/* frame.h - a view as lines of text that fit a terminal. Pure. No escape codes: a line has a style,
 * and term.c knows what that looks like. */
#ifndef SHARDFETCH_CLI_FRAME_H
#define SHARDFETCH_CLI_FRAME_H

#include "cli/view.h"
#include "download/base/buf.h"

enum line_style { LINE_PLAIN, LINE_ACTIVE, LINE_TOTAL, LINE_GOOD, LINE_WARNING, LINE_BAD };

enum { FRAME_LINES_MAX = 64 };

struct frame_line {
    enum line_style style;
    char *text; // no wider than the frame
};

struct frame {
    struct frame_line lines[FRAME_LINES_MAX];
    size_t count;
};

struct frame_size {
    size_t width;  // columns; 0 = nothing can be shown
    size_t height; // lines, at most
    bool unicode;
};

/* A line for every file under way (as many as fit), then the total with what keeps it from being
 * faster, then what is waited for. */
void frame_draw(const struct view *v, const struct frame_size *size, uint64_t now_ms,
                struct frame *ret);
void frame_done(struct frame *f);

/* The total without its bar, of any length, for logs: "47 %, 21.3 of 45.1 GiB, …". */
void frame_total_text(const struct view *v, uint64_t now_ms, struct buf *ret);

#endif
