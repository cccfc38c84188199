#include "tests/support/loopback.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/clock.h"

enum { BACKLOG = 512, LONGEST_POLL_MS = 1000000 };

static int listen_at(const struct sockaddr *a, socklen_t len)
{
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (bind(fd, a, len) == 0 && listen(fd, BACKLOG) == 0) return fd;
    close(fd);
    return -1;
}

int loopback_listen(unsigned *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = listen_at((struct sockaddr *)&a, len);
    if (fd < 0) return -1;
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(a.sin_port);
    return fd;
}

int loopback_listen_ipv6(unsigned port, unsigned *ret_port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_port = htons((uint16_t)port),
                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = sizeof(a);
    int fd = listen_at((struct sockaddr *)&a, len);
    if (fd < 0) return -1;
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(a.sin6_port);
    return fd;
}

void loopback_reset(int fd)
{
    // Dissolving the association resets the connection at once (connect(2), AF_UNSPEC).
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    int e = connect(fd, &none, sizeof(none));
    (void)e; // already gone: as good
}

int loopback_wait_ms(int fd, short events, int stop_fd, uint64_t ms)
{
    struct pollfd watched[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};
    uint64_t from_ns = clock_now_ns();
    for (;;) {
        uint64_t gone_ms = (clock_now_ns() - from_ns) / MILLI_NS;
        if (gone_ms >= ms) return 0;
        uint64_t left_ms = ms - gone_ms;
        int n = poll(watched, 2, left_ms > LONGEST_POLL_MS ? LONGEST_POLL_MS : (int)left_ms);
        if (n > 0) return watched[0].revents ? -1 : 1;
    }
}

bool loopback_wait(int fd, short events, int stop_fd)
{
    return loopback_wait_ms(fd, events, stop_fd, UINT64_MAX) > 0;
}

void loopback_cond_init(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}

struct timespec loopback_deadline(uint64_t timeout_ms)
{
    uint64_t at_ns = clock_now_ns() + timeout_ms * MILLI_NS;
    return (struct timespec){.tv_sec = (time_t)(at_ns / SECOND_NS),
                             .tv_nsec = (long)(at_ns % SECOND_NS)};
}
