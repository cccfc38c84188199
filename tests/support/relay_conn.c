#include "tests/support/relay_conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "tests/support/loopback.h"

struct relay_conn *relay_conn_new(int client, int target, const struct relay_path *path,
                                  uint64_t seed, uint64_t now_ns)
{
    struct relay_conn *c = mem_new(sizeof(*c));
    const int fds[RELAY_ENDS] = {client, target};
    for (unsigned i = 0; i < RELAY_ENDS; i++) {
        c->end[i] = (struct relay_end){
            .conn = c, .fd = fds[i], .out = relay_pipe_new(path, seed + i, now_ns)};
    }
    return c;
}

void relay_conn_free(struct relay_conn *c)
{
    bool whole = c->end[RELAY_CLIENT].told && c->end[RELAY_TARGET].told;
    for (unsigned i = 0; i < RELAY_ENDS; i++) {
        if (!whole) loopback_reset(c->end[i].fd);
        close(c->end[i].fd);
        relay_pipe_done(&c->end[i].out);
    }
    mem_free(c);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- out ---- */

static void give(struct relay_conn *c, struct relay_end *from, struct relay_end *to,
                 uint64_t now_ns)
{
    struct iovec at[2];
    relay_pipe_turn(&from->out, now_ns);
    while (to->writable && !c->broken && relay_pipe_ready(&from->out, at) > 0) {
        const struct msghdr m = {.msg_iov = at, .msg_iovlen = 2};
        ssize_t n = sendmsg(to->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            relay_pipe_gave(&from->out, (size_t)n);
        } else if (would_block()) {
            to->writable = false;
        } else {
            c->broken = true;
        }
    }
    if (c->broken || from->told || !relay_pipe_over(&from->out, now_ns)) return;
    from->told = true;
    if (shutdown(to->fd, SHUT_WR) < 0) c->broken = true;
}

void relay_conn_give(struct relay_conn *c, uint64_t now_ns)
{
    give(c, &c->end[RELAY_CLIENT], &c->end[RELAY_TARGET], now_ns);
    give(c, &c->end[RELAY_TARGET], &c->end[RELAY_CLIENT], now_ns);
}

/* ---- in ---- */

bool relay_conn_wants(const struct relay_conn *c, unsigned end, uint64_t now_ns)
{
    const struct relay_end *e = &c->end[end];
    return e->readable && !c->broken && relay_pipe_room(&e->out, now_ns) > 0;
}

bool relay_conn_take(struct relay_conn *c, unsigned end, struct relay_link *l, size_t most,
                     uint64_t now_ns)
{
    struct relay_end *e = &c->end[end];
    struct iovec at[2];
    if (!relay_conn_wants(c, end, now_ns)) return false;
    size_t room = relay_pipe_room(&e->out, now_ns);
    relay_pipe_space(&e->out, room < most ? room : most, at);
    ssize_t n = readv(e->fd, at, 2);
    if (n > 0) {
        relay_pipe_took(&e->out, (size_t)n, relay_link_take(l, (size_t)n, now_ns));
        return true;
    }
    e->readable = false;
    if (n == 0) {
        relay_pipe_end(&e->out, now_ns);
    } else if (!would_block()) {
        c->broken = true;
    }
    return false;
}

/* ---- how it stands ---- */

bool relay_conn_over(const struct relay_conn *c)
{
    return c->broken || (c->end[RELAY_CLIENT].told && c->end[RELAY_TARGET].told);
}

uint64_t relay_conn_next_ns(const struct relay_conn *c, uint64_t now_ns)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < RELAY_ENDS; i++) {
        const struct relay_end *e = &c->end[i];
        if (e->told) continue;
        bool stuck = e->readable && relay_pipe_room(&e->out, now_ns) == 0;
        uint64_t at = relay_pipe_next_ns(&e->out, stuck, now_ns);
        if (at < next) next = at;
    }
    return next;
}
