#include "download/sched/ceiling.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"

#define NOW (1000 * SECOND_NS)

Test(ceiling, nothing_is_limited_before_there_was_trouble)
{
    const struct ceiling c = {0};
    cr_expect_eq(ceiling_limit(&c, 64, NOW), 64);
}

Test(ceiling, trouble_is_kept_in_mind_then_approached_by_halves)
{
    struct ceiling c = {0};
    ceiling_lower(&c, 16, 32, NOW);
    cr_expect_eq(ceiling_limit(&c, 64, NOW + SECOND_NS), 16);
    cr_expect_eq(ceiling_limit(&c, 8, NOW + SECOND_NS), 8);
    uint64_t later = c.until_ns;
    cr_expect_eq(ceiling_limit(&c, 64, later), 24, "halfway to what was trouble");
    ceiling_passed(&c, 24, later);
    cr_expect_eq(ceiling_limit(&c, 64, later + 1), 24);
    cr_expect_eq(ceiling_limit(&c, 64, c.until_ns), 28);
}

Test(ceiling, trouble_again_counts_twice_as_long_and_what_lasted_stays)
{
    struct ceiling c = {0};
    ceiling_lower(&c, 16, 32, NOW);
    uint64_t first = c.until_ns - NOW;
    uint64_t later = c.until_ns;
    ceiling_passed(&c, 24, later);
    ceiling_lower(&c, 12, 24, later + SECOND_NS);
    cr_expect_eq(c.until_ns - later - SECOND_NS, 2 * first);
    cr_expect_eq(ceiling_limit(&c, 64, later + SECOND_NS), 16, "it was well for its whole time");
}
