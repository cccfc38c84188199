#include "download/sched/polite.h"

#include <criterion/criterion.h>

#include "download/base/rng.h"
#include "download/base/scoped.h"

enum { TURN_MS = 250, STEP_MS = 10, MS = 1000 };
#define BASE_NS    (20 * MILLI_NS)
#define DEEP_NS    (300 * MILLI_NS) // what the queue holds; what is beyond is lost
#define BUFFERS_NS (500 * MILLI_NS) // of the link's bytes: what our own buffers take in unread

/* A link with a queue. What we do not read piles up in our own buffers first, and the sender stops
 * when they are full; the neighbour sends what it likes. Bytes, in steps of 10 ms. */
struct link {
    struct polite p;
    double per_s, others_per_s;
    double ours, others; // in the queue
    double unread;
    double read;    // in this turn
    double late_ns; // a packet, besides
    uint64_t now_ns;
};

static struct link link_of(double mbit_per_s)
{
    struct link l = {.per_s = mbit_per_s * 1e6 / 8, .now_ns = SECOND_NS};
    polite_turn(&l.p, BASE_NS, 1, l.now_ns); // the first packets meet no queue
    return l;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* Senders go as fast as they can, twice the link, while there is room where they send to. */
static void step(struct link *l)
{
    double dt = (double)STEP_MS / MS;
    double room = l->per_s * (double)BUFFERS_NS / 1e9 - l->unread - l->ours;
    l->ours += least(2 * l->per_s * dt, room > 0 ? room : 0);
    l->others += l->others_per_s * dt;
    double queue = l->ours + l->others;
    double carried = least(queue, l->per_s * dt);
    double left = least(queue - carried, l->per_s * (double)DEEP_NS / 1e9);
    double part = queue > 0 ? l->ours / queue : 0;
    double limit = l->p.rate ? (double)l->p.rate * dt : 1e18;
    double got = least(l->unread + carried * part, limit);
    l->unread += carried * part - got;
    l->ours = left * part;
    l->others = left - l->ours;
    l->read += got;
}

/* The queue that a packet met at the end of it. */
static uint64_t turn(struct link *l)
{
    l->read = 0;
    for (int i = 0; i < TURN_MS / STEP_MS; i++)
        step(l);
    l->now_ns += TURN_MS * MILLI_NS;
    uint64_t queue_ns = (uint64_t)((l->ours + l->others) / l->per_s * 1e9);
    uint64_t came = (uint64_t)(l->read * MS / TURN_MS);
    polite_turn(&l->p, BASE_NS + queue_ns + (uint64_t)l->late_ns, came, l->now_ns);
    return queue_ns;
}

static void turns(struct link *l, int count, double *ret_queue_ms, double *ret_share)
{
    double queue = 0, read = 0;
    for (int i = 0; i < count; i++) {
        queue += (double)turn(l) / 1e6;
        read += l->read;
    }
    if (ret_queue_ms) *ret_queue_ms = queue / count;
    if (ret_share) *ret_share = read / (l->per_s * count * TURN_MS / MS);
}

static const double LINKS[] = {10, 100, 1000};

Test(polite, a_link_that_is_not_full_is_not_limited)
{
    struct polite p = {0};
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t took_ns = BASE_NS + i % 10 * 5 * MILLI_NS;
        cr_expect_eq(polite_turn(&p, took_ns, 1000000, SECOND_NS * (i + 1)), 0);
    }
}

Test(polite, alone_it_keeps_the_queue_short_and_the_link_busy)
{
    for (size_t i = 0; i < ARRAY_LEN(LINKS); i++) {
        struct link l = link_of(LINKS[i]);
        double queue_ms, share;
        turns(&l, 40, NULL, NULL);
        turns(&l, 200, &queue_ms, &share);
        uint64_t longest_ns = 0;
        for (int n = 0; n < 200; n++) {
            uint64_t queue_ns = turn(&l);
            if (queue_ns > longest_ns) longest_ns = queue_ns;
        }
        cr_expect_lt(longest_ns, 2 * POLITE_TARGET_NS, "%g Mbit/s: %g ms", LINKS[i],
                     (double)longest_ns / 1e6);
        cr_expect_lt(queue_ms, 80, "%g Mbit/s: %g ms", LINKS[i], queue_ms);
        cr_expect_gt(share, 0.9, "%g Mbit/s: %g", LINKS[i], share);
    }
}

Test(polite, it_leaves_the_link_to_others_and_comes_back_within_seconds)
{
    for (size_t i = 0; i < ARRAY_LEN(LINKS); i++) {
        struct link l = link_of(LINKS[i]);
        double share;
        turns(&l, 80, NULL, NULL);
        l.others_per_s = l.per_s * 0.8;
        turns(&l, 40, NULL, NULL);
        turns(&l, 40, NULL, &share);
        cr_expect_lt(share, 0.3, "%g Mbit/s: %g of 0.2", LINKS[i], share);
        l.others_per_s = l.per_s * 1.2; // it takes all that there is, and keeps the queue full
        turns(&l, 80, NULL, NULL);
        turns(&l, 40, NULL, &share);
        cr_expect_lt(share, 0.1, "%g Mbit/s: %g of nothing", LINKS[i], share);
        l.others_per_s = 0;
        turns(&l, 60, NULL, NULL);
        turns(&l, 20, NULL, &share);
        cr_expect_gt(share, 0.8, "%g Mbit/s: %g of all", LINKS[i], share);
    }
}

/* One packet in five is late by up to as much as the whole queue could make it. */
Test(polite, late_packets_do_not_slow_it_down_much)
{
    struct rng r = {7};
    struct link l = link_of(100);
    double share = 0;
    for (int i = 0; i < 240; i++) {
        bool late = rng_below(&r, 5) == 0;
        l.late_ns = (double)rng_below(&r, (late ? 300 : 10) * MILLI_NS);
        turn(&l);
        if (i >= 40) share += l.read / (l.per_s * TURN_MS / MS) / 200;
    }
    cr_expect_gt(share, 0.7, "%g", share);
}

Test(polite, a_longer_route_is_taken_for_a_queue_for_some_minutes_only)
{
    struct polite p = {0};
    uint64_t now = SECOND_NS, rate = 0;
    uint64_t longer_ns = 2 * BASE_NS + POLITE_TARGET_NS;
    polite_turn(&p, BASE_NS, 1000000, now);
    for (int i = 0; i < 200; i++)
        rate = polite_turn(&p, longer_ns, rate ? rate : 1000000, now += SECOND_NS);
    cr_expect_lt(rate, 500000);
    for (int i = 0; i < 500; i++)
        rate = polite_turn(&p, longer_ns, rate ? rate : 1000000, now += SECOND_NS);
    cr_expect(!rate || rate > 1000000, "%llu", (unsigned long long)rate);
}

Test(polite, a_shorter_route_is_known_at_once)
{
    struct polite p = {0};
    uint64_t now = SECOND_NS;
    polite_turn(&p, 200 * MILLI_NS, 1000000, now);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(polite_turn(&p, BASE_NS, 1000000, now += POLITE_TURN_NS), 0);
    polite_turn(&p, 150 * MILLI_NS, 1000000, now += POLITE_TURN_NS);
    cr_expect_gt(polite_turn(&p, 150 * MILLI_NS, 1000000, now += POLITE_TURN_NS), 0);
}

Test(polite, of_another_server_it_knows_nothing)
{
    struct polite p = {0};
    uint64_t now = SECOND_NS;
    polite_turn(&p, BASE_NS, 1000000, now);
    polite_move(&p);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(polite_turn(&p, 200 * MILLI_NS, 1000000, now += POLITE_TURN_NS), 0);
}

/* It may be somebody else who makes way. */
Test(polite, while_the_queue_is_too_long_it_takes_no_more)
{
    struct polite p = {0};
    uint64_t now = SECOND_NS;
    polite_turn(&p, BASE_NS, 1000000, now);
    uint64_t rate = 1000000;
    for (uint64_t ms = 300; ms >= 100; ms -= 50) {
        polite_turn(&p, ms * MILLI_NS, rate, now += POLITE_TURN_NS);
        if (p.rate) cr_expect_leq(p.rate, rate, "%d ms", (int)ms);
        if (p.rate) rate = p.rate;
    }
    cr_expect_lt(rate, 1000000);
}

/* The server has no more: a limit that does nothing is none. */
Test(polite, a_limit_that_is_not_reached_is_lifted)
{
    struct polite p = {0};
    uint64_t now = SECOND_NS;
    polite_turn(&p, BASE_NS, 1000000, now);
    for (int i = 0; i < 3; i++)
        polite_turn(&p, 200 * MILLI_NS, 1000000, now += POLITE_TURN_NS);
    cr_expect_gt(p.rate, 0);
    for (int i = 0; i < 40; i++)
        polite_turn(&p, BASE_NS, 100000, now += POLITE_TURN_NS);
    cr_expect_eq(p.rate, 0);
}
