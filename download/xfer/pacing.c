#include "download/xfer/pacing.h"

#include <stdbool.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/base/throttle.h"
#include "download/xfer/attempt.h"

/* Measured at 200 MiB/s over 8 connections: shorter ones cost, longer ones gain nothing. */
#define QUANTUM_NS (20 * MILLI_NS)
static const uint64_t CLAIM_NS = 2 * QUANTUM_NS; // until the next turn of its shard
enum { READ_LEAST = 16 * 1024 };                 // libcurl hands out no more at once anyhow

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

static bool may_go_on(const struct limits *l, const struct attempt *a, uint64_t now_ns)
{
    if (!a->resting) return false;
    return now_ns - a->rested_ns >= PACING_TURN_NS ||
           !precedence_yields(l->precedence, a->exchange->rank, now_ns);
}

/* Those that go on are the last in line afterwards. */
static void wake_some(const struct limits *l, struct list *running, uint64_t now_ns)
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
        bool go_on = a->resting;
        if (limited) go_on = (!taken || taken < budget) && may_go_on(l, a, now_ns);
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

/* Tells the other shards of what these here are short. */
static void claim(const struct limits *l, const struct list *running, uint64_t wait_ns,
                  uint64_t now_ns)
{
    bool runs[PRECEDENCE_RANKS] = {false};
    bool rests[PRECEDENCE_RANKS] = {false};
    list_each (node, running) {
        const struct attempt *a = container_of(node, struct attempt, node);
        if (!a->exchange || !a->exchange->sink) continue;
        runs[a->exchange->rank] = true;
        rests[a->exchange->rank] |= a->resting;
    }
    for (unsigned rank = 0; rank < PRECEDENCE_RANKS; rank++) {
        if (rests[rank]) {
            precedence_claim(l->precedence, rank, now_ns + wait_ns + CLAIM_NS);
        } else if (runs[rank] && !wait_ns) {
            precedence_waive(l->precedence, rank);
        }
    }
}

int pacing_turn(const struct limits *l, struct list *running, int most_ms)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t wait_ns = limits_wait_ns(l, now_ns);
    if (wait_ns > QUANTUM_NS) rest_all(running);
    if (l->precedence && limits_rate(l)) claim(l, running, wait_ns, now_ns);
    if (!any_rests(running)) return most_ms;
    if (!wait_ns) wake_some(l, running, now_ns);
    if (!any_rests(running)) return most_ms;
    if (!wait_ns) wait_ns = QUANTUM_NS / 4; // those that go on may leave something
    return wait_ns < (uint64_t)most_ms * MILLI_NS ? (int)(wait_ns / MILLI_NS) + 1 : most_ms;
}
