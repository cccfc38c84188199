#include <criterion/criterion.h>
#include <string.h>

#include "download/base/rng.h"
#include "download/base/scoped.h"
#include "download/plan/ranges.h"

enum { SPACE = 200, STEPS = 4000 };

/* The set as one bool for each byte. */
static bool same(const struct ranges *r, const bool bytes[SPACE])
{
    bool seen[SPACE] = {false};
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].from >= r->items[i].to) return false;
        if (i && r->items[i - 1].to >= r->items[i].from) return false; // sorted, not touching
        for (uint64_t at = r->items[i].from; at < r->items[i].to; at++)
            seen[at] = true;
    }
    return memcmp(seen, bytes, sizeof(seen)) == 0;
}

static uint64_t model_reach(const bool bytes[SPACE], uint64_t at)
{
    while (at < SPACE && bytes[at])
        at++;
    return at;
}

static bool model_hole(const bool bytes[SPACE], uint64_t at, struct range *ret)
{
    while (at < SPACE && bytes[at])
        at++;
    ret->from = at;
    while (at < SPACE && !bytes[at])
        at++;
    ret->to = at;
    return ret->from < SPACE;
}

Test(ranges, behave_as_a_set_of_bytes)
{
    struct rng rng = {.state = 7};
    struct ranges r = {0};
    bool bytes[SPACE] = {false};
    for (int step = 0; step < STEPS; step++) {
        uint64_t from = rng_below(&rng, SPACE);
        uint64_t to = from + rng_below(&rng, SPACE - from + 1);
        bool add = rng_below(&rng, 2) == 0;
        if (add) {
            ranges_add(&r, from, to);
        } else {
            ranges_remove(&r, from, to);
        }
        for (uint64_t at = from; at < to; at++)
            bytes[at] = add;
        cr_assert(same(&r, bytes), "step %d", step);

        uint64_t at = rng_below(&rng, SPACE);
        cr_assert_eq(ranges_reach(&r, at), model_reach(bytes, at), "step %d", step);
        struct range hole = {0};
        struct range want = {0};
        bool any = ranges_hole(&r, at, SPACE, &hole);
        cr_assert_eq(any, model_hole(bytes, at, &want), "step %d", step);
        if (any) cr_assert(hole.from == want.from && hole.to == want.to, "step %d", step);
    }
    ranges_done(&r);
}

Test(ranges, neighbours_become_one)
{
    struct ranges r = {0};
    ranges_add(&r, 0, 10);
    ranges_add(&r, 20, 30);
    ranges_add(&r, 10, 20);
    cr_expect_eq(r.count, 1);
    cr_expect_eq(ranges_total(&r), 30);
    cr_expect_eq(ranges_reach(&r, 0), 30);
    ranges_done(&r);
}

Test(ranges, sizes_beyond_32_bits_are_ordinary)
{
    struct ranges r = {0};
    uint64_t five_tib = UINT64_C(5) << 40;
    ranges_add(&r, 0, (UINT64_C(1) << 32) + 1);
    ranges_add(&r, five_tib - 1, five_tib);
    struct range hole;
    cr_assert(ranges_hole(&r, 0, five_tib, &hole));
    cr_expect_eq(hole.from, (UINT64_C(1) << 32) + 1);
    cr_expect_eq(hole.to, five_tib - 1);
    cr_expect_not(ranges_hole(&r, five_tib - 1, five_tib, &hole));
    ranges_done(&r);
}

Test(ranges, an_unknown_size_is_one_hole_without_end)
{
    struct ranges r = {0};
    struct range hole;
    cr_assert(ranges_hole(&r, 0, UINT64_MAX, &hole));
    cr_expect(hole.from == 0 && hole.to == UINT64_MAX);
    ranges_add(&r, 0, UINT64_MAX);
    cr_expect_not(ranges_hole(&r, 0, UINT64_MAX, &hole));
    ranges_done(&r);
}

Test(ranges, an_empty_range_changes_nothing)
{
    struct ranges r = {0};
    ranges_add(&r, 5, 5);
    cr_expect_eq(r.count, 0);
    ranges_add(&r, 0, 10);
    ranges_remove(&r, 4, 4);
    cr_expect_eq(ranges_total(&r), 10);
    ranges_clear(&r);
    cr_expect_eq(ranges_total(&r), 0);
    ranges_done(&r);
}
