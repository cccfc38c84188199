#include "download/emit.h"

#include "download/base/clock.h"

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

void emit_warning(const struct emitter *em, const char *code, const char *message)
{
    emit(em, (struct event){.type = EV_WARNING, .u.warning = {.code = code, .message = message}});
}
