/* view.h - what a person would want to know right now, learned from events alone. Pure: time comes
 * with the events (mono_ms). Names are cleaned here (clean.h), so that all that shows them may. */
#ifndef SHARDFETCH_CLI_VIEW_H
#define SHARDFETCH_CLI_VIEW_H

#include <stddef.h>

#include "cli/meter.h"
#include "download/event.h"

enum { VIEW_WAIT_MAX = 64 };

struct view_file {
    uint64_t id;
    char *name; // cleaned
    uint64_t downloaded, total;
    enum file_status status;
    struct meter meter;
};

struct view {
    bool planned; // the plan is known: before, there is only the source
    char *source; // cleaned
    enum file_status status;
    uint64_t files_total, files_done;
    uint64_t bytes_done, bytes_total;
    uint64_t connections;
    char waiting_for[VIEW_WAIT_MAX]; // "" = not waiting
    char why_slow[VIEW_WAIT_MAX];    // what it would have to wait for less; "" = not known
    struct meter meter;              // of this session's bytes
    struct view_file *files;         // files[0..file_count): those under way, oldest first
    size_t file_count;
};

void view_init(struct view *v);
void view_done(struct view *v);
void view_apply(struct view *v, const struct event *e);
/* NULL: not under way. */
const struct view_file *view_find(const struct view *v, uint64_t id);

#endif
