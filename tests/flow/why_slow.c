/* What keeps a run from being faster, with causes made on purpose. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"
#include "tests/flow/servers.h"

enum { MIB = 1 << 20 };

/* Other jobs of the machine may press, too; then there is nothing to see. */
static bool machine_is_busy(void)
{
    static const char START[] = "some avg10=";
    enum { BUSY_PERCENT = 30, TEXT_MAX = 128 };
    char text[TEXT_MAX] = "";
    FILE *f = fopen("/proc/pressure/cpu", "re");
    if (!f) return false;
    const char *line = fgets(text, sizeof(text), f);
    fclose(f);
    bool told = line && strncmp(line, START, sizeof(START) - 1) == 0;
    return told && strtod(text + sizeof(START) - 1, NULL) > BUSY_PERCENT;
}

static void expect_why(const struct scene *s, const char *word)
{
    scene_expect(s, 0, NULL);
    const char *is = scene_text(s, "result", 0, "why_slow");
    cr_assert_not_null(is);
    if (strcmp(is, "pressure") == 0 && machine_is_busy())
        cr_skip_test("the machine is short of something");
    cr_expect_str_eq(is, word);
}

static bool any_progress_says(const struct scene *s, const char *word)
{
    for (size_t i = 0; i < scene_events(s, "progress"); i++) {
        const char *is = scene_text(s, "progress", i, "why_slow");
        if (is && (!word || strcmp(is, word) == 0)) return true;
    }
    return false;
}

/* More of them bring more, so it is what each brings. */
Test(why_slow, connections_that_are_slow_each)
{
    SCOPED(scene_done) struct scene s = scene_new(&(struct hub_options){.conn_rate = MIB});
    hub_add_generated(s.hub, "org/name", "a.bin", 32 * MIB, 1, true);
    GET(&s, "org/name", "--local-dir", "out");
    expect_why(&s, "connection");
    cr_expect_geq(scene_events(&s, "throttle"), 1, "more were tried");
}

/* With more than twelve connections all of them crawl: eight are fine, and sixteen were worse. */
Test(why_slow, an_origin_that_punishes)
{
    SCOPED(scene_done)
    struct scene s = scene_new(&(struct hub_options){.conn_rate = 2 * MIB, .collapse_above = 12});
    for (uint64_t i = 0; i < 20; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%d.bin", (int)i);
        hub_add_generated(s.hub, "org/name", path, 4 * MIB, i, true);
    }
    GET(&s, "org/name", "--local-dir", "out", "--max-workers", "20");
    expect_why(&s, "origin");
}

Test(why_slow, an_origin_that_does_not_answer)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    scene_fault(&s, "cdn * delay=2500");
    GET(&s, "org/name", "--local-dir", "out");
    expect_why(&s, "origin");
}

/* The first second brought something, and the last one may. */
Test(why_slow, an_origin_that_stops_in_the_middle)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1 * MIB, 1, true);
    scene_fault(&s, "cdn * #1 stall=300000");
    GET(&s, "org/name", "--local-dir", "out", "--stall-timeout", "5", "--connections", "1");
    expect_why(&s, "link");
}

Test(why_slow, an_origin_that_refuses)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    scene_fault(&s, "cdn * #1-2 status=429 header=Retry-After:%201");
    GET(&s, "org/name", "--local-dir", "out");
    expect_why(&s, "refused");
}

/* It says so before it refuses anything. */
Test(why_slow, a_hub_whose_quota_is_used_up)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    hub_add_generated(s.hub, "org/name", "b.bin", 1000, 2, true);
    hub_limit(s.hub, HUB_BUCKET_RESOLVERS, 1, 3000);
    GET(&s, "org/name", "--local-dir", "out");
    expect_why(&s, "refused");
}

Test(why_slow, our_own_limit_also_in_progress_when_asked_for)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 3 * MIB, 1, true);
    GET(&s, "org/name", "--local-dir", "out", "--limit-rate", "2M");
    expect_why(&s, "limit-rate");
    cr_expect_not(any_progress_says(&s, NULL));
    static const char *const ASKING[] = {"--why-slow", "--verbose"};
    for (size_t i = 0; i < ARRAY_LEN(ASKING); i++) {
        GET(&s, "org/name", "--local-dir", "again", "--force-download", "--limit-rate", "2M",
            ASKING[i]);
        expect_why(&s, "limit-rate");
        cr_expect(any_progress_says(&s, "limit-rate"), "%s", ASKING[i]);
    }
}

/* Also the shortest run that fetches has a verdict. */
Test(why_slow, nothing_when_nothing_is_fetched)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_not_null(scene_text(&s, "result", 0, "why_slow"));
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_null(scene_text(&s, "result", 0, "why_slow"));
    SCOPED(mem_freep) char *path = mem_printf("%s/out/a.bin", s.dir);
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_reused"), 1000, "it was verified");
    cr_expect_null(scene_text(&s, "result", 0, "why_slow"));
}
