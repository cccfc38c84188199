#include "download/base/throttle.h"

#include <stdbool.h>
#include <stddef.h>

#include "download/base/clock.h"

/* bytes · 10⁹ / rate without overflow: 2⁶⁴ ns are 584 years. */
static uint64_t cost_ns(uint64_t bytes, uint64_t rate)
{
    return bytes / rate * SECOND_NS + (uint64_t)((double)(bytes % rate) * 1e9 / (double)rate);
}

/* Of taste: nobody who sets a rate wants to wait longer for what went before. */
static const uint64_t DEBT_MOST_NS = 60 * SECOND_NS;

void throttle_set_rate(struct throttle *t, uint64_t rate, uint64_t now_ns)
{
    uint64_t old = atomic_exchange(&t->rate, rate);
    uint64_t due = atomic_load(&t->due_ns);
    uint64_t next;
    do {
        if (due <= now_ns) return;
        double owed_ns = (double)(due - now_ns);
        if (old && rate) owed_ns = owed_ns * (double)old / (double)rate;
        bool most = owed_ns > (double)DEBT_MOST_NS;
        next = now_ns + (most ? DEBT_MOST_NS : (uint64_t)owed_ns);
    } while (!atomic_compare_exchange_weak(&t->due_ns, &due, next));
}

void throttle_received(struct throttle *t, uint64_t bytes, uint64_t now_ns)
{
    uint64_t rate = t ? atomic_load(&t->rate) : 0;
    if (!rate) return;
    uint64_t earliest = now_ns > THROTTLE_CREDIT_NS ? now_ns - THROTTLE_CREDIT_NS : 0;
    uint64_t due = atomic_load(&t->due_ns);
    uint64_t next;
    do {
        next = (due > earliest ? due : earliest) + cost_ns(bytes, rate);
    } while (!atomic_compare_exchange_weak(&t->due_ns, &due, next));
}

uint64_t throttle_wait_ns(const struct throttle *t, uint64_t now_ns)
{
    if (!t || !atomic_load(&t->rate)) return 0;
    uint64_t due = atomic_load(&t->due_ns);
    return due > now_ns ? due - now_ns : 0;
}

void limits_received(const struct limits *l, uint64_t bytes, uint64_t now_ns)
{
    throttle_received(l->run, bytes, now_ns);
    throttle_received(l->user, bytes, now_ns);
    throttle_received(l->link, bytes, now_ns);
    if (l->passed) atomic_fetch_add(l->passed, bytes);
}

uint64_t limits_wait_ns(const struct limits *l, uint64_t now_ns)
{
    uint64_t run = throttle_wait_ns(l->run, now_ns);
    uint64_t user = throttle_wait_ns(l->user, now_ns);
    uint64_t link = throttle_wait_ns(l->link, now_ns);
    uint64_t most = run > user ? run : user;
    return most > link ? most : link;
}

static uint64_t smaller_rate(uint64_t rate, const struct throttle *t)
{
    uint64_t other = t ? atomic_load(&t->rate) : 0;
    if (!rate || !other) return rate + other;
    return rate < other ? rate : other;
}

uint64_t limits_rate(const struct limits *l)
{
    return smaller_rate(smaller_rate(smaller_rate(0, l->run), l->user), l->link);
}

bool limits_leave_link(const struct limits *l)
{
    uint64_t link = l->link ? atomic_load(&l->link->rate) : 0;
    return link && link == limits_rate(l);
}
