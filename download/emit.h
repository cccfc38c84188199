/* emit.h - how events leave the control thread: stamped with both clocks, set in the callback of
 * all events and in the one of their type. */
#ifndef SHARDFETCH_DOWNLOAD_EMIT_H
#define SHARDFETCH_DOWNLOAD_EMIT_H

#include <stdint.h>

#include "download/async/callback_system.h"
#include "download/event.h"

/* The callback of every event; those of one type have its word as name ("file_done"). */
#define CALLBACK_EVENT "event"

struct emitter {
    struct callback_system *events;
    struct callback *all;
    uint64_t start_ns;
    struct why last_failure; // of an observer
};

void emit_init(struct emitter *em, struct callback_system *events);
/* Fills in the times. */
void emit(const struct emitter *em, struct event e);
void emit_warning(const struct emitter *em, const char *code, const char *message);
/* on_failure of the callbacks: an observer that fails is told as a warning ("observer"), the same
 * words in a row once. Not one of the result, after which nothing comes, or of such a warning. */
void emit_observer_failed(void *emitter, const void *event, enum err e, const struct why *why);
uint64_t emit_elapsed_ms(const struct emitter *em);

#endif
