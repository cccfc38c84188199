/* live.h - the view on a terminal: an observer that redraws at most ten times a second. */
#ifndef SHARDFETCH_CLI_LIVE_H
#define SHARDFETCH_CLI_LIVE_H

#include <semaphore.h>
#include <stdatomic.h>

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
    /* any thread */
    atomic_bool resting; // nothing is drawn
    atomic_bool redraw;  // the window or what is on it has changed
    sem_t at_rest;       // posted when the drawing is gone
};

extern const struct observer_ops LIVE_OPS;

void live_init(struct live *l, int fd, bool color, enum note_level level);
void live_done(struct live *l);

/* From another thread, each with a nudge of the observer after it. */
void live_rest(struct live *l);          // the drawing goes, until live_redraw
void live_wait_for_rest(struct live *l); // half a second at most: the terminal may be stuck
void live_redraw(struct live *l);

#endif
