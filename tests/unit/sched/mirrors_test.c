#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/sched/mirrors.h"

#define NOW       (UINT64_C(1000) * SECOND_NS)
#define MIB       (UINT64_C(1) << 20)
#define AT(s)     (NOW + (uint64_t)(s)*SECOND_NS)
#define CHOOSE(m) mirrors_choose(&(m), BOTH, 2, NOW)

static const unsigned BOTH[] = {0, 1};
static const unsigned THREE[] = {0, 1, 2};

static struct mirrors three(void)
{
    struct mirrors m = {0};
    cr_assert_eq(mirrors_add(&m, "https://own"), 0);
    cr_assert_eq(mirrors_add(&m, "https://first"), 1);
    cr_assert_eq(mirrors_add(&m, "https://second"), 2);
    return m;
}

/* A request of one second that ended at `now`. */
static uint64_t request(struct mirrors *m, unsigned origin, uint64_t bytes, bool failed,
                        uint64_t now)
{
    mirrors_started(m, origin);
    return mirrors_ended(
        m, origin,
        &(struct mirror_facts){
            .started_ns = now - SECOND_NS, .now_ns = now, .bytes = bytes, .failed = failed});
}

Test(mirrors, a_name_is_one_origin)
{
    struct mirrors m = three();
    cr_expect_eq(mirrors_add(&m, "https://first"), 1);
    cr_expect_eq(m.count, 3);
    mirrors_done(&m);
}

Test(mirrors, there_is_a_most)
{
    struct mirrors m = {0};
    char name[] = "aa";
    for (unsigned i = 0; i < MIRRORS_MAX; i++) {
        name[0] = (char)('a' + i / 16);
        name[1] = (char)('a' + i % 16);
        cr_assert_eq(mirrors_add(&m, name), i);
    }
    cr_expect_eq(mirrors_add(&m, "one more"), MIRRORS_NONE);
    cr_expect_eq(mirrors_add(&m, "ab"), 1);
    mirrors_done(&m);
}

Test(mirrors, the_first_is_preferred_while_nothing_is_known)
{
    struct mirrors m = three();
    cr_expect_eq(CHOOSE(m), 0);
    mirrors_done(&m);
}

Test(mirrors, the_load_spreads_over_those_that_are_not_known)
{
    struct mirrors m = three();
    for (unsigned i = 0; i < 9; i++)
        mirrors_started(&m, (unsigned)mirrors_choose(&m, THREE, 3, NOW));
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(m.items[i].running, 3, "origin %u", i);
    mirrors_done(&m);
}

Test(mirrors, the_load_follows_what_each_brings)
{
    struct mirrors m = three();
    request(&m, 0, 30 * MIB, false, NOW);
    request(&m, 1, 10 * MIB, false, NOW);
    for (unsigned i = 0; i < 8; i++)
        mirrors_started(&m, (unsigned)CHOOSE(m));
    cr_expect_eq(m.items[0].running, 6);
    cr_expect_eq(m.items[1].running, 2);
    mirrors_done(&m);
}

Test(mirrors, a_slow_one_gets_nothing_while_others_have_room)
{
    struct mirrors m = three();
    request(&m, 0, 100 * MIB, false, NOW);
    request(&m, 1, MIB, false, NOW);
    for (unsigned i = 0; i < 64; i++)
        mirrors_started(&m, (unsigned)CHOOSE(m));
    cr_expect_eq(m.items[1].running, 0);
    mirrors_done(&m);
}

Test(mirrors, what_fails_is_out_for_a_second_then_two_then_four)
{
    static const uint64_t SECONDS[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct mirrors m = three();
    uint64_t now = NOW;
    for (size_t i = 0; i < ARRAY_LEN(SECONDS); i++) {
        cr_expect_eq(request(&m, 0, 0, true, now), SECONDS[i] * SECOND_NS);
        cr_expect(mirrors_out(&m, 0, now + SECONDS[i] * SECOND_NS - 1));
        cr_expect_not(mirrors_out(&m, 0, now + SECONDS[i] * SECOND_NS));
        cr_expect_eq(mirrors_choose(&m, BOTH, 2, now), 1);
        cr_expect_eq(mirrors_choose(&m, BOTH, 2, now + SECONDS[i] * SECOND_NS), 0, "in again");
        now += 100 * SECOND_NS;
    }
    mirrors_done(&m);
}

Test(mirrors, requests_that_fail_together_count_once)
{
    struct mirrors m = three();
    cr_expect_eq(request(&m, 0, 0, true, NOW), SECOND_NS);
    for (int i = 0; i < 7; i++)
        cr_expect_eq(request(&m, 0, 0, true, NOW + SECOND_NS / 2), 0, "told before");
    cr_expect_not(mirrors_out(&m, 0, AT(1)));
    cr_expect_eq(m.items[0].failures, 8);
    cr_expect_eq(m.items[0].requests, 8);
    mirrors_done(&m);
}

Test(mirrors, a_success_forgets_the_failures)
{
    struct mirrors m = three();
    request(&m, 0, 0, true, NOW);
    request(&m, 0, 0, true, AT(10));
    request(&m, 0, MIB, false, AT(20));
    cr_expect_eq(request(&m, 0, 0, true, AT(30)), SECOND_NS);
    mirrors_done(&m);
}

Test(mirrors, a_success_that_began_before_the_failure_is_none)
{
    struct mirrors m = three();
    request(&m, 0, 0, true, NOW);
    request(&m, 0, MIB, false, NOW + SECOND_NS / 2);
    cr_expect(mirrors_out(&m, 0, NOW + SECOND_NS / 2));
    mirrors_done(&m);
}

Test(mirrors, a_wait_that_was_told_is_kept)
{
    struct mirrors m = three();
    struct mirror_facts f = {
        .started_ns = NOW - SECOND_NS, .now_ns = NOW, .failed = true, .wait_s = 30};
    mirrors_started(&m, 0);
    cr_expect_eq(mirrors_ended(&m, 0, &f), 30 * SECOND_NS);
    cr_expect(m.items[0].told);
    cr_expect(mirrors_out(&m, 0, AT(29)));
    mirrors_started(&m, 0);
    f.wait_s = 50;
    cr_expect_eq(mirrors_ended(&m, 0, &f), 50 * SECOND_NS, "longer, if told so");
    cr_expect(mirrors_out(&m, 0, AT(49)));
    mirrors_done(&m);
}

Test(mirrors, wrong_bytes_put_it_out_for_the_run_and_no_success_brings_it_back)
{
    struct mirrors m = three();
    cr_expect_eq(mirrors_wrong(&m, 0, NOW), 3600 * SECOND_NS);
    request(&m, 0, MIB, false, AT(5));
    cr_expect(mirrors_out(&m, 0, AT(3599)));
    mirrors_done(&m);
}

Test(mirrors, where_all_are_out_the_next_to_come_back_is_chosen)
{
    struct mirrors m = three();
    request(&m, 0, 0, true, NOW - 1000);
    mirrors_wrong(&m, 1, NOW - 2000);
    cr_expect_eq(CHOOSE(m), 0);
    mirrors_done(&m);
}

Test(mirrors, the_least_trusted_was_wrong_before_or_comes_last)
{
    struct mirrors m = three();
    cr_expect_eq(mirrors_least_trusted(&m, THREE, 3), 2);
    mirrors_wrong(&m, 1, NOW);
    cr_expect_eq(mirrors_least_trusted(&m, THREE, 3), 1);
    mirrors_wrong(&m, 0, NOW);
    mirrors_wrong(&m, 0, NOW);
    cr_expect_eq(mirrors_least_trusted(&m, THREE, 3), 0);
    mirrors_done(&m);
}

Test(mirrors, one_that_crawls_is_seen_by_what_the_others_bring)
{
    struct mirrors m = three();
    cr_expect_not(mirrors_crawls(&m, 1, 1000, 60 * SECOND_NS, NOW), "nothing to compare with");
    request(&m, 0, 8 * MIB, false, NOW);
    cr_expect_not(mirrors_crawls(&m, 1, 0, SECOND_NS, NOW), "it has just begun");
    cr_expect_not(mirrors_crawls(&m, 1, 4 * MIB, 4 * SECOND_NS, NOW), "an eighth will do");
    cr_expect(mirrors_crawls(&m, 1, 3 * MIB, 4 * SECOND_NS, NOW));
    cr_expect_not(mirrors_crawls(&m, 0, 0, 60 * SECOND_NS, NOW), "no other is known");
    request(&m, 0, 0, true, AT(1));
    cr_expect_not(mirrors_crawls(&m, 1, 0, 60 * SECOND_NS, AT(1)), "better than none");
    mirrors_done(&m);
}

Test(mirrors, what_a_failure_means_depends_on_whose_it_is)
{
    static const struct {
        struct outcome o;
        enum mirror_move own, mirror;
    } CASES[] = {
        {{.cause = CAUSE_NONE}, MOVE_NOT, MOVE_NOT},
        {{.cause = CAUSE_CUT}, MOVE_NOT, MOVE_NOT},
        {{.cause = CAUSE_DISK}, MOVE_NOT, MOVE_NOT},
        {{.cause = CAUSE_PROXY_AUTH}, MOVE_NOT, MOVE_NOT},
        {{.cause = CAUSE_CONNECT}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_DNS}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_STALLED}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_RESET}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_RATE_LIMIT, .status = 429}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_STATUS, .status = 503}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_STATUS, .status = 408}, MOVE_ELSEWHERE, MOVE_ELSEWHERE},
        {{.cause = CAUSE_STATUS, .status = 401}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_STATUS, .status = 403}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_STATUS, .status = 404}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_STATUS, .status = 416}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_STATUS, .status = 501}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_TLS}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_RANGE, .status = 200}, MOVE_NOT, MOVE_DROP},
        {{.cause = CAUSE_ENCODED}, MOVE_NOT, MOVE_DROP},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        cr_expect_eq(mirrors_move(&CASES[i].o, true), CASES[i].own, "own, case %zu", i);
        cr_expect_eq(mirrors_move(&CASES[i].o, false), CASES[i].mirror, "mirror, case %zu", i);
    }
}
