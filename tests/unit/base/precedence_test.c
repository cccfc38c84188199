#include "download/base/precedence.h"

#include <criterion/criterion.h>

enum { BEST, NEXT, LAST = PRECEDENCE_RANKS - 1, NOW = 1000 };

Test(precedence, nobody_waits_while_nobody_is_short)
{
    struct precedence p = {0};
    for (unsigned rank = 0; rank < PRECEDENCE_RANKS; rank++)
        cr_expect_not(precedence_yields(&p, rank, NOW));
    cr_expect_not(precedence_yields(NULL, LAST, NOW));
}

Test(precedence, lower_ranks_wait_for_one_that_is_short)
{
    struct precedence p = {0};
    precedence_claim(&p, NEXT, NOW + 10);
    cr_expect_not(precedence_yields(&p, BEST, NOW));
    cr_expect_not(precedence_yields(&p, NEXT, NOW), "not for its own kind");
    cr_expect(precedence_yields(&p, LAST, NOW));
    cr_expect(precedence_yields(&p, LAST, NOW + 9));
    cr_expect_not(precedence_yields(&p, LAST, NOW + 10), "it did not say so again");
}

Test(precedence, the_longest_claim_counts_until_it_is_waived)
{
    struct precedence p = {0};
    precedence_claim(&p, BEST, NOW + 50);
    precedence_claim(&p, BEST, NOW + 10);
    cr_expect(precedence_yields(&p, NEXT, NOW + 49));
    precedence_waive(&p, BEST);
    cr_expect_not(precedence_yields(&p, NEXT, NOW));
}
