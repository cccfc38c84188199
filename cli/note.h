/* note.h - an event as one line for people that stays: a file is done, a try failed, a warning.
 * Pure. Whatever comes from outside is cleaned. */
#ifndef SHARDFETCH_CLI_NOTE_H
#define SHARDFETCH_CLI_NOTE_H

#include "cli/frame.h"
#include "cli/view.h"
#include "download/base/buf.h"

enum note_level {
    NOTE_ASKED_FOR, // only what somebody asks for by a signal
    NOTE_PROBLEMS,  // warnings and failed files
    NOTE_ALL,
    NOTE_VERBOSE, // and what a run took
};

/* Adds the line without a line feed and says its style; false: nothing to tell. `v` is what was
 * known before the event. */
bool note_add(const struct view *v, const struct event *e, enum note_level level, struct buf *ret,
              enum line_style *ret_style);

/* One line of what runs, indented by its depth: kind, name, since when. */
void note_task(const struct task_row *row, struct buf *ret);
void note_resource(const struct resource_row *row, struct buf *ret);

#endif
