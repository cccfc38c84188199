#include "download/xfer/pacing.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/xfer/attempt.h"

enum { MB = 1000 * 1000, BODIES = 4, MOST_MS = 100 };

/* Bodies that rest, as if stopped before; libcurl refuses to go on without a connection, which is
 * as good as going on here. */
struct bodies {
    struct attempt each[BODIES];
    struct exchange exchanges[BODIES];
    struct sink sink;
    struct list running;
};

static void rest(struct bodies *b, uint64_t read_bytes)
{
    *b = (struct bodies){0};
    list_init(&b->running);
    for (size_t i = 0; i < BODIES; i++) {
        b->exchanges[i].sink = &b->sink;
        b->each[i].exchange = &b->exchanges[i];
        b->each[i].resting = true;
        b->each[i].rested_ns = clock_now_ns();
        b->each[i].read_bytes = read_bytes;
        b->each[i].easy = curl_easy_init();
        list_init(&b->each[i].node);
        list_add_tail(&b->running, &b->each[i].node);
    }
}

static void done(struct bodies *b)
{
    for (size_t i = 0; i < BODIES; i++)
        curl_easy_cleanup(b->each[i].easy);
}

static unsigned resting(const struct bodies *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < BODIES; i++)
        n += b->each[i].resting;
    return n;
}

Test(pacing, a_read_is_a_quantum_of_the_rate)
{
    static const struct {
        uint64_t rate;
        long bytes;
    } CASES[] = {{0, 512000}, {1, 16384}, {5 * MB, 100000}, {100 * MB, 512000}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct throttle t = {.rate = CASES[i].rate};
        cr_expect_eq(pacing_read_bytes(&(struct limits){.run = &t}, 512000), CASES[i].bytes);
    }
}

Test(pacing, what_is_not_paid_for_keeps_all_at_rest)
{
    struct throttle t = {.rate = 1 * MB, .due_ns = UINT64_MAX};
    struct limits l = {.run = &t};
    SCOPED(done) struct bodies b;
    rest(&b, 1000);
    cr_expect_eq(pacing_turn(&l, &b.running, MOST_MS), MOST_MS);
    cr_expect_eq(resting(&b), BODIES);
}

Test(pacing, as_many_go_on_as_fill_a_quantum_and_each_in_its_turn)
{
    struct throttle t = {.rate = 1 * MB}; // 20,000 bytes are a quantum
    struct limits l = {.run = &t};
    SCOPED(done) struct bodies b;
    rest(&b, 10000);
    cr_expect_lt(pacing_turn(&l, &b.running, MOST_MS), MOST_MS, "others wait");
    cr_expect(!b.each[0].resting && !b.each[1].resting);
    cr_expect_eq(resting(&b), BODIES - 2);
    b.each[0].resting = b.each[1].resting = true;
    pacing_turn(&l, &b.running, MOST_MS);
    cr_expect(!b.each[2].resting && !b.each[3].resting);
    cr_expect_eq(resting(&b), 2);
}

Test(pacing, one_goes_on_however_large_its_reads)
{
    struct throttle t = {.rate = 1};
    struct limits l = {.run = &t};
    SCOPED(done) struct bodies b;
    rest(&b, 10000);
    pacing_turn(&l, &b.running, MOST_MS);
    cr_expect_eq(resting(&b), BODIES - 1);
}

Test(pacing, without_a_limit_all_go_on)
{
    struct limits l = {0};
    SCOPED(done) struct bodies b;
    rest(&b, 10000);
    cr_expect_eq(pacing_turn(&l, &b.running, MOST_MS), MOST_MS);
    cr_expect_eq(resting(&b), 0);
}

Test(pacing, what_is_short_of_its_share_is_served_before_lower_ranks)
{
    struct throttle t = {.rate = 1 * MB};
    struct precedence p = {0};
    struct limits l = {.run = &t, .precedence = &p};
    SCOPED(done) struct bodies b;
    rest(&b, 1000);
    b.exchanges[0].rank = b.exchanges[1].rank = b.exchanges[2].rank = 2;
    b.exchanges[3].rank = 1;
    pacing_turn(&l, &b.running, MOST_MS);
    cr_expect_not(b.each[3].resting);
    cr_expect_eq(resting(&b), 3);
    pacing_turn(&l, &b.running, MOST_MS);
    cr_expect_eq(resting(&b), 0, "it takes less than there is");
}

/* It may be on another thread. */
Test(pacing, a_lower_rank_waits_for_a_claim_but_not_for_ever)
{
    struct throttle t = {.rate = 1 * MB};
    struct precedence p = {0};
    struct limits l = {.run = &t, .precedence = &p};
    SCOPED(done) struct bodies b;
    rest(&b, 1000);
    for (size_t i = 0; i < BODIES; i++)
        b.exchanges[i].rank = 2;
    precedence_claim(&p, 1, UINT64_MAX);
    cr_expect_lt(pacing_turn(&l, &b.running, MOST_MS), MOST_MS);
    cr_expect_eq(resting(&b), BODIES);
    b.each[1].rested_ns -= PACING_TURN_NS;
    pacing_turn(&l, &b.running, MOST_MS);
    cr_expect_not(b.each[1].resting, "a turn");
    cr_expect_eq(resting(&b), BODIES - 1);
}
