#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/support/relay_conn.h"

enum {
    BACKLOG = 512,
    EVENTS = 64,
    SOCKET_BYTES = 256 * 1024,      // what may wait outside of the model, on either side
    QUANTUM_BYTES = 16 * 1024,      // one connection's turn at the link
    LEAST_QUEUE_BYTES = 256 * 1024, // Linux starts with about half of it
    FREE_QUEUE_BYTES = 16 << 20,    // where no rate says how much a round trip holds
};
static const uint64_t LEAST_WAIT_NS = MILLI_NS / 5; // the grain of its delays

struct relay {
    struct sockaddr_in target;
    struct relay_path path;
    struct relay_link links[RELAY_ENDS]; // by the end whose bytes it carries
    uint64_t seed;
    char *address;
    int listen_fd, epoll_fd, timer_fd, stop_fd;
    pthread_t thread;
    bool running;
    /* the thread's */
    struct relay_conn **conns;
    size_t count, accepted;
    size_t cursor[RELAY_ENDS]; // whose turn at the link it is
    bool stopping;
};

/* ---- connections ---- */

static bool watch(const struct relay *r, int fd, uint32_t events, void *what)
{
    struct epoll_event e = {.events = events, .data.ptr = what};
    return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void prepare(int fd)
{
    const int one = 1;
    const int bytes = SOCKET_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

/* A connection on its way to the target; whether it gets there, reading and writing find out. */
static int connect_target(const struct relay *r)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    prepare(fd);
    const struct sockaddr *to = (const struct sockaddr *)&r->target;
    if (connect(fd, to, sizeof(r->target)) == 0 || errno == EINPROGRESS) return fd;
    close(fd);
    return -1;
}

static void add(struct relay *r, int client, int target, uint64_t now_ns)
{
    struct relay_conn *c =
        relay_conn_new(client, target, &r->path, r->seed + RELAY_ENDS * r->accepted++, now_ns);
    r->conns = mem_resize(r->conns, (r->count + 1) * sizeof(struct relay_conn *));
    r->conns[r->count++] = c;
    for (unsigned i = 0; i < RELAY_ENDS; i++) {
        uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        if (!watch(r, c->end[i].fd, events, &c->end[i])) c->broken = true;
    }
}

static void accept_all(struct relay *r, uint64_t now_ns)
{
    for (;;) {
        int client = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0) return;
        prepare(client);
        int target = connect_target(r);
        if (target >= 0) {
            add(r, client, target, now_ns);
        } else {
            close(client);
        }
    }
}

static void sweep(struct relay *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (relay_conn_over(r->conns[i])) {
            relay_conn_free(r->conns[i]);
        } else {
            r->conns[kept++] = r->conns[i];
        }
    }
    r->count = kept;
}

/* ---- one turn ---- */

/* Round after round, a quantum each, until the link is busy or nobody has anything. */
static void take(struct relay *r, unsigned end, uint64_t now_ns)
{
    struct relay_link *l = &r->links[end];
    for (size_t idle = 0; idle < r->count; idle++) {
        if (relay_link_wait_ns(l, now_ns) > 0) return;
        size_t i = r->cursor[end]++ % r->count;
        if (relay_conn_take(r->conns[i], end, l, QUANTUM_BYTES, now_ns)) idle = 0;
    }
}

/* When to look again although nothing happens; UINT64_MAX = not at all. */
static uint64_t next_ns(const struct relay *r, uint64_t now_ns)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < r->count; i++) {
        uint64_t at = relay_conn_next_ns(r->conns[i], now_ns);
        for (unsigned end = 0; end < RELAY_ENDS; end++) {
            if (!relay_conn_wants(r->conns[i], end, now_ns)) continue;
            uint64_t link_ns = now_ns + relay_link_wait_ns(&r->links[end], now_ns);
            if (link_ns < at) at = link_ns;
        }
        if (at < next) next = at;
    }
    return next;
}

static void set_timer(const struct relay *r, uint64_t at_ns, uint64_t now_ns)
{
    struct itimerspec when = {0}; // all zero: no timer
    if (at_ns != UINT64_MAX) {
        if (at_ns < now_ns + LEAST_WAIT_NS) at_ns = now_ns + LEAST_WAIT_NS;
        when.it_value.tv_sec = (time_t)(at_ns / SECOND_NS);
        when.it_value.tv_nsec = (long)(at_ns % SECOND_NS);
    }
    timerfd_settime(r->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void turn(struct relay *r)
{
    uint64_t now_ns = clock_now_ns();
    accept_all(r, now_ns);
    for (size_t i = 0; i < r->count; i++)
        relay_conn_give(r->conns[i], now_ns);
    for (unsigned end = 0; end < RELAY_ENDS; end++)
        take(r, end, now_ns);
    sweep(r);
    set_timer(r, next_ns(r, now_ns), now_ns);
}

static void note(struct relay *r, const struct epoll_event *e)
{
    if (e->data.ptr == &r->stop_fd) {
        r->stopping = true;
    } else if (e->data.ptr && e->data.ptr != &r->timer_fd) {
        struct relay_end *end = e->data.ptr;
        end->readable |= (e->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        end->writable |= (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    }
}

static void *run(void *user)
{
    struct relay *r = user;
    struct epoll_event events[EVENTS];
    while (!r->stopping) {
        int n = epoll_wait(r->epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            note(r, &events[i]);
        turn(r);
    }
    return NULL;
}

/* ---- start and stop ---- */

/* "A.B.C.D:PORT" */
static bool address_parse(const char *text, struct sockaddr_in *ret)
{
    const char *colon = strchr(text, ':');
    uint64_t port = 0;
    if (!colon || !str_u64(colon + 1, UINT16_MAX, &port)) return false;
    SCOPED(mem_freep) char *host = mem_strndup(text, (size_t)(colon - text));
    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &ret->sin_addr) == 1;
}

static bool listen_at(struct relay *r, const char *host)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);
    r->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1) {
        errno = EINVAL;
        return false;
    }
    if (bind(r->listen_fd, (struct sockaddr *)&a, len) < 0 || listen(r->listen_fd, BACKLOG) < 0 ||
        getsockname(r->listen_fd, (struct sockaddr *)&a, &len) < 0) {
        return false;
    }
    r->address = mem_printf("%s:%u", host, ntohs(a.sin_port));
    return true;
}

static struct relay_path path_of(const struct relay_options *o)
{
    uint64_t queue = o->queue_bytes;
    if (!queue) {
        queue = o->rate ? 4 * o->rate / 1000 * o->delay_ns / MILLI_NS : FREE_QUEUE_BYTES;
        if (queue < LEAST_QUEUE_BYTES) queue = LEAST_QUEUE_BYTES;
    }
    return (struct relay_path){
        .delay_ns = o->delay_ns, .loss_ppm = o->loss_ppm, .queue = (size_t)queue};
}

enum err relay_start(const struct relay_options *o, struct relay **ret, struct why *why)
{
    const char *host = o->listen ? o->listen : "127.0.0.1";
    SCOPED(relay_freep) struct relay *r = mem_new(sizeof(*r));
    *r = (struct relay){.path = path_of(o),
                        .links = {{.rate = o->rate}, {.rate = o->rate}},
                        .seed = o->seed,
                        .listen_fd = -1,
                        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                        .timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                        .stop_fd = eventfd(0, EFD_CLOEXEC)};
    if (!o->target || !address_parse(o->target, &r->target)) {
        return fail(why, ERR_USAGE, "the target wants to be an IPv4 address and a port");
    }
    if (!listen_at(r, host)) return fail_errno(why, "cannot listen on %s", host);
    if (!watch(r, r->listen_fd, EPOLLIN | EPOLLET, NULL) ||
        !watch(r, r->timer_fd, EPOLLIN | EPOLLET, &r->timer_fd) ||
        !watch(r, r->stop_fd, EPOLLIN, &r->stop_fd)) {
        return fail_errno(why, "cannot wait for connections");
    }
    r->running = pthread_create(&r->thread, NULL, run, r) == 0;
    if (!r->running) return fail(why, ERR_INTERNAL, "cannot start a thread");
    *ret = TAKE(r);
    return OK;
}

void relay_free(struct relay *r)
{
    if (!r) return;
    if (r->stop_fd >= 0) eventfd_write(r->stop_fd, 1);
    if (r->running) pthread_join(r->thread, NULL);
    for (size_t i = 0; i < r->count; i++)
        relay_conn_free(r->conns[i]);
    const int fds[] = {r->listen_fd, r->epoll_fd, r->timer_fd, r->stop_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (fds[i] >= 0) close(fds[i]);
    }
    mem_free(r->conns);
    mem_free(r->address);
    mem_free(r);
}

const char *relay_address(const struct relay *r)
{
    return r->address;
}
