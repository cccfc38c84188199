/* What can be wished for while a run is under way: a pause, the tree of what runs. */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"
#include "tests/support/proc.h"

enum { MIB = 1 << 20, SOON_MS = 30 * 1000, FILES = 3, SIZE = 8 * MIB };

static const char *const paths[FILES] = {"a.bin", "b.bin", "c.bin"};
static const char *const args[] = {"get", "--json",        "org/name", "--local-dir",
                                   "out", "--connections", "3",        NULL};

/* Files that come slowly enough to be met on their way. */
static struct scene scene(void)
{
    struct scene s = scene_new(NULL);
    for (size_t i = 0; i < FILES; i++) {
        hub_add_generated(s.hub, "org/name", paths[i], SIZE, 1, true);
    }
    scene_fault(&s, "cdn * rate=8388608");
    return s;
}

static void start(struct scene *s)
{
    scene_start(s, args);
    cr_assert(proc_wait_out(s->proc, "\"connections\":3", SOON_MS), "%s", proc_out(s->proc));
}

static void expect_all_there(const struct scene *s)
{
    scene_expect(s, 0, NULL);
    for (size_t i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *rel = mem_printf("out/%s", paths[i]);
        scene_expect_file(s, rel, "org/name", paths[i]);
    }
}

static void pause_it(struct scene *s)
{
    proc_signal(s->proc, SIGUSR2);
    cr_assert(proc_wait_out(s->proc, "\"connections\":0,\"waiting_for\":\"paused\"", SOON_MS), "%s",
              proc_out(s->proc));
}

Test(wishes, a_pause_brings_everything_to_rest_and_keeps_its_bytes)
{
    SCOPED(scene_done) struct scene s = scene();
    start(&s);
    pause_it(&s);
    uint64_t sent = scene_sent(&s, "*");
    cr_expect_lt(sent, (uint64_t)FILES * SIZE, "there was something left to pause");
    size_t asked = scene_requests(&s, HUB_CDN);
    hub_clear_faults(s.hub);
    proc_signal(s.proc, SIGUSR2);
    scene_end(&s);
    expect_all_there(&s);
    cr_expect_eq(scene_requests(&s, HUB_CDN), asked + FILES, "each was asked for once more");
    cr_expect_str_eq(scene_text(&s, "wait", 0, "cause"), "paused");
    cr_expect_eq(scene_events(&s, "retry"), 0, "a pause is no failure");
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_fetched"), (uint64_t)FILES * SIZE);
}

Test(wishes, a_paused_run_can_be_stopped_and_resumed)
{
    SCOPED(scene_done) struct scene s = scene();
    start(&s);
    pause_it(&s);
    proc_signal(s.proc, SIGTERM);
    scene_end(&s);
    cr_expect_eq(s.ended_by, SIGTERM);
    cr_expect_str_eq(scene_text(&s, "result", 0, "status"), "cancelled");
    hub_clear_faults(s.hub);
    scene_run(&s, args);
    expect_all_there(&s);
}

Test(wishes, what_runs_is_told_as_a_table_and_as_an_event)
{
    SCOPED(scene_done) struct scene s = scene();
    start(&s);
    proc_signal(s.proc, SIGUSR1);
    cr_assert(proc_wait_out(s.proc, "\"type\":\"tasks\"", SOON_MS), "%s", proc_out(s.proc));
    scene_end(&s);
    expect_all_there(&s);
    cr_expect_not_null(strstr(s.err, "\nrun "), "%s", s.err);
    cr_expect_not_null(strstr(s.err, "    file "), "%s", s.err);
    cr_expect_not_null(strstr(s.err, "      part "), "%s", s.err);
    const struct json *tasks = json_get(scene_event(&s, "tasks", 0), "tasks");
    cr_assert_not_null(tasks);
    cr_expect_eq(json_count(json_get(scene_event(&s, "tasks", 0), "resources")), 3);
    size_t parts = 0;
    size_t files = 0;
    for (const struct json *t = json_first(tasks); t; t = json_next(t)) {
        const char *kind = json_string(json_get(t, "kind"));
        parts += strcmp(kind, "part") == 0;
        files += strcmp(kind, "file") == 0;
    }
    cr_expect_eq(files, FILES);
    cr_expect_eq(parts, FILES);
}

/* What nobody reads a word of, with --quiet, is told all the same when somebody asks. */
Test(wishes, a_quiet_run_answers_too)
{
    SCOPED(scene_done) struct scene s = scene();
    static const char *const quiet[] = {"get", "--json",        "-q", "org/name", "--local-dir",
                                        "out", "--connections", "3",  NULL};
    scene_start(&s, quiet);
    cr_assert(proc_wait_out(s.proc, "\"connections\":3", SOON_MS));
    proc_signal(s.proc, SIGUSR1);
    cr_assert(proc_wait_out(s.proc, "\"type\":\"tasks\"", SOON_MS));
    scene_end(&s);
    cr_expect_eq(strncmp(s.err, "observer ", 9), 0, "nothing but what was asked for: %s", s.err);
    cr_expect_not_null(strstr(s.err, "\nrun "), "%s", s.err);
}

/* Stopped for longer than the stall time-out: what nobody listened to was no silence. The
 * connections are silent indeed, so counting the stop would end them as soon as the process goes
 * on. */
Test(wishes, the_time_of_a_stopped_process_is_no_silence)
{
    SCOPED(scene_done) struct scene s = scene();
    hub_clear_faults(s.hub);
    scene_fault(&s, "cdn * #1 stall=1048576");
    static const char *const patient[] = {
        "get",           "--json", "org/name",        "--local-dir", "out",
        "--connections", "3",      "--stall-timeout", "4",           NULL};
    enum { LONGER_MS = 5000, A_MOMENT_MS = 700 };
    scene_start(&s, patient);
    cr_assert(proc_wait_out(s.proc, "\"downloaded\":3145728,", SOON_MS), "%s", proc_out(s.proc));
    proc_signal(s.proc, SIGSTOP);
    cr_expect_not(proc_wait(s.proc, LONGER_MS), "a stopped process does not end");
    proc_signal(s.proc, SIGCONT);
    cr_expect_not(proc_wait(s.proc, A_MOMENT_MS), "they are waited for");
    pause_it(&s);
    cr_expect_null(strstr(proc_out(s.proc), "\"type\":\"retry\""), "%s", proc_out(s.proc));
    proc_signal(s.proc, SIGUSR2);
    scene_end(&s);
    expect_all_there(&s);
}

/* contract: at least every five seconds, also before there is a plan. */
Test(wishes, progress_comes_also_while_the_listing_is_waited_for)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    scene_fault(&s, "tree * delay=3000");
    scene_run(&s, args);
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(scene_text(&s, "progress", 0, "status"), "not_started");
}

Test(wishes, a_survey_that_waits_says_for_what)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 1000, 1, true);
    scene_fault(&s, "tree * #1 status=429 header=Retry-After:%203");
    scene_run(&s, args);
    scene_expect(&s, 0, NULL);
    cr_expect_str_eq(scene_text(&s, "progress", 0, "waiting_for"), "retry");
}
