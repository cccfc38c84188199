#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/proc.h"
#include "tests/support/tmpdir.h"

enum { LONG_MS = 20000 };

static struct proc *shell(const char *script, struct proc_spec s)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct proc *p = NULL;
    struct why why = {{0}};
    s.argv = argv;
    cr_assert_eq(proc_start(&s, &p, &why), OK, "%s", why.text);
    return p;
}

Test(proc, captures_both_streams_and_the_status)
{
    SCOPED(proc_freep)
    struct proc *p = shell("printf out; printf err >&2; exit 7", (struct proc_spec){0});
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect_str_eq(proc_out(p), "out");
    cr_expect_str_eq(proc_err(p), "err");
    cr_expect_eq(proc_status(p), 7);
    cr_expect_eq(proc_ended_by(p), 0);
}

Test(proc, tells_which_signal_ended_it)
{
    SCOPED(proc_freep)
    struct proc *p = shell("echo up; exec cat", (struct proc_spec){.in_pipe = true});
    cr_assert(proc_wait_out(p, "up", LONG_MS));
    cr_expect_not(proc_wait(p, 20), "it still runs");
    proc_signal(p, SIGTERM);
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect_eq(proc_ended_by(p), SIGTERM);
    cr_expect_eq(proc_status(p), -1);
}

Test(proc, more_output_than_a_pipe_holds_arrives_whole)
{
    SCOPED(proc_freep)
    struct proc *p =
        shell("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2", (struct proc_spec){0});
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect_eq(proc_out_len(p), 3000000);
}

Test(proc, inherits_nothing_but_what_it_is_given)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    const char *const env[] = {"GIVEN=yes", NULL};
    setenv("HF_TOKEN", "hf_leak", 1);
    SCOPED(proc_freep)
    struct proc *p = shell("echo \"$GIVEN:$HF_TOKEN:$(pwd)\"; ls /proc/self/fd",
                           (struct proc_spec){.env = env, .cwd = dir});
    cr_assert(proc_wait(p, LONG_MS));
    SCOPED(mem_freep) char *want = mem_printf("yes::%s\n0\n1\n2\n3\n", dir);
    cr_expect_str_eq(proc_out(p), want); // 3 is the listed directory itself
}

Test(proc, stdin_is_empty_or_a_pipe)
{
    SCOPED(proc_freep) struct proc *none = shell("wc -c", (struct proc_spec){0});
    SCOPED(proc_freep) struct proc *fed = shell("wc -c", (struct proc_spec){.in_pipe = true});
    cr_assert(proc_write(fed, "12345", 5));
    proc_close_in(fed);
    cr_assert(proc_wait(none, LONG_MS));
    cr_assert(proc_wait(fed, LONG_MS));
    cr_expect_str_eq(proc_out(none), "0\n");
    cr_expect_str_eq(proc_out(fed), "5\n");
}

Test(proc, a_reader_may_go_away_and_descriptors_can_be_handed_over)
{
    SCOPED(proc_freep)
    struct proc *p =
        shell("read x; echo late; echo status $? >&2", (struct proc_spec){.in_pipe = true});
    proc_close_out(p);
    cr_assert(proc_write(p, "\n", 1));
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect(proc_ended_by(p) == SIGPIPE || !strstr(proc_err(p), "status 0"));

    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    SCOPED(proc_freep)
    struct proc *q = shell("echo three >&3", (struct proc_spec){.extra_fd = ends[1]});
    close(ends[1]);
    char text[16] = {0};
    cr_expect_eq(read(ends[0], text, sizeof(text) - 1), 6);
    cr_expect_str_eq(text, "three\n");
    cr_assert(proc_wait(q, LONG_MS));
    close(ends[0]);
}

Test(proc, what_cannot_run_ends_with_127)
{
    const char *const argv[] = {"/nowhere/at/all", NULL};
    SCOPED(proc_freep) struct proc *p = NULL;
    cr_assert(proc_run(&(struct proc_spec){.argv = argv}, LONG_MS, &p));
    cr_expect_eq(proc_status(p), 127);
}

Test(proc, free_kills_what_still_runs)
{
    struct proc *p = shell("echo up; exec cat", (struct proc_spec){.in_pipe = true});
    cr_assert(proc_wait_out(p, "up", LONG_MS));
    pid_t pid = proc_pid(p);
    proc_free(p);
    cr_expect_eq(kill(pid, 0), -1);
}
