#include "download/sink/slabs.h"

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/sink/sink.h"

Test(slabs, never_more_than_the_budget)
{
    struct mem_stats before;
    mem_stats(&before);
    struct slabs *s = slabs_new(2);
    unsigned char *a = slabs_take(s);
    unsigned char *b = slabs_take(s);
    cr_assert(a && b && a != b);
    cr_expect_null(slabs_take(s));
    cr_expect_not(slabs_any(s));
    slabs_give(s, b);
    cr_expect(slabs_any(s));
    cr_expect_eq(slabs_take(s), b, "what is home is used again");
    slabs_give(s, a);
    slabs_give(s, b);
    struct mem_stats after;
    mem_stats(&after);
    cr_expect_eq(after.live[MEM_SLABS] - before.live[MEM_SLABS], 2 * SLAB_BYTES);
    slabs_free(s);
    mem_stats(&after);
    cr_expect_eq(after.live[MEM_SLABS], before.live[MEM_SLABS]);
}

Test(slabs, are_made_when_they_are_needed)
{
    struct mem_stats before;
    struct mem_stats after;
    mem_stats(&before);
    struct slabs *s = slabs_new(64);
    slabs_give(s, slabs_take(s));
    slabs_give(s, slabs_take(s));
    mem_stats(&after);
    cr_expect_eq(after.live[MEM_SLABS] - before.live[MEM_SLABS], SLAB_BYTES);
    slabs_free(s);
}
