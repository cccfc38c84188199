/* Runs that are stopped or killed, and what the next one has to fetch. */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"
#include "tests/support/proc.h"

enum { MIB = 1 << 20, SOON_MS = 30 * 1000, FILES = 3, SIZE = 24 * MIB };

/* Each connection brings this much of a file, in half a second, and then no more. */
#define BROUGHT_MIB 20
#define STALL       "cdn * #1 stall=20971520 rate=41943040"

static const char *const paths[FILES] = {"a.bin", "b.bin", "c.bin"};

/* As many files as connections: none is split, so that what has arrived is known to the byte. */
static const char *const args[] = {"get", "--json",        "org/name", "--local-dir",
                                   "out", "--connections", "3",        NULL};

static struct scene scene(void)
{
    struct scene s = scene_new(NULL);
    for (size_t i = 0; i < FILES; i++) {
        hub_add_generated(s.hub, "org/name", paths[i], SIZE, 1, true);
    }
    scene_fault(&s, STALL);
    return s;
}

/* Runs until all has arrived that will. */
static void run_until_it_hangs(struct scene *s)
{
    scene_start(s, args);
    SCOPED(mem_freep)
    char *arrived = mem_printf("\"downloaded\":%zu,", (size_t)FILES * BROUGHT_MIB * MIB);
    cr_assert(proc_wait_out(s->proc, arrived, SOON_MS), "%s", proc_out(s->proc));
}

static void expect_all_there(const struct scene *s)
{
    scene_expect(s, 0, NULL);
    for (size_t i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *rel = mem_printf("out/%s", paths[i]);
        scene_expect_file(s, rel, "org/name", paths[i]);
    }
    cr_expect_eq(tmpdir_count(s->dir, "out/.cache/huggingface/shardfetch"), 1,
                 "no partial stays behind, only the list of what was verified");
}

Test(stop, a_signal_keeps_every_byte)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        SCOPED(scene_done) struct scene s = scene();
        run_until_it_hangs(&s);
        proc_signal(s.proc, signals[i]);
        scene_end(&s);
        cr_expect_eq(s.ended_by, signals[i], "%d", s.status);
        cr_expect_str_eq(scene_text(&s, "result", 0, "status"), "cancelled");
        cr_expect_str_eq(scene_text(&s, "result", 0, "code"), "cancelled");
        cr_expect_eq(scene_published(&s, "out"), 0);
        hub_log_clear(hub_log(s.hub));
        scene_run(&s, args);
        expect_all_there(&s);
        cr_expect_eq(scene_sent(&s, "*"), FILES * (SIZE - BROUGHT_MIB * MIB));
        cr_expect_eq(scene_number(&s, "file_start", 0, "resumed_from"), BROUGHT_MIB * MIB);
        cr_expect_eq(scene_number(&s, "result", 0, "bytes_reused"), FILES * BROUGHT_MIB * MIB);
    }
}

Test(stop, a_kill_costs_eight_mib_per_connection_at_most)
{
    SCOPED(scene_done) struct scene s = scene();
    run_until_it_hangs(&s);
    proc_signal(s.proc, SIGKILL);
    scene_end(&s);
    cr_expect_eq(s.ended_by, SIGKILL);
    cr_expect_eq(scene_published(&s, "out"), 0);
    hub_log_clear(hub_log(s.hub));
    scene_run(&s, args);
    expect_all_there(&s);
    uint64_t least = FILES * (SIZE - BROUGHT_MIB * MIB);
    cr_expect_geq(scene_sent(&s, "*"), least);
    cr_expect_leq(scene_sent(&s, "*"), least + (uint64_t)FILES * 8 * MIB);
}

Test(stop, in_the_cache_nothing_is_there_before_it_is_verified)
{
    SCOPED(scene_done) struct scene s = scene();
    static const char *const to_cache[] = {"get", "--json", "org/name", "--connections", "3", NULL};
    scene_start(&s, to_cache);
    SCOPED(mem_freep)
    char *arrived = mem_printf("\"downloaded\":%zu,", (size_t)FILES * BROUGHT_MIB * MIB);
    cr_assert(proc_wait_out(s.proc, arrived, SOON_MS));
    proc_signal(s.proc, SIGKILL);
    scene_end(&s);
    cr_expect_eq(tmpdir_count(s.dir, "hf/hub/models--org--name/blobs"), 0);
    cr_expect_not(tmpdir_has(s.dir, "hf/hub/models--org--name/refs/main"), "the ref comes last");
    hub_log_clear(hub_log(s.hub));
    scene_run(&s, to_cache);
    scene_expect(&s, 0, NULL);
    cr_expect_lt(scene_sent(&s, "*"), (uint64_t)FILES * SIZE);
    cr_expect_eq(tmpdir_count(s.dir, "hf/hub/models--org--name/blobs"), FILES);
}

/* What a partial holds is believed only as far as its digest goes. */
Test(stop, a_damaged_partial_costs_its_file_only)
{
    SCOPED(scene_done) struct scene s = scene();
    run_until_it_hangs(&s);
    proc_signal(s.proc, SIGKILL);
    scene_end(&s);
    SCOPED(mem_freep)
    char *damage = mem_printf("for f in out/.cache/huggingface/shardfetch/*; do "
                              "printf X | dd of=\"$f\" bs=1 seek=5000 conv=notrunc; done");
    const struct proc_spec spec = {.argv = WORDS("sh", "-c", damage), .cwd = s.dir};
    SCOPED(proc_freep) struct proc *p = NULL;
    cr_assert(proc_run(&spec, SOON_MS, &p));
    scene_run(&s, args);
    expect_all_there(&s);
}

Test(stop, a_listing_is_not_waited_for)
{
    static const struct {
        const char *fault;
        enum hub_route route;
    } cases[] = {{"info * stall=0", HUB_INFO},
                 {"tree * delay=60000", HUB_TREE},
                 {"resolve * stall=0", HUB_RESOLVE}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(scene_done) struct scene s = scene();
        hub_clear_faults(s.hub);
        scene_fault(&s, cases[i].fault);
        scene_start(&s, args);
        const struct hub_log_filter asked = {.route = cases[i].route};
        cr_assert(hub_log_wait(hub_log(s.hub), &asked, 1, SOON_MS), "%s", cases[i].fault);
        proc_signal(s.proc, SIGINT);
        scene_end(&s);
        cr_expect_eq(s.ended_by, SIGINT);
        cr_expect_str_eq(scene_text(&s, "result", 0, "code"), "cancelled");
        cr_expect_eq(scene_published(&s, "out"), 0);
    }
}

Test(stop, a_second_signal_ends_at_once)
{
    SCOPED(scene_done) struct scene s = scene();
    run_until_it_hangs(&s);
    proc_signal(s.proc, SIGINT);
    proc_signal(s.proc, SIGINT);
    cr_assert(proc_wait(s.proc, SOON_MS));
    cr_expect_eq(proc_ended_by(s.proc), SIGINT);
    cr_expect_eq(scene_published(&s, "out"), 0);
    scene_run(&s, args);
    expect_all_there(&s);
}

Test(stop, a_target_in_use_is_busy)
{
    SCOPED(scene_done) struct scene first = scene();
    run_until_it_hangs(&first);
    SCOPED(mem_freep) char *endpoint = mem_printf("HF_ENDPOINT=%s", hub_endpoint(first.hub));
    const struct proc_spec spec = {
        .argv = WORDS(SHARDFETCH_PATH, "get", "org/name", "--local-dir", "out"),
        .env = WORDS(endpoint, "HF_TOKEN=" CANARY),
        .cwd = first.dir};
    SCOPED(proc_freep) struct proc *second = NULL;
    cr_assert(proc_run(&spec, SOON_MS, &second));
    cr_expect_eq(proc_status(second), 12, "%s", proc_err(second));
    cr_expect_not_null(strstr(proc_err(second), "busy"));
    proc_signal(first.proc, SIGINT);
    scene_end(&first);
    cr_expect_eq(first.ended_by, SIGINT);
}
