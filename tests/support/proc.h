/* proc.h - a program run by a test: its arguments, its environment (nothing of ours leaks into it),
 * what it wrote, how it ended. It is killed when the test's thread that started it dies.
 *
 * Output is drained while somebody waits; a program that writes more than a pipe holds is blocked
 * until then, as by any slow reader. One thread. */
#ifndef SHARDFETCH_TESTS_PROC_H
#define SHARDFETCH_TESTS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "download/base/err.h"
#include "download/base/scoped.h"

struct proc;

/* What is left zero is the default. */
struct proc_spec {
    const char *const *argv; // argv[0] is looked for in PATH unless it has a slash; NULL at the end
    const char *const *env;  // "NAME=value", NULL at the end, added to PATH and the sanitizers'
                             // options; nothing else is inherited
    const char *cwd;
    bool in_pipe;              // stdin is a pipe: proc_write, proc_close_in; else /dev/null
    int in_fd;                 // stdin is this descriptor; 0 = not
    int out_fd;                // stdout is this descriptor; 0 = captured
    int err_fd;                // the same for stderr
    int extra_fd;              // is descriptor 3 in the program; 0 = none
    int death_signal;          // sent to it when our thread dies; 0 = SIGKILL
    bool close_out, close_err; // started without one
};

NODISCARD enum err proc_start(const struct proc_spec *s, struct proc **ret, struct why *why);
/* Kills it when it still runs. NULL is fine. */
void proc_free(struct proc *p);
SCOPED_FREE(struct proc, proc)

/* True when it has ended and all output is here; false after `timeout_ms`. */
NODISCARD bool proc_wait(struct proc *p, uint64_t timeout_ms);
/* True when stdout (stderr) contains the text; false when it ended without, or after the time. */
NODISCARD bool proc_wait_out(struct proc *p, const char *text, uint64_t timeout_ms);
NODISCARD bool proc_wait_err(struct proc *p, const char *text, uint64_t timeout_ms);

/* After proc_wait: exit status, -1 when a signal ended it; that signal, 0 when none did. */
int proc_status(const struct proc *p);
int proc_ended_by(const struct proc *p);
pid_t proc_pid(const struct proc *p);
void proc_signal(struct proc *p, int signal);

/* What was captured so far, with a NUL behind it. */
const char *proc_out(const struct proc *p);
const char *proc_err(const struct proc *p);
size_t proc_out_len(const struct proc *p);
/* Stops reading: the program's next write to stdout fails with EPIPE. */
void proc_close_out(struct proc *p);
bool proc_write(struct proc *p, const void *data, size_t len);
void proc_close_in(struct proc *p);
/* User and system time and peak memory, after proc_wait. */
struct rusage;
const struct rusage *proc_usage(const struct proc *p);

/* Start and wait in one: false (and killed) after the time. */
NODISCARD bool proc_run(const struct proc_spec *s, uint64_t timeout_ms, struct proc **ret);

#endif
