#include "cli/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/str.h"

static bool reserve(int fd)
{
    if (fcntl(fd, F_GETFD) >= 0) return true;
    int wrong_way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    return open("/dev/null", wrong_way) == fd; // NOLINT(*-cloexec): as a standard one should be
}

bool fds_reserve(void)
{
    return reserve(STDIN_FILENO) && reserve(STDOUT_FILENO) && reserve(STDERR_FILENO);
}

void fds_raise_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_cur >= l.rlim_max) return;
    l.rlim_cur = l.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &l); // as before, then
}

static enum err given_fd(const char *text, int *ret_fd, struct why *why)
{
    enum { MOST = 1 << 20 };
    uint64_t n = 0;
    if (!str_u64(text + sizeof("fd:") - 1, MOST, &n)) {
        return fail(why, ERR_USAGE, "--events: '%s' is no descriptor", text);
    }
    int flags = fcntl((int)n, F_GETFL);
    if (flags < 0) {
        return fail(why, ERR_USAGE, "--events: descriptor %d is not open", (int)n);
    }
    if ((flags & O_ACCMODE) == O_RDONLY) {
        return fail(why, ERR_USAGE, "--events: descriptor %d cannot be written to", (int)n);
    }
    *ret_fd = (int)n;
    return OK;
}

enum err fds_open_events(const char *text, int *ret_fd, bool *ret_close, struct why *why)
{
    *ret_close = false;
    if (str_starts(text, "fd:")) return given_fd(text, ret_fd, why);
    struct stat st;
    bool is_fifo = stat(text, &st) == 0 && S_ISFIFO(st.st_mode);
    int flags = is_fifo ? O_WRONLY | O_NONBLOCK : O_WRONLY | O_CREAT | O_TRUNC;
    int fd = open(text, flags | O_CLOEXEC, 0666);
    bool no_reader = fd < 0 && is_fifo && errno == ENXIO; // fifo(7)
    if (fd < 0 && !no_reader) {
        return fail(why, ERR_USAGE, "--events: cannot open '%s': %s", text, strerror(errno));
    }
    *ret_fd = fd;
    *ret_close = !no_reader;
    return OK;
}

int fds_open_fifo(const char *path)
{
    int fd;
    do {
        fd = open(path, O_WRONLY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* For a moment we are the reader. */
void fds_end_wait(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) close(fd);
}
