/* How many files are worked on at once. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"

enum { MIB = 1 << 20, FILES = 40, FEW = 8 };

/* Between their start and their end, by the events up to the first of that type; NULL: all. */
static size_t most_at_once(const struct scene *s, const char *until)
{
    size_t now = 0, most = 0;
    for (size_t i = 0; i < s->line_count; i++) {
        const char *type = json_string(json_get(json_root(s->lines[i]), "type"));
        if (until && strcmp(type, until) == 0) break;
        now += strcmp(type, "file_start") == 0;
        now -= strcmp(type, "file_done") == 0;
        if (now > most) most = now;
    }
    return most;
}

static struct scene scene_with_files(uint64_t count, uint64_t size)
{
    struct scene s = scene_new(NULL);
    for (uint64_t i = 0; i < count; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%d.bin", (int)i);
        hub_add_generated(s.hub, "org/name", path, size, i, true);
    }
    return s;
}

/* Each waits for its one answer: connections would be idle with few of them. */
Test(admit, small_files_are_many_at_once)
{
    SCOPED(scene_done) struct scene s = scene_with_files(FILES, 1000);
    scene_fault(&s, "cdn * delay=300");
    GET(&s, "org/name", "--local-dir", "out");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "file_done"), FILES);
    cr_expect_gt(most_at_once(&s, NULL), FEW);
}

Test(admit, but_no_more_than_the_user_wants)
{
    SCOPED(scene_done) struct scene s = scene_with_files(FILES, 1000);
    scene_fault(&s, "cdn * delay=50");
    GET(&s, "org/name", "--local-dir", "out", "--max-workers", "3");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "file_done"), FILES);
    cr_expect_leq(most_at_once(&s, NULL), 3);
}

/* A few keep all connections busy, as long as there is enough left of them to be split. */
Test(admit, large_files_are_few_at_once)
{
    SCOPED(scene_done) struct scene s = scene_with_files(FEW + 6, 9 * MIB);
    scene_fault(&s, "cdn * rate=3000000");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "8", "--no-sync");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "file_done"), FEW + 6);
    cr_expect_leq(most_at_once(&s, "progress"), FEW);
}
