#include "download/xfer/pacing.h"

#include <stdbool.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/base/throttle.h"
#include "download/xfer/attempt.h"

/* Measured at 200 MiB/s over 8 connections: shorter ones cost, longer ones gain nothing. */
static const uint64_t QUANTUM_NS = 20 * MILLI_NS;
enum { READ_LEAST = 16 * 1024 }; // libcurl hands out no more at once anyhow

static uint64_t quantum_bytes(const struct limits *l)
{
    uint64_t per_s = limits_rate(l);
    return (uint64_t)((double)per_s * (double)QUANTUM_NS / (double)SECOND_NS);
}

long pacing_read_bytes(const struct limits *l, long most)
{
    uint64_t bytes = quantum_bytes(l);
    if (!limits_rate(l) || bytes > (uint64_t)most) return most;
    return bytes < READ_LEAST ? READ_LEAST : (long)bytes;
}

static void rest_all(struct list *running)
{
    list_each (node, running)
        attempt_rest(container_of(node, struct attempt, node));
}

/* Those that go on are the last in line afterwards. */
static void wake_some(const struct limits *l, struct list *running)
{
    struct list waiting;
    list_init(&waiting);
    list_splice(&waiting, running);
    bool limited = limits_rate(l) != 0;
    uint64_t budget = quantum_bytes(l);
    uint64_t taken = 0;
    struct list woken;
    list_init(&woken);
    struct list *node;
    while ((node = list_pop(&waiting))) {
        struct attempt *a = container_of(node, struct attempt, node);
        bool go_on = a->resting && (!limited || !taken || taken < budget);
        list_add_tail(go_on ? &woken : running, node);
        if (go_on) taken += a->read_bytes;
    }
    while ((node = list_pop(&woken))) {
        list_add_tail(running, node);
        attempt_go_on(container_of(node, struct attempt, node));
    }
}

static bool any_rests(const struct list *running)
{
    list_each (node, running) {
        if (container_of(node, struct attempt, node)->resting) return true;
    }
    return false;
}

int pacing_turn(const struct limits *l, struct list *running, int most_ms)
{
    uint64_t wait_ns = limits_wait_ns(l, clock_now_ns());
    if (wait_ns > QUANTUM_NS) rest_all(running);
    if (!any_rests(running)) return most_ms;
    if (!wait_ns) wake_some(l, running);
    if (!any_rests(running)) return most_ms;
    return wait_ns < (uint64_t)most_ms * MILLI_NS ? (int)(wait_ns / MILLI_NS) + 1 : most_ms;
}
