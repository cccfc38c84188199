/* plan_table.h - what `plan` prints: a row for every file (state, bytes, kind of digest, name),
 * then the totals. Collected while the run goes on, printed when it is over: standard output may be
 * a pager that nobody reads on in. */
#ifndef SHARDFETCH_CLI_PLAN_TABLE_H
#define SHARDFETCH_CLI_PLAN_TABLE_H

#include "download/base/buf.h"
#include "download/event.h"

struct plan_table { // the control thread, then main
    struct buf rows;
    struct buf totals;
};

void plan_table_init(struct plan_table *t);
void plan_table_done(struct plan_table *t);
/* Takes plan and plan_file, ignores the rest. */
void plan_table_add(struct plan_table *t, const struct event *e);

#endif
