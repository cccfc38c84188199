/* The controller's rules one by one; how well it finds its way is sim_test.c's. */
#include "download/sched/ramp.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"

#define MB    1e6
#define MIB   (UINT64_C(1) << 20)
#define START (1000 * SECOND_NS)

/* An origin that gives each connection so much, up to so many of them. */
struct line {
    struct ramp ramp;
    uint64_t now_ns;
    double bytes;
    double each;
    unsigned worth; // more bring nothing
    unsigned bears; // more bring a crawl; 0 = any
    unsigned room;  // more find nothing to do; 0 = any
    bool limited;
};

static struct ramp_advice tick(struct line *l, unsigned refusals)
{
    unsigned n = l->ramp.advice.connections;
    if (l->room && n > l->room) n = l->room;
    unsigned useful = n < l->worth ? n : l->worth;
    double rate = l->each * useful;
    if (l->bears && n > l->bears) rate = l->each / 10;
    l->now_ns += RAMP_TICK_NS;
    l->bytes += rate * (double)RAMP_TICK_NS / (double)SECOND_NS;
    struct ramp_facts f = {.bytes = (uint64_t)l->bytes,
                           .running = n,
                           .refusals = refusals,
                           .limited = l->limited,
                           .addresses = 1};
    return ramp_tick(&l->ramp, &f, l->now_ns);
}

static struct ramp_advice pass(struct line *l, unsigned seconds)
{
    struct ramp_advice a = l->ramp.advice;
    for (unsigned i = 0; i < seconds * SECOND_NS / RAMP_TICK_NS; i++)
        a = tick(l, 0);
    return a;
}

static struct line line(unsigned pinned, double each, unsigned worth)
{
    struct line l = {.now_ns = START, .each = each, .worth = worth};
    ramp_init(&l.ramp, pinned, RAMP_MOST, NULL, START);
    return l;
}

Test(ramp, it_climbs_while_goodput_climbs)
{
    struct line l = line(0, 20 * MB, 1000);
    cr_expect_eq(l.ramp.advice.connections, RAMP_FIRST);
    cr_expect_eq(pass(&l, 6).connections, RAMP_MOST);
}

Test(ramp, it_looks_more_often_while_it_climbs)
{
    struct line l = line(0, 20 * MB, 20);
    cr_expect_eq(ramp_tick_ns(&l.ramp), RAMP_QUICK_NS);
    cr_expect_not(ramp_due(&l.ramp, 4 * MIB, START + RAMP_QUICK_NS - 1));
    cr_expect(ramp_due(&l.ramp, 4 * MIB, START + RAMP_QUICK_NS));
    cr_expect_not(ramp_due(&l.ramp, MIB, START + RAMP_QUICK_NS), "too few to measure anything");
    cr_expect(ramp_due(&l.ramp, MIB, START + RAMP_CLIMB_NS));
    l.limited = true;
    pass(&l, 1);
    cr_expect_eq(ramp_tick_ns(&l.ramp), RAMP_TICK_NS, "there is nothing to be learned");
    l.limited = false;
    pass(&l, 20);
    cr_expect_eq(ramp_tick_ns(&l.ramp), RAMP_TICK_NS);
    uint64_t bytes = UINT64_MAX; // however many
    cr_expect_not(ramp_due(&l.ramp, bytes, l.now_ns + RAMP_TICK_NS - 1), "also when others climb");
    cr_expect(ramp_due(&l.ramp, bytes, l.now_ns + RAMP_TICK_NS));
    l = line(5, 20 * MB, 20);
    cr_expect_eq(ramp_tick_ns(&l.ramp), RAMP_TICK_NS, "there is nothing to find out");
}

static unsigned next_level(struct line *l)
{
    unsigned before = l->ramp.advice.connections;
    for (unsigned i = 0; i < 100 && l->ramp.advice.connections == before; i++)
        tick(l, 0);
    return l->ramp.advice.connections;
}

Test(ramp, it_leaps_when_twice_as_many_brought_twice_as_much)
{
    struct line l = line(0, 20 * MB, 1000);
    cr_expect_eq(next_level(&l), 2 * RAMP_FIRST);
    cr_expect_eq(next_level(&l), 8 * RAMP_FIRST);
    l = line(0, 20 * MB, 13);
    cr_expect_eq(next_level(&l), 2 * RAMP_FIRST);
    cr_expect_eq(next_level(&l), 4 * RAMP_FIRST, "more, but not that much");
}

Test(ramp, the_first_level_is_measured_as_soon_as_it_answers)
{
    struct line l = line(0, 20 * MB, 1000);
    struct ramp_facts f = {.running = RAMP_FIRST, .addresses = 1};
    cr_expect_not(ramp_tick(&l.ramp, &f, START + RAMP_CLIMB_NS).changed);
    f.ttfb_ns = RAMP_QUICK_NS;
    cr_expect_not(ramp_tick(&l.ramp, &f, START + 2 * RAMP_CLIMB_NS).changed,
                  "it began before that");
    f.bytes = 8 * MIB;
    cr_expect(ramp_tick(&l.ramp, &f, START + 3 * RAMP_CLIMB_NS).changed);
}

Test(ramp, it_goes_back_to_what_the_goodput_was_worth)
{
    struct line l = line(0, 20 * MB, 20);
    unsigned n = pass(&l, 20).connections;
    cr_expect(n >= 18 && n <= 28, "%u", n);
}

Test(ramp, a_number_that_cannot_be_reached_is_judged_by_those_that_run)
{
    struct line l = line(0, 20 * MB, 1000);
    l.room = 13;
    l.bears = RAMP_FIRST;
    struct ramp_advice a = pass(&l, 3);
    cr_expect(a.connections <= RAMP_FIRST, "%u of them crawl", a.connections);
    l = line(0, 20 * MB, 1000);
    l.room = 13;
    cr_expect_eq(pass(&l, 4).connections, l.room, "and where they do no harm they stay");
}

Test(ramp, a_climb_that_finds_nothing_more_to_do_is_given_up)
{
    struct line l = line(0, 20 * MB, 1000);
    l.room = RAMP_FIRST;
    cr_expect_eq(pass(&l, 2).connections, 2 * RAMP_FIRST);
    cr_expect_eq(pass(&l, 3).connections, RAMP_FIRST);
    l.room = 0;
    unsigned n = pass(&l, 30).connections;
    cr_expect_gt(n, 4 * RAMP_FIRST, "until there is: %u", n);
}

Test(ramp, a_pinned_number_stays)
{
    struct line l = line(5, 20 * MB, 1000);
    cr_expect_eq(pass(&l, 30).connections, 5);
    cr_expect_eq(tick(&l, 3).connections, 5, "also when some are refused");
}

Test(ramp, a_refusal_takes_it_down_at_once_and_is_remembered)
{
    struct line l = line(0, 20 * MB, 1000);
    unsigned before = pass(&l, 6).connections;
    struct ramp_advice a = tick(&l, 1);
    cr_expect_eq(a.cause, RAMP_REFUSED);
    cr_expect_eq(a.connections, before * 7 / 10);
    unsigned highest = 0;
    for (unsigned i = 0; i < 40; i++) {
        unsigned n = tick(&l, 0).connections;
        if (n > highest) highest = n;
    }
    cr_expect_lt(highest, before, "what was refused is not tried again soon");
    struct ramp_memory memory;
    ramp_remember(&l.ramp, l.now_ns, &memory);
    cr_expect_lt(memory.ceiling, before);
    cr_expect_gt(memory.ceiling, 0);
    struct ramp next;
    ramp_init(&next, 0, RAMP_MOST, &memory, l.now_ns);
    cr_expect_leq(next.advice.connections, memory.ceiling);
}

Test(ramp, more_that_bring_a_crawl_are_taken_back)
{
    struct line l = line(0, 20 * MB, 1000);
    l.bears = 16;
    pass(&l, 20);
    unsigned above = 0;
    for (unsigned i = 0; i < 80; i++)
        above += tick(&l, 0).connections > 16;
    cr_expect_leq(above, 16, "%u of 80 ticks above what it bears", above);
}

Test(ramp, a_line_that_collapses_is_left_with_fewer)
{
    struct line l = line(0, 20 * MB, 1000);
    cr_expect_eq(pass(&l, 10).connections, RAMP_MOST);
    l.bears = 16;
    unsigned n = pass(&l, 15).connections;
    cr_expect_leq(n, 16, "%u", n);
    cr_expect_geq(n, 4, "%u", n);
}

Test(ramp, what_we_hold_back_ourselves_says_nothing_of_the_origin)
{
    struct line l = line(0, 20 * MB, 1000);
    l.limited = true;
    cr_expect_eq(pass(&l, 30).connections, RAMP_FIRST);
}

Test(ramp, a_host_that_is_met_again_begins_with_what_was_good)
{
    static const struct {
        struct ramp_memory known;
        unsigned most, first;
    } cases[] = {
        {{.connections = 24}, RAMP_MOST, 24},
        {{.connections = 3}, RAMP_MOST, 3},
        {{.connections = 24}, 16, 16},
        {{.connections = 24, .ceiling = 20, .ceiling_left_ns = SECOND_NS}, RAMP_MOST, 20},
        {{0}, RAMP_MOST, RAMP_FIRST},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ramp r;
        ramp_init(&r, 0, cases[i].most, &cases[i].known, START);
        cr_expect_eq(r.advice.connections, cases[i].first, "%zu", i);
    }
}

Test(ramp, what_was_good_is_remembered_once_it_was_measured)
{
    struct line l = line(0, 20 * MB, 1000);
    struct ramp_memory memory;
    ramp_remember(&l.ramp, l.now_ns, &memory);
    cr_expect_eq(memory.connections, 0, "nobody knows yet");
    l.limited = true;
    pass(&l, 10);
    ramp_remember(&l.ramp, l.now_ns, &memory);
    cr_expect_eq(memory.connections, 0, "it was our own limit");
    l.limited = false;
    pass(&l, 2);
    ramp_remember(&l.ramp, l.now_ns, &memory);
    cr_expect_geq(memory.connections, RAMP_FIRST);
    pass(&l, 10);
    ramp_remember(&l.ramp, l.now_ns, &memory);
    cr_expect_eq(memory.connections, RAMP_MOST);
}
