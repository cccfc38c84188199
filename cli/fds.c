#include "cli/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
    int fd = open(text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fail(why, ERR_USAGE, "--events: cannot open '%s': %s", text, strerror(errno));
    }
    *ret_fd = fd;
    *ret_close = true;
    return OK;
}
