#include <criterion/criterion.h>

#include "download/base/rng.h"
#include "download/base/scoped.h"

/* First values of splitmix64 for the seed 1234567, as published with its test suites. */
Test(rng, a_seed_gives_the_sequence_of_splitmix64)
{
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    struct rng r = {.state = 1234567};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        cr_expect_eq(rng_next(&r), expected[i], "value %zu", i);
}

Test(rng, values_below_a_bound_are_spread_evenly)
{
    enum { BOUND = 7, DRAWS = 70000, EXPECTED = DRAWS / BOUND };
    struct rng r = {.state = 1};
    unsigned seen[BOUND] = {0};
    for (int i = 0; i < DRAWS; i++) {
        uint64_t n = rng_below(&r, BOUND);
        cr_assert_lt(n, BOUND);
        seen[n]++;
    }
    for (int i = 0; i < BOUND; i++) { // 5 % is five standard deviations
        cr_expect_gt(seen[i], EXPECTED * 95 / 100, "%d: %u", i, seen[i]);
        cr_expect_lt(seen[i], EXPECTED * 105 / 100, "%d: %u", i, seen[i]);
    }
}

/* Plain `next % bound` would favour the lower half two to one here. */
Test(rng, a_bound_near_the_range_is_not_biased)
{
    const uint64_t bound = UINT64_C(3) << 62;
    struct rng r = {.state = 2};
    int low = 0;
    for (int i = 0; i < 3000; i++) {
        uint64_t n = rng_below(&r, bound);
        cr_assert_lt(n, bound);
        low += n < bound / 3;
    }
    cr_expect(low > 850 && low < 1150, "%d of 3000 in the lowest third", low);
}

Test(rng, small_bounds_need_no_luck)
{
    struct rng r = {.state = 3};
    cr_expect_eq(rng_below(&r, 0), 0);
    cr_expect_eq(rng_below(&r, 1), 0);
}

Test(rng, two_seedings_differ)
{
    struct rng a = {0};
    struct rng b = {0};
    rng_seed(&a);
    rng_seed(&b);
    cr_expect_neq(a.state, b.state);
}
