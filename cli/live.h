/* live.h - the view on a terminal: an observer that redraws at most ten times a second. */
#ifndef SHARDFETCH_CLI_LIVE_H
#define SHARDFETCH_CLI_LIVE_H

#include "cli/note.h"
#include "cli/term.h"
#include "download/async/observer.h"

struct live { // the observer's thread
    struct view view;
    struct term term;
    struct buf note;
    enum note_level level;
    bool unicode;
    bool changed;      // since the last drawing
    bool over;         // the result was told
    uint64_t drawn_ns; // when
    uint64_t skew_ns;  // monotonic clock at the run's start, for the age of rates
};

extern const struct observer_ops LIVE_OPS;

void live_init(struct live *l, int fd, bool color, enum note_level level);
void live_done(struct live *l);

#endif
