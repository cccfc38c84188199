#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"
#include "tests/flow/servers.h"
#include "tests/support/proxy.h"

enum { MIB = 1 << 20, FILES = 3 };

static void expect_all(const struct scene *s)
{
    scene_expect(s, 0, NULL);
    cr_expect_eq(scene_events(s, "retry"), 0);
    cr_expect_eq(scene_events(s, "warning"), 0, "it can be measured here");
    for (int i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *rel = mem_printf("out/%d.bin", i);
        scene_expect_file(s, rel, "org/name", strchr(rel, '/') + 1);
    }
}

static struct scene some_files(const struct hub_options *o)
{
    struct scene s = scene_new(o);
    for (int i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%d.bin", i);
        hub_add_generated(s.hub, "org/name", path, 8 * MIB, (uint64_t)i, true);
    }
    return s;
}

/* Slow enough that it knocks more than once. */
Test(polite, a_run_that_leaves_the_link_to_others_brings_the_same_bytes)
{
    static const char *const CONNECTIONS[] = {"auto", "2"};
    for (size_t i = 0; i < ARRAY_LEN(CONNECTIONS); i++) {
        SCOPED(scene_done) struct scene s = some_files(&(struct hub_options){.conn_rate = 4 * MIB});
        GET(&s, "org/name", "--local-dir", "out", "--polite", "--connections", CONNECTIONS[i]);
        expect_all(&s);
    }
}

Test(polite, it_goes_with_a_rate_limit)
{
    SCOPED(scene_done) struct scene s = some_files(NULL);
    GET(&s, "org/name", "--local-dir", "out", "--polite", "--limit-rate", "12M");
    expect_all(&s);
    cr_expect_str_eq(scene_text(&s, "result", 0, "why_slow"), "limit-rate");
}
