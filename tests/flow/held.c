/* An origin that refuses, or says that nothing is left: nobody asks it before the time it told. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/flow/scene.h"
#include "tests/flow/servers.h"

enum { MIB = 1 << 20, SMALL = 1000 };

static const struct hub_log_filter BODIES = {.at_cdn = true};

static void add_files(struct scene *s, const char *const *paths, uint64_t size)
{
    for (size_t i = 0; paths[i]; i++)
        hub_add_generated(s->hub, "org/name", paths[i], size, i + 1, true);
}

/* From the arrival of one request to that of the next. */
static uint64_t between_ns(const struct scene *s, const struct hub_log_filter *f, size_t n)
{
    struct hub_log_entry first, second;
    cr_assert(hub_log_get(hub_log(s->hub), f, n, &first));
    cr_assert(hub_log_get(hub_log(s->hub), f, n + 1, &second));
    return second.at_ns - first.at_ns;
}

static void expect_one_wait(const struct scene *s, const char *origin)
{
    cr_assert_eq(scene_events(s, "wait"), 1, "%s", s->out);
    cr_expect_str_eq(scene_text(s, "wait", 0, "origin"), origin);
    cr_expect_str_eq(scene_text(s, "wait", 0, "cause"), "rate-limit");
}

/* The other file could be asked for: it is not. */
Test(held, a_refusal_holds_back_all_that_its_origin_has)
{
    static const char *const FAULTS[] = {
        "cdn * ##1 status=429 header=Retry-After:%201",
        "cdn * ##1 status=503 header=Retry-After:%201",
        "cdn * ##1 status=429 header=RateLimit:%20%22x%22;r=0;t=1",
        "cdn * ##1 status=206 header=RateLimit:%20%22x%22;r=0;t=1"};
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        SCOPED(scene_done) struct scene s = scene_new(NULL);
        add_files(&s, WORDS("a.bin", "b.bin"), SMALL);
        scene_fault(&s, FAULTS[i]);
        GET(&s, "org/name", "--local-dir", "out", "--connections", "1");
        scene_expect(&s, 0, NULL);
        expect_one_wait(&s, hub_cdn(s.hub));
        cr_expect_geq(between_ns(&s, &BODIES, 0), SECOND_NS, "%s", FAULTS[i]);
    }
}

Test(held, many_refusals_at_once_are_one_wait)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    add_files(&s, WORDS("a.bin"), 128 * MIB); // four parts
    scene_fault(&s, "cdn * ##1-4 status=429 header=Retry-After:%201");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "4");
    scene_expect(&s, 0, NULL);
    expect_one_wait(&s, hub_cdn(s.hub));
    cr_expect_eq(scene_events(&s, "retry"), 1);
}

/* A refusal means fewer connections, but none that runs is ended while nobody may take its place.
 */
Test(held, what_runs_goes_on_as_it_is)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    add_files(&s, WORDS("1.bin", "2.bin", "3.bin", "4.bin", "5.bin", "6.bin", "7.bin"), 2 * MIB);
    add_files(&s, WORDS("last.bin"), SMALL);
    scene_fault(&s, "resolve last.bin delay=300");
    scene_fault(&s, "cdn last.bin #1 status=429 header=Retry-After:%204");
    scene_fault(&s, "cdn *.bin rate=1000000");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "auto", "--max-workers", "8");
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(scene_text(&s, "throttle", 0, "cause"), "refused");
    cr_expect_eq(hub_log_count(hub_log(s.hub), &BODIES), 7 + 2);
    cr_expect_eq(scene_events(&s, "retry"), 1);
}

Test(held, nobody_asks_where_the_wait_is_too_long)
{
    static const struct {
        const char *fault;
        size_t failed;
    } cases[] = {{"cdn * status=429 header=Retry-After:%2020000", 3},
                 {"cdn * status=206 header=RateLimit:%20%22x%22;r=0;t=20000", 2}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(scene_done) struct scene s = scene_new(NULL);
        add_files(&s, WORDS("a.bin", "b.bin", "c.bin"), SMALL);
        scene_fault(&s, cases[i].fault);
        GET(&s, "org/name", "--local-dir", "out", "--connections", "1", "--keep-going");
        scene_expect(&s, 7, "try again");
        cr_expect_eq(scene_events(&s, "file_failed"), cases[i].failed, "%s", cases[i].fault);
        cr_expect_geq(scene_number(&s, "result", 0, "retry_after_s"), 19000);
        cr_expect_eq(hub_log_count(hub_log(s.hub), &BODIES), 1, "%s", cases[i].fault);
    }
}

/* Each file alone would wait for three seconds. */
Test(held, waits_for_an_origin_add_up_over_its_files)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    add_files(&s, WORDS("a.bin", "b.bin", "c.bin", "d.bin"), SMALL);
    scene_fault(&s, "cdn * status=429 header=Retry-After:%201");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "1", "--keep-going", "--max-wait",
        "3");
    scene_expect(&s, 7, NULL);
    cr_expect_eq(scene_events(&s, "file_failed"), 4);
    cr_expect_leq(hub_log_count(hub_log(s.hub), &BODIES), 4);
}

/* Both are asked where they are at once, and told the same. */
Test(held, calls_that_are_refused_are_one_wait)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    add_files(&s, WORDS("a.bin", "b.bin"), SMALL);
    scene_fault(&s, "resolve * ##1-2 status=429 header=Retry-After:%201");
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    expect_one_wait(&s, hub_endpoint(s.hub));
    const struct hub_log_filter resolves = {.route = HUB_RESOLVE};
    cr_expect_eq(hub_log_count(hub_log(s.hub), &resolves), 4);
    cr_expect_geq(between_ns(&s, &resolves, 1) + between_ns(&s, &resolves, 0), SECOND_NS);
}
