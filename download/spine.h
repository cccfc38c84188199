/* spine.h - what all parts of one run hang on: its loop, the registry of what runs, the callbacks
 * that tell it, what the user wants of it, and the scope whose end releases everything. Made first,
 * freed last. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_SPINE_H
#define SHARDFETCH_DOWNLOAD_SPINE_H

#include "download/async/callback_system.h"
#include "download/async/resource.h"
#include "download/async/scope.h"
#include "download/async/task.h"
#include "download/control.h"

struct spine {
    struct loop *loop;
    struct tasks *tasks;
    struct callback_system *events; // values: struct event; names: emit.h
    struct callback *control;
    struct id run;               // the task that everything is below
    struct resource session;     // calls to the Hub
    struct resource connections; // that bodies come over
    struct resource journal;     // what is known of partials
    struct scope *scope;
};

/* `on_failure`: of observers of the events. ERR_INTERNAL: no descriptor left; then only `events` is
 * there, so that it can be told. */
NODISCARD enum err spine_init(struct spine *s, observe_failed_fn *on_failure, void *user,
                              struct why *why);
/* One of the three comes into another state; where there is no such way nothing happens. */
void spine_move(const struct spine *s, struct resource *r, enum resource_state to,
                const char *reason);
void spine_done(struct spine *s); // also of one that is all zero

#endif
