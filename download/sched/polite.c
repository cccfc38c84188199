#include "download/sched/polite.h"

#include <stdbool.h>

static const uint64_t SPAN_NS = 300 * SECOND_NS;
static const uint64_t RATE_LEAST = 64 * 1024; // so that it can find out that all is well again
/* Of taste; the test's links come to rest with them. */
static const uint64_t SETTLE_NS = SECOND_NS; // in which what is too much is to be gone
static const double GROW = 0.1;              // of the rate in a turn, at most
static const double GROW_FAST = 0.25;        // … when nobody has queued for a while
static const double KNOWN_GOOD = 0.7;        // of the rate at which the queue last grew too long
static const double FALL_MOST = 0.5;
static const uint64_t EMPTY_NS = POLITE_TARGET_NS / 4;
static const uint64_t LONG_EMPTY_NS = 2 * SECOND_NS; // in which it doubles
static const uint64_t ROOM = 2;                      // so many times what comes is out of reach
static const uint64_t FREE_NS = SECOND_NS;

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t more(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t base_of(struct polite *p, uint64_t took_ns, uint64_t now_ns)
{
    if (!p->span_ns || now_ns - p->span_ns >= SPAN_NS) {
        p->base_ns[1] = p->span_ns ? p->base_ns[0] : took_ns;
        p->base_ns[0] = took_ns;
        p->span_ns = now_ns;
    }
    p->base_ns[0] = less(p->base_ns[0], took_ns);
    return less(p->base_ns[0], p->base_ns[1]);
}

/* By which part the rate changes. `slope`: by how much the queue grew, of the time that passed: so
 * much more came than the link carries. */
static double change(uint64_t queue_ns, double slope, double grow)
{
    double target = (double)POLITE_TARGET_NS;
    double room = target - (double)queue_ns;
    double growing = slope > 0 ? slope : 0;
    double c = room >= 0 ? grow * room / target - growing : room / (double)SETTLE_NS - slope;
    if (room < 0 && c > 0) c = 0;
    return c < -FALL_MOST ? -FALL_MOST : c;
}

/* A tenth is gentle where it may be too much any moment. */
static double growth(struct polite *p, uint64_t queue_ns, uint64_t now_ns)
{
    if (queue_ns > EMPTY_NS) p->queued_ns = now_ns;
    bool free = now_ns - p->queued_ns >= LONG_EMPTY_NS;
    bool known = (double)p->rate < KNOWN_GOOD * (double)p->top;
    return free || known ? GROW_FAST : GROW;
}

/* The shorter one of two: a single late packet is no queue. */
static uint64_t queue_of(struct polite *p, uint64_t took_ns, uint64_t now_ns)
{
    uint64_t base_ns = base_of(p, took_ns, now_ns);
    uint64_t shorter_ns = p->took_ns ? less(p->took_ns, took_ns) : took_ns;
    p->took_ns = took_ns;
    return shorter_ns > base_ns ? shorter_ns - base_ns : 0;
}

static double slope_of(struct polite *p, uint64_t queue_ns, uint64_t now_ns)
{
    double grown = (double)queue_ns - (double)p->queue_ns;
    uint64_t passed_ns = p->turned_ns ? now_ns - p->turned_ns : 0;
    p->queue_ns = queue_ns;
    p->turned_ns = now_ns;
    return passed_ns ? grown / (double)passed_ns : 0;
}

static uint64_t next_rate(const struct polite *p, uint64_t bytes_per_s, double c)
{
    uint64_t from = p->rate ? p->rate : bytes_per_s;
    uint64_t rate = (uint64_t)((double)from * (1.0 + c));
    return more(rate, RATE_LEAST);
}

uint64_t polite_turn(struct polite *p, uint64_t took_ns, uint64_t bytes_per_s, uint64_t now_ns)
{
    uint64_t queue_ns = queue_of(p, took_ns, now_ns);
    bool was_longer = p->queue_ns > POLITE_TARGET_NS;
    double slope = slope_of(p, queue_ns, now_ns);
    bool longer = queue_ns > POLITE_TARGET_NS;
    if (!p->rate && !longer) return 0;
    if (longer || bytes_per_s > p->rate / ROOM) p->near_ns = now_ns;
    if (longer && !was_longer) p->top = p->rate ? p->rate : bytes_per_s;
    double grow = growth(p, queue_ns, now_ns);
    p->rate = next_rate(p, bytes_per_s, change(queue_ns, slope, grow));
    if (now_ns - p->near_ns >= FREE_NS) p->rate = 0;
    return p->rate;
}

void polite_move(struct polite *p)
{
    *p = (struct polite){.rate = p->rate, .near_ns = p->near_ns};
}
