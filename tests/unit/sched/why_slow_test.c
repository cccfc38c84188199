#include "download/sched/why_slow.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"

#define MS MILLI_NS

/* A second in which bytes came and nothing of ours was in the way. */
#define SILENT .span_ns = SECOND_NS, .wanted = true
#define QUIET  SILENT, .bytes = 1000000, .came = true

static void expect(const char *name, const struct slow_facts *f, enum slow_verdict verdict)
{
    const char *is = slow_word(slow_verdict(f));
    const char *should = slow_word(verdict);
    cr_expect_str_eq(is ? is : "nothing", should ? should : "nothing", "%s", name);
}

struct row {
    const char *name;
    struct slow_facts facts;
    enum slow_verdict verdict;
};
#define EXPECT_ALL(rows)                                                                           \
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)                                                   \
    expect((rows)[i].name, &(rows)[i].facts, (rows)[i].verdict)

Test(why_slow, what_is_held_back_and_its_borders)
{
    static const struct row CASES[] = {
        {"nothing known but that bytes came", {QUIET}, SLOW_CONNECTION},
        {"no byte wanted", {.span_ns = SECOND_NS, .pressed = 1000, .refusals = 1}, SLOW_NOTHING},

        {"pressure for half of it", {QUIET, .pressed = 500}, SLOW_PRESSURE},
        {"and for less", {QUIET, .pressed = 499}, SLOW_CONNECTION},

        {"nine tenths of the limit", {QUIET, .limit_bytes_per_s = 1111111}, SLOW_LIMIT_RATE},
        {"less of it", {QUIET, .limit_bytes_per_s = 1111200}, SLOW_CONNECTION},
        {"the same in two seconds",
         {.span_ns = 2 * SECOND_NS,
          .wanted = true,
          .came = true,
          .bytes = 1000000,
          .limit_bytes_per_s = 1111111},
         SLOW_CONNECTION},
        {"a shared limit, used by others",
         {QUIET, .limit_bytes_per_s = 1 << 30, .resting = 250},
         SLOW_LIMIT_RATE},
        {"its ordinary play",
         {QUIET, .limit_bytes_per_s = 1 << 30, .resting = 249},
         SLOW_CONNECTION},
        {"no limit", {QUIET, .resting = 1000}, SLOW_CONNECTION},
        {"half of a limit for the link's sake",
         {QUIET, .polite = true, .limit_bytes_per_s = 2000000},
         SLOW_POLITE},
        {"less of that", {QUIET, .polite = true, .limit_bytes_per_s = 2000200}, SLOW_CONNECTION},
        {"it holds back",
         {QUIET, .polite = true, .limit_bytes_per_s = 9000000, .resting = 250},
         SLOW_POLITE},

        {"a refusal", {QUIET, .refusals = 1}, SLOW_REFUSED},
        {"waited out for half of it", {QUIET, .refusing = 500}, SLOW_REFUSED},
        {"and for less", {QUIET, .refusing = 499}, SLOW_CONNECTION},
        {"what a refusal left", {QUIET, .tried = TRIED_REFUSED}, SLOW_REFUSED},
    };
    EXPECT_ALL(CASES);
}

Test(why_slow, our_own_work_and_its_borders)
{
    static const struct row CASES[] = {
        {"a shard hashes", {QUIET, .busy = 900, .hashing = 450}, SLOW_HASH},
        {"… less than it receives", {QUIET, .busy = 900, .hashing = 449}, SLOW_CPU},
        {"… by TLS", {QUIET, .busy = 900, .hashing = 449, .tls = true}, SLOW_TLS},
        {"… but has time left", {QUIET, .busy = 899, .hashing = 450}, SLOW_CONNECTION},
        {"… yet the kernel is full", {QUIET, .busy = 700, .hashing = 350, .full = 500}, SLOW_HASH},
        {"… or is not", {QUIET, .busy = 700, .hashing = 350, .full = 499}, SLOW_CONNECTION},
        {"… nor does anybody read it", {QUIET, .busy = 249, .full = 1000}, SLOW_CONNECTION},
        {"… or a little", {QUIET, .busy = 250, .full = 1000}, SLOW_CPU},
        {"a shard writes more than all else",
         {QUIET, .busy = 950, .writing = 400, .hashing = 300},
         SLOW_DISK},
        {"… and waits for the disk", {QUIET, .busy = 1000, .writing = 850}, SLOW_DISK},
        {"… less", {QUIET, .busy = 950, .writing = 300, .hashing = 400}, SLOW_HASH},
        {"a shard gets no processor", {QUIET, .busy = 950, .delayed = 475}, SLOW_PRESSURE},
        {"… or more than half a one", {QUIET, .busy = 950, .delayed = 474}, SLOW_CPU},

        {"files are verified", {QUIET, .idle = 500, .verifying = 500}, SLOW_HASH},
        {"files are stored", {QUIET, .idle = 500, .verifying = 499, .storing = 500}, SLOW_DISK},
        {"… while connections have work", {QUIET, .idle = 499, .storing = 1000}, SLOW_CONNECTION},
        {"… for a moment",
         {QUIET, .idle = 1000, .verifying = 499, .storing = 499},
         SLOW_CONNECTION},
    };
    EXPECT_ALL(CASES);
}

Test(why_slow, what_is_beyond_us_and_its_borders)
{
    static const struct row CASES[] = {
        {"nothing came", {SILENT, .tried = TRIED_GREW}, SLOW_LINK},
        {"nothing came yet", {SILENT, .asked = true, .tried = TRIED_GREW}, SLOW_ORIGIN},

        {"more brought more", {QUIET, .tried = TRIED_GREW, .disorder = 1000}, SLOW_CONNECTION},
        {"more brought no more", {QUIET, .tried = TRIED_FLAT, .flat_origins = 1}, SLOW_ORIGIN},
        {"… at two origins", {QUIET, .tried = TRIED_FLAT, .flat_origins = 2}, SLOW_LINK},
        {"… and order is lost", {QUIET, .tried = TRIED_FLAT, .disorder = 10}, SLOW_LINK},
        {"… by the kernel, which has no room",
         {QUIET, .tried = TRIED_FLAT, .disorder = 10, .full = 1},
         SLOW_ORIGIN},
        {"… hardly ever", {QUIET, .tried = TRIED_FLAT, .disorder = 9}, SLOW_ORIGIN},
        {"… and packets queue",
         {QUIET, .tried = TRIED_FLAT, .rtt_best_ns = 60 * MS, .rtt_ns = 120 * MS},
         SLOW_LINK},
        {"… a little",
         {QUIET, .tried = TRIED_FLAT, .rtt_best_ns = 60 * MS, .rtt_ns = 120 * MS - 1},
         SLOW_ORIGIN},
        {"… on a short line",
         {QUIET, .tried = TRIED_FLAT, .rtt_best_ns = MS, .rtt_ns = 51 * MS - 1},
         SLOW_ORIGIN},
        {"… on one that is not so short",
         {QUIET, .tried = TRIED_FLAT, .rtt_best_ns = MS, .rtt_ns = 51 * MS},
         SLOW_LINK},
        {"… nothing to compare with", {QUIET, .tried = TRIED_FLAT, .rtt_ns = 90 * MS}, SLOW_ORIGIN},
        {"more brought less", {QUIET, .tried = TRIED_PUNISHED, .disorder = 1000}, SLOW_ORIGIN},
        {"no other number, and order is lost", {QUIET, .disorder = 10}, SLOW_LINK},
    };
    EXPECT_ALL(CASES);
}

/* Everything at once, and then one after the other no longer. */
Test(why_slow, the_rules_have_an_order)
{
    struct slow_facts f = {SILENT, .limit_bytes_per_s = 1000, .resting = 1000, .pressed = 1000};
    f.refusals = 9;
    f.busy = 1000;
    f.hashing = 600;
    f.idle = f.storing = 1000;
    f.asked = true;
    f.tried = TRIED_GREW;
    expect("all", &f, SLOW_LIMIT_RATE);
    f.limit_bytes_per_s = 0;
    expect("no limit", &f, SLOW_HASH);
    f.busy = 0;
    expect("shards have time", &f, SLOW_PRESSURE);
    f.pressed = 0;
    expect("no pressure", &f, SLOW_REFUSED);
    f.refusals = 0;
    expect("no refusal", &f, SLOW_DISK);
    f.idle = 0;
    expect("files have none", &f, SLOW_ORIGIN);
    f.came = true;
    expect("something came", &f, SLOW_CONNECTION);
}

Test(why_slow, learns_from_what_the_controller_does)
{
    static const struct {
        const char *name;
        enum slow_tried known;
        enum ramp_cause was, is;
        enum slow_tried then;
    } CASES[] = {
        {"the second level", TRIED_NOTHING, RAMP_START, RAMP_CLIMB, TRIED_NOTHING},
        {"the third, since that was better", TRIED_NOTHING, RAMP_CLIMB, RAMP_CLIMB, TRIED_GREW},
        {"the climb ended", TRIED_GREW, RAMP_CLIMB, RAMP_PLATEAU, TRIED_FLAT},
        {"a probe begins", TRIED_GREW, RAMP_CLIMB, RAMP_PROBE, TRIED_GREW},
        {"and fails", TRIED_GREW, RAMP_PROBE, RAMP_PLATEAU, TRIED_FLAT},
        {"or tells nothing", TRIED_GREW, RAMP_PROBE, RAMP_UNTESTED, TRIED_GREW},
        {"fewer are tried", TRIED_GREW, RAMP_CLIMB, RAMP_LEAN, TRIED_GREW},
        {"and cost something", TRIED_GREW, RAMP_LEAN, RAMP_PLATEAU, TRIED_GREW},
        {"fewer were as good", TRIED_GREW, RAMP_LEAN, RAMP_LEAN, TRIED_FLAT},
        {"the line changed", TRIED_FLAT, RAMP_PLATEAU, RAMP_CLIMB, TRIED_NOTHING},
        {"more brought less", TRIED_GREW, RAMP_CLIMB, RAMP_PUNISHED, TRIED_PUNISHED},
        {"a crawl", TRIED_FLAT, RAMP_PLATEAU, RAMP_COLLAPSE, TRIED_PUNISHED},
        {"that had another cause", TRIED_PUNISHED, RAMP_COLLAPSE, RAMP_RESTORED, TRIED_NOTHING},
        {"a refusal", TRIED_GREW, RAMP_CLIMB, RAMP_REFUSED, TRIED_REFUSED},
        {"more again", TRIED_REFUSED, RAMP_REFUSED, RAMP_PROBE, TRIED_REFUSED},
        {"that bring nothing", TRIED_REFUSED, RAMP_PROBE, RAMP_PLATEAU, TRIED_FLAT},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        cr_expect_eq(slow_learn(CASES[i].known, CASES[i].was, CASES[i].is), CASES[i].then, "%s",
                     CASES[i].name);
}

Test(why_slow, most_of_the_time_decides_and_then_the_latest)
{
    struct slow_tally t = {0};
    cr_expect_eq(slow_tally_most(&t), SLOW_NOTHING);
    slow_tally_add(&t, SLOW_NOTHING, 9 * SECOND_NS);
    cr_expect_eq(slow_tally_most(&t), SLOW_NOTHING);
    slow_tally_add(&t, SLOW_ORIGIN, SECOND_NS);
    cr_expect_eq(slow_tally_most(&t), SLOW_ORIGIN);
    slow_tally_add(&t, SLOW_DISK, SECOND_NS);
    cr_expect_eq(slow_tally_most(&t), SLOW_DISK, "as long, and later");
    slow_tally_add(&t, SLOW_ORIGIN, 1);
    cr_expect_eq(slow_tally_most(&t), SLOW_ORIGIN, "longer");
    slow_tally_add(&t, SLOW_DISK, 1);
    cr_expect_eq(slow_tally_most(&t), SLOW_DISK);
    slow_tally_add(&t, SLOW_LINK, SECOND_NS);
    cr_expect_eq(slow_tally_most(&t), SLOW_DISK, "later, but for less");
}

/* They are in the schema, in man pages, in scripts. */
Test(why_slow, words_are_short_and_each_has_its_own)
{
    for (size_t v = 0; v < SLOW_VERDICTS; v++) {
        const char *word = slow_word((enum slow_verdict)v);
        cr_assert_not_null(word);
        for (size_t other = 0; other < v; other++)
            cr_expect_str_neq(word, slow_word((enum slow_verdict)other));
    }
    cr_expect_null(slow_word(SLOW_NOTHING));
}
