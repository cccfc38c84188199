#include "download/courtesy.h"

#include <string.h>

#include "download/base/clock.h"

static const uint64_t ANSWER_MOST_NS = SECOND_NS; // TCP asks again then
static const uint64_t SILENT_NS = SECOND_NS;      // no bytes come any more
/* Of taste: of ten in a row no queue drops all. */
enum { TRIES_FIRST = 3, TRIES_LATER = 10 };

static void knock(struct courtesy *c);

static bool same_door(const struct door *a, const struct door *b)
{
    return a->port == b->port && strcmp(a->address, b->address) == 0;
}

static bool knocking(const struct courtesy *c)
{
    return c->knock.fd >= 0;
}

static bool bytes_come(const struct courtesy *c)
{
    return loop_now_ns(c->loop) - c->heard_ns < SILENT_NS;
}

/* Bytes per second since the last turn. */
static uint64_t measure(struct courtesy *c, uint64_t now_ns)
{
    uint64_t passed = atomic_load(c->limits->passed);
    uint64_t bytes = passed - c->passed;
    uint64_t span_ns = now_ns - c->passed_ns;
    c->passed = passed;
    c->passed_ns = now_ns;
    return span_ns ? (uint64_t)((double)bytes * (double)SECOND_NS / (double)span_ns) : 0;
}

static void learn(struct courtesy *c, uint64_t took_ns)
{
    uint64_t now_ns = loop_now_ns(c->loop);
    uint64_t rate = polite_turn(&c->polite, took_ns, measure(c, now_ns), now_ns);
    throttle_set_rate(c->limits->link, rate, clock_now_ns());
}

static void give_up(struct courtesy *c)
{
    c->hopeless = true;
    throttle_set_rate(c->limits->link, 0, clock_now_ns());
    if (c->told) return;
    c->told = true;
    emit_warning(c->emitter, "polite",
                 "the server does not let it be measured how long packets take, so nothing is done "
                 "for others on the link");
}

static void end_turn(struct courtesy *c)
{
    watch_cancel(&c->watch);
    knock_end(&c->knock);
    timer_cancel(&c->timer);
    uint64_t now_ns = loop_now_ns(c->loop);
    uint64_t next_ns = c->knock.began_ns + POLITE_TURN_NS;
    if (!c->hopeless) timer_set(c->loop, &c->timer, next_ns > now_ns ? next_ns : now_ns);
}

static void not_answered(struct courtesy *c)
{
    unsigned most = c->answered ? TRIES_LATER : TRIES_FIRST;
    if (++c->unanswered >= most) give_up(c);
    end_turn(c);
}

static void on_answer(struct watch *w)
{
    struct courtesy *c = container_of(w, struct courtesy, watch);
    uint64_t took_ns = 0;
    if (knock_look(&c->knock, loop_now_ns(c->loop), &took_ns) != KNOCK_OPEN) {
        not_answered(c);
        return;
    }
    c->answered = true;
    c->unanswered = 0;
    learn(c, took_ns);
    end_turn(c);
}

static void on_timer(struct timer *t)
{
    struct courtesy *c = container_of(t, struct courtesy, timer);
    if (!knocking(c)) {
        if (bytes_come(c)) knock(c);
        return;
    }
    if (c->answered) learn(c, ANSWER_MOST_NS);
    not_answered(c);
}

static void knock(struct courtesy *c)
{
    uint64_t now_ns = loop_now_ns(c->loop);
    knock_start(&c->knock, &c->door, now_ns);
    if (!knocking(c)) {
        not_answered(c);
        return;
    }
    watch_set(c->loop, &c->watch, c->knock.fd, on_answer);
    timer_set(c->loop, &c->timer, now_ns + ANSWER_MOST_NS);
}

static void move_to(struct courtesy *c, const struct door *door)
{
    c->door = *door;
    c->answered = c->hopeless = false;
    c->unanswered = 0;
    polite_move(&c->polite);
}

void courtesy_heard(struct courtesy *c, const struct door *from)
{
    if (!c->limits->link || !from->address[0]) return;
    uint64_t now_ns = loop_now_ns(c->loop);
    bool same = same_door(&c->door, from);
    if (!same && (knocking(c) || bytes_come(c))) return;
    if (!same) move_to(c, from);
    c->heard_ns = now_ns;
    if (c->hopeless || knocking(c) || timer_is_set(&c->timer)) return;
    measure(c, now_ns);
    knock(c);
}

void courtesy_start(struct courtesy *c)
{
    timer_init(&c->timer, on_timer);
    c->knock.fd = -1;
}

void courtesy_end(struct courtesy *c)
{
    timer_cancel(&c->timer);
    watch_cancel(&c->watch);
    knock_end(&c->knock);
}
