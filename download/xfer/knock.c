#include "download/xfer/knock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/clock.h"

enum { PORT_TEXT_MAX = 8 };

static const uint64_t MICRO_NS = 1000;

/* getaddrinfo(3) knows zones of IPv6 addresses, and asks nobody about numbers. */
static struct addrinfo *resolved(const struct door *to)
{
    char port[PORT_TEXT_MAX];
    snprintf(port, sizeof(port), "%u", (unsigned)to->port);
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *ret = NULL;
    return getaddrinfo(to->address, port, &hints, &ret) ? NULL : ret;
}

void knock_start(struct knock *k, const struct door *to, uint64_t now_ns)
{
    *k = (struct knock){.fd = -1, .began_ns = now_ns};
    struct addrinfo *a = resolved(to);
    if (!a) return;
    k->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = k->fd < 0 ? 0 : connect(k->fd, a->ai_addr, a->ai_addrlen);
    if (rc && errno != EINPROGRESS) knock_end(k);
    freeaddrinfo(a);
}

/* The kernel's own number does not know when we came to look. It has none when the first packet was
 * lost. */
static uint64_t took_ns(const struct knock *k, uint64_t now_ns)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    bool told = getsockopt(k->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_rtt;
    return told ? info.tcpi_rtt * MICRO_NS : now_ns - k->began_ns;
}

enum knock_state knock_look(const struct knock *k, uint64_t now_ns, uint64_t *ret_took_ns)
{
    if (k->fd < 0) return KNOCK_FAILED;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &error, &size) || error) return KNOCK_FAILED;
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof(peer);
    if (getpeername(k->fd, (struct sockaddr *)&peer, &peer_size)) return KNOCK_WAITING;
    *ret_took_ns = took_ns(k, now_ns);
    return KNOCK_OPEN;
}

void knock_end(struct knock *k)
{
    if (k->fd >= 0) close(k->fd);
    k->fd = -1;
}
