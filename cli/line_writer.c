#include "cli/line_writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

void line_writer_init(struct line_writer *w, int fd)
{
    *w = (struct line_writer){.fd = fd, .interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
}

void line_writer_done(struct line_writer *w)
{
    if (w->interrupt_fd > 0) close(w->interrupt_fd);
}

void line_writer_interrupt(const struct line_writer *w)
{
    uint64_t one = 1;
    ssize_t written = write(w->interrupt_fd, &one, sizeof(one));
    (void)written; // EAGAIN: it was interrupted 2^64 times already
}

/* 0 when a write will not block, else why it must not be tried. */
static int wait_for_room(const struct line_writer *w)
{
    struct pollfd fds[] = {{.fd = w->fd, .events = POLLOUT},
                           {.fd = w->interrupt_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0) {
        if (errno != EINTR) return errno;
    }
    return fds[1].revents ? ECANCELED : 0;
}

static int put_some(const struct line_writer *w, const char **data, size_t *len)
{
    int error = wait_for_room(w);
    if (error) return error;
    size_t chunk = *len < PIPE_BUF ? *len : PIPE_BUF;
    ssize_t n = write(w->fd, *data, chunk);
    if (n < 0) return errno == EINTR || errno == EAGAIN ? 0 : errno;
    *data += n;
    *len -= (size_t)n;
    return 0;
}

bool line_writer_put(struct line_writer *w, const char *data, size_t len)
{
    while (!w->error && len > 0)
        w->error = put_some(w, &data, &len);
    return !w->error;
}
