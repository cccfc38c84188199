/* emit.h - how events leave the control thread: stamped with both clocks, handed to the one
 * observer function the run was given. */
#ifndef SHARDFETCH_DOWNLOAD_EMIT_H
#define SHARDFETCH_DOWNLOAD_EMIT_H

#include <stdint.h>

#include "download/event.h"

struct emitter {
    event_fn *fn; // may be NULL
    void *user;
    uint64_t start_ns;
};

void emit_init(struct emitter *em, event_fn *fn, void *user);
/* Fills in the times. */
void emit(const struct emitter *em, struct event e);
void emit_warning(const struct emitter *em, const char *code, const char *message);
uint64_t emit_elapsed_ms(const struct emitter *em);

#endif
