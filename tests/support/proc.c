#include "tests/support/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "download/base/buf.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

enum { CAPTURE_MAX = 1 << 30, CHUNK_BYTES = 64 * 1024, CANNOT_RUN = 127 };

/* Reading end of a captured stream. */
struct capture {
    int fd; // -1 = not captured or at its end
    struct buf text;
};

struct proc {
    pid_t pid;
    int pidfd;
    int in; // -1 = none
    struct capture out, err;
    bool ended;
    int wait_status;
    struct rusage usage;
};

/* Descriptors the child gets as 0, 1, 2, 3; -1 = closed. */
struct child_fds {
    int fd[4];
};

/* ---- the child's side ---- */

/* Copies beyond 9 first, so that no descriptor is overwritten before it is used. Only
 * async-signal-safe calls: other threads of the test may hold any lock. */
static _Noreturn void child_exec(const struct proc_spec *s, char *const *argv, char *const *env,
                                 const struct child_fds *c)
{
    prctl(PR_SET_PDEATHSIG, s->death_signal ? s->death_signal : SIGKILL);
    int copies[4];
    for (int i = 0; i < 4; i++) {
        copies[i] = c->fd[i] < 0 ? -1 : fcntl(c->fd[i], F_DUPFD_CLOEXEC, 10);
    }
    for (int i = 0; i < 4; i++) {
        if (copies[i] >= 0) {
            dup2(copies[i], i);
        } else {
            close(i);
        }
    }
    close_range(4, UINT_MAX, CLOSE_RANGE_CLOEXEC); // what the test's framework left open
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    static const int ordinary[] = {SIGPIPE, SIGINT, SIGHUP, SIGTERM}; // shells ignore some for '&'
    for (size_t i = 0; i < ARRAY_LEN(ordinary); i++) {
        signal(ordinary[i], SIG_DFL);
    }
    if (!s->cwd || chdir(s->cwd) == 0) execvpe(argv[0], argv, env);
    _exit(CANNOT_RUN);
}

/* ---- starting ---- */

static size_t count_words(const char *const *words)
{
    size_t n = 0;
    while (words && words[n]) {
        n++;
    }
    return n;
}

/* What a child needs of our own environment to run at all, and to report as we do. */
static bool inherited(const char *entry)
{
    static const char *const names[] = {
        "PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS=", "TMPDIR="};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0) return true;
    }
    return false;
}

/* A NULL-terminated copy, the strings in it too. */
static char **copy_words(const char *const *words)
{
    size_t n = count_words(words);
    char **copy = mem_array(n + 1, sizeof(char *));
    for (size_t i = 0; i < n; i++) {
        copy[i] = mem_strdup(words[i]);
    }
    return copy;
}

static char **child_environment(const char *const *extra)
{
    size_t n = 0;
    char **env = mem_array(count_words((const char *const *)environ) + count_words(extra) + 1,
                           sizeof(char *));
    for (char **e = environ; *e; e++) {
        if (inherited(*e)) env[n++] = mem_strdup(*e);
    }
    for (size_t i = 0; i < count_words(extra); i++) {
        env[n++] = mem_strdup(extra[i]);
    }
    return env;
}

static void words_freep(char ***words)
{
    for (char **w = *words; w && *w; w++) {
        mem_free(*w);
    }
    mem_free(*words);
}

/* The child's end and ours of one stream. `ours` is -1 when there is nothing to hold. */
static int open_stream(int given, bool pipe_wanted, int child_end, int *ret_ours)
{
    int ends[2];
    *ret_ours = -1;
    if (given > 0) return fcntl(given, F_DUPFD_CLOEXEC, 10);
    if (!pipe_wanted) return open("/dev/null", O_RDWR | O_CLOEXEC);
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    *ret_ours = ends[1 - child_end];
    return ends[child_end];
}

static void open_streams(const struct proc_spec *s, struct proc *p, struct child_fds *ret)
{
    ret->fd[0] = open_stream(s->in_fd, s->in_pipe, 0, &p->in);
    ret->fd[1] = s->close_out ? -1 : open_stream(s->out_fd, true, 1, &p->out.fd);
    ret->fd[2] = s->close_err ? -1 : open_stream(s->err_fd, true, 1, &p->err.fd);
    ret->fd[3] = s->extra_fd > 0 ? fcntl(s->extra_fd, F_DUPFD_CLOEXEC, 10) : -1;
}

enum err proc_start(const struct proc_spec *s, struct proc **ret, struct why *why)
{
    SCOPED(proc_freep) struct proc *p = mem_new(sizeof(*p));
    *p = (struct proc){.pidfd = -1, .in = -1, .out.fd = -1, .err.fd = -1};
    buf_init(&p->out.text, CAPTURE_MAX);
    buf_init(&p->err.text, CAPTURE_MAX);
    SCOPED(words_freep) char **argv = copy_words(s->argv);
    SCOPED(words_freep) char **env = child_environment(s->env);
    struct child_fds fds;
    open_streams(s, p, &fds);

    p->pid = fork();
    if (p->pid == 0) child_exec(s, argv, env, &fds);
    for (int i = 0; i < 4; i++) {
        if (fds.fd[i] >= 0) close(fds.fd[i]);
    }
    if (p->pid < 0) return fail_errno(why, "cannot fork for '%s'", argv[0]);
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (p->pidfd < 0) return fail_errno(why, "cannot watch '%s'", argv[0]);
    *ret = TAKE(p);
    return OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

void proc_free(struct proc *p)
{
    if (!p) return;
    if (p->pid > 0 && !p->ended) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    close_fd(&p->pidfd);
    close_fd(&p->in);
    close_fd(&p->out.fd);
    close_fd(&p->err.fd);
    buf_done(&p->out.text);
    buf_done(&p->err.text);
    mem_free(p);
}

/* ---- waiting ---- */

static void drain(struct capture *c)
{
    char chunk[CHUNK_BYTES];
    ssize_t n = read(c->fd, chunk, sizeof(chunk));
    if (n > 0) {
        buf_add(&c->text, chunk, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close_fd(&c->fd);
    }
}

static void reap(struct proc *p)
{
    if (wait4(p->pid, &p->wait_status, 0, &p->usage) == p->pid) p->ended = true;
    close_fd(&p->pidfd);
}

/* One wait for whatever comes; false after `timeout_ms`. */
static bool step(struct proc *p, uint64_t timeout_ms)
{
    struct pollfd watched[3] = {{.fd = p->out.fd, .events = POLLIN},
                                {.fd = p->err.fd, .events = POLLIN},
                                {.fd = p->pidfd, .events = POLLIN}};
    int n = poll(watched, 3, (int)timeout_ms);
    if (n < 0) return errno == EINTR;
    if (watched[0].revents) drain(&p->out);
    if (watched[1].revents) drain(&p->err);
    if (watched[2].revents) reap(p);
    return n > 0;
}

static bool finished(const struct proc *p)
{
    return p->ended && p->out.fd < 0 && p->err.fd < 0;
}

/* Until `c` contains `text` (NULL: until the end). */
static bool wait_for(struct proc *p, const struct capture *c, const char *text, uint64_t timeout_ms)
{
    uint64_t from_ns = clock_now_ns();
    for (;;) {
        if (text && strstr(buf_str(&c->text), text)) return true;
        if (finished(p)) return !text;
        uint64_t gone_ms = (clock_now_ns() - from_ns) / MILLI_NS;
        if (gone_ms >= timeout_ms || !step(p, timeout_ms - gone_ms)) return false;
    }
}

bool proc_wait(struct proc *p, uint64_t timeout_ms)
{
    return wait_for(p, &p->out, NULL, timeout_ms);
}

bool proc_wait_out(struct proc *p, const char *text, uint64_t timeout_ms)
{
    return wait_for(p, &p->out, text, timeout_ms);
}

bool proc_wait_err(struct proc *p, const char *text, uint64_t timeout_ms)
{
    return wait_for(p, &p->err, text, timeout_ms);
}

bool proc_run(const struct proc_spec *s, uint64_t timeout_ms, struct proc **ret)
{
    SCOPED(proc_freep) struct proc *p = NULL;
    if (proc_start(s, &p, NULL) != OK) return false;
    bool ended = proc_wait(p, timeout_ms);
    *ret = TAKE(p);
    return ended;
}

/* ---- asking and telling ---- */

int proc_status(const struct proc *p)
{
    return p->ended && WIFEXITED(p->wait_status) ? WEXITSTATUS(p->wait_status) : -1;
}

int proc_ended_by(const struct proc *p)
{
    return p->ended && WIFSIGNALED(p->wait_status) ? WTERMSIG(p->wait_status) : 0;
}

pid_t proc_pid(const struct proc *p)
{
    return p->pid;
}

void proc_signal(struct proc *p, int signal)
{
    if (!p->ended) kill(p->pid, signal);
}

const char *proc_out(const struct proc *p)
{
    return buf_str(&p->out.text);
}

const char *proc_err(const struct proc *p)
{
    return buf_str(&p->err.text);
}

size_t proc_out_len(const struct proc *p)
{
    return p->out.text.len;
}

void proc_close_out(struct proc *p)
{
    close_fd(&p->out.fd);
}

bool proc_write(struct proc *p, const void *data, size_t len)
{
    return write(p->in, data, len) == (ssize_t)len;
}

void proc_close_in(struct proc *p)
{
    close_fd(&p->in);
}

const struct rusage *proc_usage(const struct proc *p)
{
    return &p->usage;
}
