/* spine.h - what all parts of one run hang on: its loop, the registry of what runs, the callbacks
 * that tell it, what the user wants of it, and the scope whose end releases everything. Made first,
 * freed last. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_SPINE_H
#define SHARDFETCH_DOWNLOAD_SPINE_H

#include "download/async/callback_system.h"
#include "download/async/scope.h"
#include "download/async/task.h"
#include "download/control.h"

struct spine {
    struct loop *loop;
    struct tasks *tasks;
    struct callback_system *events; // values: struct event; names: emit.h
    struct callback *control;
    struct id run; // the task that everything is below
    struct scope *scope;
};

/* ERR_INTERNAL: no descriptor left; then only `events` is there, so that it can be told. */
NODISCARD enum err spine_init(struct spine *s, struct why *why);
void spine_done(struct spine *s); // also of one that is all zero

#endif
