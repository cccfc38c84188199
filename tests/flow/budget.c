/* How often a hub is asked that answers nothing but failures. */
#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"

enum { FILES = 60, SMALL = 1000, BUDGET = 20, RETRIES = 3 };

static struct scene many_files(unsigned files)
{
    struct scene s = scene_new(NULL);
    for (unsigned i = 0; i < files; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%03u.bin", i);
        hub_add_generated(s.hub, "org/name", path, SMALL, i, true);
    }
    return s;
}

static size_t requests(const struct scene *s, enum hub_route route)
{
    return hub_log_count(hub_log(s->hub), &(struct hub_log_filter){.route = route});
}

#define GET_ALL(s, ...)                                                                            \
    GET(s, "org/name", "--local-dir", "out", "--connections", "4", "--max-workers", "4",           \
        "--retries", "3", __VA_ARGS__)

Test(budget, bodies_that_all_fail_are_asked_for_once_each_and_hardly_more)
{
    SCOPED(scene_done) struct scene s = many_files(FILES);
    scene_fault(&s, "cdn * status=503");
    GET_ALL(&s, "--keep-going");
    scene_expect(&s, 8, "network");
    cr_expect_eq(scene_events(&s, "file_failed"), FILES);
    cr_expect_leq(requests(&s, HUB_CDN), FILES + BUDGET, "%zu", requests(&s, HUB_CDN));
    cr_expect_eq(scene_events(&s, "warning"), 1);
    cr_expect_str_eq(scene_text(&s, "warning", 0, "code"), "retries-spent");
}

Test(budget, calls_have_the_same_budget)
{
    SCOPED(scene_done) struct scene s = many_files(FILES);
    scene_fault(&s, "resolve * status=503");
    GET_ALL(&s, "--keep-going");
    scene_expect(&s, 8, "503");
    cr_expect_eq(scene_events(&s, "file_failed"), FILES);
    cr_expect_leq(requests(&s, HUB_RESOLVE), FILES + BUDGET, "%zu", requests(&s, HUB_RESOLVE));
    cr_expect_eq(scene_events(&s, "warning"), 1);
}

Test(budget, a_run_without_keep_going_ends_with_its_first_failure)
{
    SCOPED(scene_done) struct scene s = many_files(FILES);
    scene_fault(&s, "cdn * status=503");
    GET_ALL(&s, "--no-sync");
    scene_expect(&s, 8, "503");
    cr_expect_leq(requests(&s, HUB_CDN), 4 * (1 + RETRIES), "%zu", requests(&s, HUB_CDN));
    cr_expect_eq(scene_events(&s, "file_failed"), 1);
}

/* More failures than the budget has, but every one of them is followed by the file. */
Test(budget, a_run_that_progresses_may_fail_as_often_as_it_likes)
{
    SCOPED(scene_done) struct scene s = many_files(FILES);
    scene_fault(&s, "cdn * #1 status=503");
    GET_ALL(&s, "--no-sync");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(requests(&s, HUB_CDN), 2 * FILES);
    cr_expect_eq(scene_events(&s, "warning"), 0);
}
