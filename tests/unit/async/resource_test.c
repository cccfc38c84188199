#include "download/async/resource.h"

#include <criterion/criterion.h>

enum { STATES = RESOURCE_CLOSED + 1 };

/* Brings a fresh one into a state by ways that exist. */
static struct resource in_state(enum resource_state s)
{
    struct resource r;
    resource_init(&r, "thing", 5);
    if (s == RESOURCE_CLOSED) cr_assert(resource_move(&r, RESOURCE_CLOSING, NULL, 5));
    if (s != RESOURCE_INITIALISING) cr_assert(resource_move(&r, s, NULL, 5));
    return r;
}

Test(resource, goes_only_where_the_picture_has_an_arrow)
{
    static const bool WAY[STATES][STATES] = {
        /* from initialising */ {false, true, true, true, false},
        /* from ready        */ {false, false, true, true, false},
        /* from degraded     */ {false, true, true, true, false},
        /* from closing      */ {false, false, false, false, true},
        /* from closed       */ {false, false, false, false, false},
    };
    for (unsigned from = 0; from < STATES; from++) {
        for (unsigned to = 0; to < STATES; to++) {
            struct resource r = in_state(from);
            struct resource before = r;
            bool moved = resource_move(&r, to, "because", 9);
            cr_expect_eq(moved, WAY[from][to], "%s -> %s", resource_state_word(from),
                         resource_state_word(to));
            cr_expect_eq(r.state, moved ? to : from);
            cr_expect_eq(r.changes, before.changes + moved);
            if (!moved) cr_expect_eq(r.since_ns, before.since_ns);
        }
    }
}

Test(resource, the_reason_is_of_the_state_it_is_in)
{
    struct resource r = in_state(RESOURCE_READY);
    cr_assert(resource_move(&r, RESOURCE_DEGRADED, "rate limit", 7));
    cr_expect_str_eq(r.reason, "rate limit");
    cr_assert(resource_move(&r, RESOURCE_DEGRADED, "retrying", 8));
    cr_expect_str_eq(r.reason, "retrying");
    cr_expect_eq(r.since_ns, 7, "it has been degraded since then");
    struct resource before = r;
    cr_expect_not(resource_move(&r, RESOURCE_DEGRADED, "retrying", 9), "nothing is new");
    cr_expect_eq(r.changes, before.changes);
    cr_expect(resource_usable(&r));
    cr_assert(resource_move(&r, RESOURCE_READY, NULL, 9));
    cr_expect_str_eq(r.reason, "");
    cr_expect_eq(r.since_ns, 9);
    cr_assert(resource_move(&r, RESOURCE_CLOSING, NULL, 10));
    cr_expect_not(resource_usable(&r));
}
