#include "download/spine.h"

#include "download/event.h"

enum { KEEP_ENDED_TASKS = 256 }; // of taste: what SIGUSR1 and a debugger may still want to see

enum err spine_init(struct spine *s, observe_failed_fn *on_failure, void *user, struct why *why)
{
    *s = (struct spine){0};
    enum err e = loop_new(&s->loop, why);
    s->events = callback_system_new(&(struct callback_opts){.loop = s->loop,
                                                            .values = &EVENT_VALUES,
                                                            .mode = WAIT_EVERY_VALUE,
                                                            .on_failure = on_failure,
                                                            .user = user});
    if (e) return e;
    s->tasks = tasks_new(s->loop, KEEP_ENDED_TASKS);
    s->control = control_new(s->loop);
    s->scope = scope_new(NULL, "run");
    uint64_t now = loop_now_ns(s->loop);
    resource_init(&s->session, "hub session", now);
    resource_init(&s->connections, "connections", now);
    resource_init(&s->journal, "journal", now);
    return OK;
}

void spine_move(const struct spine *s, struct resource *r, enum resource_state to,
                const char *reason)
{
    resource_move(r, to, reason, loop_now_ns(s->loop));
}

void spine_done(struct spine *s)
{
    if (s->loop) loop_close(s->loop);
    if (s->loop) loop_drain(s->loop);
    scope_close(s->scope);
    callback_free(s->control);
    callback_system_free(s->events);
    if (s->loop) loop_drain(s->loop); // whoever waited is told that it is gone
    tasks_free(s->tasks);
    loop_free(s->loop);
    *s = (struct spine){0};
}
