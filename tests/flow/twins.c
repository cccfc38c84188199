/* The last bytes come too slowly: they are asked for once more, and the first to bring them wins.
 *
 * A large file makes the allowance (one byte in a hundred) large enough for the small one, whose
 * first request crawls while the other connection finds nothing more to do. */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/str.h"
#include "tests/flow/play.h"
#include "tests/flow/servers.h"
#include "tests/support/proc.h"

enum { MIB = 1 << 20, BIG = 128 * MIB, REST = 600000, SOON_MS = 30 * 1000 };

/* 30 s for all of it. */
#define CRAWL "cdn b.bin #1 rate=20000 drip=2000"

static void add_files(struct hub *h)
{
    hub_add_generated(h, "org/name", "a.bin", BIG, 1, true);
    hub_add_generated(h, "org/name", "b.bin", REST, 2, true);
}

static struct scene crawling(const char *fault)
{
    struct scene s = scene_new(NULL);
    add_files(s.hub);
    scene_fault(&s, fault);
    return s;
}

static const struct hub_log_filter of_b = {.route = HUB_CDN, .file = "b.bin"};

/* While the machine is short of something a run has fewer connections, and none to spare. */
static void skip_when_short(const struct scene *s)
{
    bool is_short = str_eq(scene_text(s, "result", 0, "why_slow"), "pressure");
    for (size_t i = 0; i < scene_events(s, "progress"); i++)
        is_short = is_short || str_eq(scene_text(s, "progress", i, "why_slow"), "pressure");
    if (is_short) cr_skip_test("the machine is short of something");
}

/* Runs until both are under way. */
static void run_until_doubled(struct scene *s, const char *const *args)
{
    scene_start(s, args);
    if (hub_log_wait(hub_log(s->hub), &of_b, 2, SOON_MS)) return;
    proc_signal(s->proc, SIGINT);
    scene_end(s);
    skip_when_short(s);
    cr_assert_fail("there was no second request");
}

static void expect_both(const struct scene *s)
{
    skip_when_short(s);
    scene_expect(s, 0, NULL);
    scene_expect_file(s, "out/a.bin", "org/name", "a.bin");
    scene_expect_file(s, "out/b.bin", "org/name", "b.bin");
    cr_expect_eq(scene_number(s, "result", 0, "bytes_fetched"), BIG + REST, "what counts, once");
    cr_expect_leq(scene_number(s, "result", 0, "bytes_hedged"), (BIG + REST) / 100);
}

static const char *const args[] = {"get", "--json",        "org/name", "--local-dir",
                                   "out", "--connections", "2",        NULL};

Test(twins, the_second_wins_and_the_first_is_ended)
{
    SCOPED(scene_done) struct scene s = crawling(CRAWL);
    scene_run(&s, args);
    expect_both(&s);
    cr_expect_eq(hub_log_count(hub_log(s.hub), &of_b), 2);
    struct hub_log_entry first;
    struct hub_log_entry second;
    cr_assert(hub_log_get(hub_log(s.hub), &of_b, 0, &first));
    cr_assert(hub_log_get(hub_log(s.hub), &of_b, 1, &second));
    cr_expect_str_eq(first.range, second.range, "nothing was in its place yet");
    cr_expect_neq(first.connection, second.connection);
    cr_expect_lt(first.bytes, REST, "it was not waited for");
    cr_expect_gt(scene_number(&s, "result", 0, "bytes_hedged"), 0);
    cr_expect_eq(scene_events(&s, "retry"), 0, "it is no failure");
}

/* Its twin is slower still, and comes to nothing. */
Test(twins, the_first_wins_and_the_second_is_ended)
{
    SCOPED(scene_done) struct scene s = crawling("cdn b.bin #1 rate=150000 drip=2000");
    scene_fault(&s, "cdn b.bin #1 stall=1000");
    scene_run(&s, args);
    expect_both(&s);
    cr_expect_eq(hub_log_count(hub_log(s.hub), &of_b), 2);
}

/* The first is lost when the second is at it: that one has the rest to itself. */
Test(twins, a_second_goes_on_without_the_first)
{
    SCOPED(scene_done)
    struct scene s = crawling("cdn b.bin #1 rate=20000 drip=2000 close=60000");
    scene_fault(&s, "cdn b.bin rate=60000 drip=2000");
    scene_run(&s, args);
    expect_both(&s);
    cr_expect_eq(hub_log_count(hub_log(s.hub), &of_b), 2, "nobody else was asked for it");
    cr_expect_eq(scene_events(&s, "retry"), 1, "the loss is told");
}

Test(twins, a_second_that_fails_is_as_if_it_had_not_been)
{
    SCOPED(scene_done) struct scene s = crawling("cdn b.bin #1 rate=150000 drip=2000");
    scene_fault(&s, "cdn b.bin status=503");
    scene_run(&s, args);
    expect_both(&s);
    cr_expect_geq(hub_log_count(hub_log(s.hub), &of_b), 2);
    cr_expect_eq(scene_events(&s, "retry"), 0);
}

/* A twin in the same file is not allowed to cost more than the allowance: here that is less than
 * the last write. */
Test(twins, what_is_more_than_one_in_a_hundred_is_waited_for)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 3 * MIB, 1, true);
    hub_add_generated(s.hub, "org/name", "b.bin", REST, 2, true);
    scene_fault(&s, "cdn a.bin rate=8000000"); // so slow that its rate is known
    scene_fault(&s, "cdn b.bin #1 rate=200000 drip=2000");
    scene_run(&s, args);
    scene_expect(&s, 0, NULL);
    cr_expect_eq(hub_log_count(hub_log(s.hub), &of_b), 1);
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_hedged"), 0);
}

Test(twins, a_signal_ends_both_and_the_next_run_goes_on)
{
    SCOPED(scene_done) struct scene s = crawling(CRAWL);
    scene_fault(&s, "cdn b.bin #1 stall=1000");
    run_until_doubled(&s, args);
    proc_signal(s.proc, SIGINT);
    scene_end(&s);
    cr_expect_eq(s.ended_by, SIGINT);
    hub_log_clear(hub_log(s.hub));
    hub_clear_faults(s.hub);
    scene_run(&s, args);
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/b.bin", "org/name", "b.bin");
    cr_expect_eq(scene_sent(&s, "a.bin"), 0);
}

Test(twins, a_pause_ends_both_and_they_begin_again)
{
    SCOPED(scene_done) struct scene s = crawling(CRAWL);
    scene_fault(&s, "cdn b.bin #1 stall=1000");
    run_until_doubled(&s, args);
    proc_signal(s.proc, SIGUSR2);
    cr_assert(proc_wait_out(s.proc, "\"waiting_for\":\"paused\"", SOON_MS));
    proc_signal(s.proc, SIGUSR2);
    scene_end(&s);
    expect_both(&s);
}

/* The first goes to a mirror that crawls, the second to the source, which sends wrong bytes then:
 * found out by the digest, and fetched again. */
Test(twins, one_that_sends_wrong_bytes_does_no_harm)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    add_files(p.scene.hub);
    add_files(p.mirror);
    scene_fault(&p.scene, "cdn a.bin rate=25000000");
    scene_fault(&p.scene, "cdn b.bin #1 close=1000");
    scene_fault(&p.scene, "cdn b.bin #1 flip=500000");
    fault_at(p.mirror, "cdn b.bin #1 rate=20000 drip=2000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2");
    expect_right(&p);
    scene_expect_file(&p.scene, "out/b.bin", "org/name", "b.bin");
    skip_when_short(&p.scene);
    struct hub_log_entry second;
    cr_assert(hub_log_get(hub_log(p.scene.hub), &of_b, 1, &second));
    cr_expect_str_eq(second.range, "bytes=1000-599999");
    cr_expect_eq(of_origin(&p.scene, hub_endpoint(p.scene.hub), "wrong"), 1);
    cr_expect_eq(of_origin(&p.scene, hub_endpoint(p.mirror), "wrong"), 0);
}
