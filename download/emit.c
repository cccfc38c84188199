#include "download/emit.h"

#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"

void emit_init(struct emitter *em, struct callback_system *events)
{
    *em = (struct emitter){.events = events,
                           .all = callback_system_register(events, CALLBACK_EVENT),
                           .start_ns = clock_now_ns()};
}

uint64_t emit_elapsed_ms(const struct emitter *em)
{
    return (clock_now_ns() - em->start_ns) / MILLI_NS;
}

void emit(const struct emitter *em, struct event e)
{
    e.wall_ms = clock_wall_ms();
    e.mono_ms = emit_elapsed_ms(em);
    callback_set(em->all, &e);
    callback_system_trigger(em->events, event_type_word(e.type), &e);
}

#define OBSERVER_WARNING "observer"

void emit_observer_failed(void *emitter, const void *event, enum err e, const struct why *why)
{
    struct emitter *em = emitter;
    const struct event *at = event;
    if (!em->all || at->type == EV_RESULT) return;
    if (at->type == EV_WARNING && !strcmp(at->u.warning.code, OBSERVER_WARNING)) return;
    if (!strcmp(em->last_failure.text, why->text)) return;
    em->last_failure = *why;
    SCOPED(mem_freep)
    char *text = mem_printf("an observer failed at %s: %s", event_type_word(at->type),
                            why->text[0] ? why->text : err_word(e));
    emit_warning(em, OBSERVER_WARNING, text);
}

void emit_warning(const struct emitter *em, const char *code, const char *message)
{
    emit(em, (struct event){.type = EV_WARNING, .u.warning = {.code = code, .message = message}});
}
