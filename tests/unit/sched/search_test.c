#include "download/sched/search.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"

#define NOW (1000 * SECOND_NS)

/* Steps, a second each, until it is decided; rate by the number of connections. */
static enum search_result run(struct search *s, double few, double many, unsigned bears)
{
    for (uint64_t i = 1; i < 100; i++) {
        double rate = s->now > bears ? many : few * s->now;
        enum search_result r = search_step(s, rate, NOW + i * SECOND_NS);
        if (r == SEARCH_FOUND || r == SEARCH_LOST) return r;
    }
    cr_assert_fail("it never ends");
    return SEARCH_GOES_ON;
}

Test(search, fewer_connections_that_bring_it_back_are_found)
{
    struct search s;
    search_begin(&s, 64, 1e6, 1280e6, false, NOW);
    cr_expect_eq(s.now, 16);
    cr_expect_eq(run(&s, 20e6, 1e6, 16), SEARCH_FOUND);
    cr_expect_leq(s.now, 16);
}

Test(search, where_fewer_only_bring_less_it_was_not_the_number)
{
    struct search s;
    search_begin(&s, 64, 64e6, 1280e6, false, NOW);
    cr_expect_eq(run(&s, 1e6, 1e6, 64), SEARCH_LOST);
    cr_expect_eq(s.from, 64);
}

Test(search, other_addresses_are_tried_with_as_many)
{
    struct search s;
    search_begin(&s, 64, 1e6, 1280e6, true, NOW);
    cr_expect_eq(s.now, 64);
    cr_expect_eq(run(&s, 20e6, 1e6, 64), SEARCH_FOUND);
    cr_expect_eq(s.now, 64);
}
