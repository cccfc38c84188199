/* plain.h - progress as lines, for logs and for people without a terminal: an observer. */
#ifndef SHARDFETCH_CLI_PLAIN_H
#define SHARDFETCH_CLI_PLAIN_H

#include "cli/line_writer.h"
#include "cli/note.h"
#include "download/async/observer.h"

enum { PLAIN_PROGRESS_MS = 5000 }; // of taste: a line of progress that often

struct plain { // the observer's thread
    struct view view;
    struct line_writer writer;
    enum note_level level;
    struct buf line;
    uint64_t progress_ms; // when the last line of progress was written (the run's time)
};

extern const struct observer_ops PLAIN_OPS;

void plain_init(struct plain *p, int fd, enum note_level level);
void plain_done(struct plain *p);

#endif
