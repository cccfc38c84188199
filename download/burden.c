#include "download/burden.h"

#include "download/base/clock.h"
#include "download/base/scoped.h"

static const uint64_t TURN_NS = SECOND_NS;

static void tell_absence(struct burden *b)
{
    if (b->told || gauges_any(&b->gauges)) return;
    b->told = true;
    emit_warning(b->emitter, "no-pressure",
                 "the kernel does not tell what the machine is short of (PSI); a run does not "
                 "take less for it");
}

static void tell_hold(const struct burden *b)
{
    emit(b->emitter, (struct event){.type = EV_WAIT,
                                    .u.wait = {.wait_ms = NUMBER_UNKNOWN, .cause = "pressure"}});
}

static void on_turn(struct timer *t)
{
    struct burden *b = container_of(t, struct burden, timer);
    uint64_t now_ns = loop_now_ns(b->loop);
    timer_set(b->loop, t, now_ns + TURN_NS);
    tell_absence(b);
    struct pressure_reading r;
    gauges_read(&b->gauges, &r);
    bool held = burden_holds(b);
    if (!pressure_turn(&b->pressure, &r, now_ns)) return;
    if (!held && burden_holds(b)) tell_hold(b);
    b->changed(b->user);
}

enum err burden_start(struct burden *b, const char *yield_to, struct why *why)
{
    enum err e = gauges_open(&b->gauges, yield_to, why);
    if (e) return e;
    struct pressure_reading r;
    gauges_read(&b->gauges, &r);
    uint64_t now_ns = loop_now_ns(b->loop);
    pressure_init(&b->pressure, &r, now_ns);
    timer_init(&b->timer, on_turn);
    timer_set(b->loop, &b->timer, now_ns + TURN_NS);
    return OK;
}

void burden_end(struct burden *b)
{
    timer_cancel(&b->timer);
    gauges_close(&b->gauges);
}

bool burden_holds(const struct burden *b)
{
    return b->pressure.hold;
}

unsigned burden_connections(const struct burden *b, unsigned most)
{
    return pressure_connections(&b->pressure, most);
}
