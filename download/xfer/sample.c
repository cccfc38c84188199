#include "download/xfer/sample.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/sink/sink.h"
#include "download/xfer/attempt.h"

static const uint64_t MICRO_NS = 1000;

bool socket_look(int fd, struct socket_state *ret)
{
    struct tcp_info info = {0}; // an old kernel fills in less
    socklen_t size = sizeof(info);
    int unread = 0;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size)) return false;
    if (ioctl(fd, FIONREAD, &unread) || unread < 0) return false;
    bool known = info.tcpi_min_rtt && info.tcpi_min_rtt != UINT32_MAX;
    *ret = (struct socket_state){.unread = (uint64_t)unread,
                                 .window = info.tcpi_rcv_ssthresh,
                                 .rtt_ns = known ? info.tcpi_rtt * MICRO_NS : 0,
                                 .rtt_best_ns = known ? info.tcpi_min_rtt * MICRO_NS : 0,
                                 .segments = info.tcpi_data_segs_in,
                                 .disordered = info.tcpi_rcv_ooopack};
    return true;
}

/* ---- which there are ---- */

static void forget(struct sockets *ss, int fd)
{
    for (size_t i = 0; i < ss->count; i++) {
        if (ss->items[i].fd != fd) continue;
        ss->items[i] = ss->items[--ss->count];
        return;
    }
}

static curl_socket_t open_one(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sockets *ss = user;
    (void)purpose; // a connection
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    if (ss->window) { // else, or where it cannot be, the kernel's choice
        (void)setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &ss->window, sizeof(ss->window));
    }
    forget(ss, fd); // somebody else closed it
    ss->items = mem_resize(ss->items, (ss->count + 1) * sizeof(*ss->items));
    ss->items[ss->count++] = (struct socket_seen){.fd = fd};
    return fd;
}

static int close_one(void *user, curl_socket_t fd)
{
    forget(user, fd);
    return close(fd);
}

void sockets_watch(struct sockets *ss, void *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_one);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, ss);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_one);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, ss);
}

void sockets_done(struct sockets *ss)
{
    mem_free(ss->items);
    *ss = (struct sockets){0};
}

/* ---- the thread ---- */

/* How long the thread has waited for a processor in all (kernel, scheduler/sched-stats: the second
 * number of schedstat); 0 where that is not told. */
static uint64_t delay_now_ns(void)
{
    enum { TEXT_MAX = 96 };
    char text[TEXT_MAX];
    SCOPED(fs_closep) int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (len <= 0) return 0;
    text[len] = '\0';
    char *first_end = NULL;
    strtoull(text, &first_end, 10);
    return strtoull(first_end, NULL, 10);
}

void work_begin(struct shard_work *w)
{
    *w = (struct shard_work){.since_ns = clock_now_ns(), .since_delay_ns = delay_now_ns()};
}

void work_of_sink(struct shard_work *w, struct sink *s)
{
    w->write_ns += s->write_ns;
    w->hash_ns += s->hash_ns;
    s->write_ns = s->hash_ns = 0;
}

/* ---- a sample ---- */

struct look {
    struct socket_state is;
    struct sockaddr_storage peer;
    socklen_t peer_len;
};

static bool same_peer(const struct look *a, const struct look *b)
{
    return a->peer_len == b->peer_len && memcmp(&a->peer, &b->peer, a->peer_len) == 0;
}

/* The first ones were made while the line was empty. */
static uint64_t best_rtt_ns(const struct look *looks, size_t count, const struct look *of)
{
    uint64_t best_ns = of->is.rtt_best_ns;
    for (size_t i = 0; i < count; i++) {
        uint64_t ns = looks[i].is.rtt_best_ns;
        if (ns && ns < best_ns && same_peer(&looks[i], of)) best_ns = ns;
    }
    return best_ns;
}

static void look_at_all(const struct sockets *ss, struct look *ret)
{
    for (size_t i = 0; i < ss->count; i++) {
        struct look *l = &ret[i];
        *l = (struct look){.peer_len = sizeof(l->peer)};
        if (!socket_look(ss->items[i].fd, &l->is)) l->is = (struct socket_state){0};
        if (getpeername(ss->items[i].fd, (struct sockaddr *)&l->peer, &l->peer_len))
            l->peer_len = 0; // not connected yet
    }
}

static void add_sockets(struct shard_sample *r, struct sockets *ss)
{
    SCOPED(mem_freep) struct look *looks = mem_array(ss->count + 1, sizeof(*looks));
    look_at_all(ss, looks);
    for (size_t i = 0; i < ss->count; i++) {
        const struct socket_state *is = &looks[i].is;
        struct socket_seen *was = &ss->items[i];
        uint32_t segments = is->segments - was->segments; // also when it began anew at 2^32
        uint32_t disordered = is->disordered - was->disordered;
        was->segments = is->segments;
        was->disordered = is->disordered;
        if (!segments && !is->unread) continue;
        r->sockets++;
        r->full += is->window && 2 * is->unread >= is->window;
        r->segments += segments;
        r->disordered += disordered;
        if (!is->rtt_best_ns) continue;
        r->rtt_ns += is->rtt_ns;
        r->rtt_best_ns += best_rtt_ns(looks, ss->count, &looks[i]);
        r->rtts++;
    }
}

struct shard_sample *sample_take(struct shard_work *w, struct sockets *ss, struct list *running)
{
    struct shard_sample *r = mem_new(sizeof(*r));
    list_each (node, running) {
        const struct attempt *a = container_of(node, struct attempt, node);
        if (a->exchange && a->exchange->sink) work_of_sink(w, a->exchange->sink);
    }
    add_sockets(r, ss);
    uint64_t now = clock_now_ns();
    r->span_ns = now - w->since_ns;
    uint64_t delay_ns = delay_now_ns();
    r->delay_ns = delay_ns > w->since_delay_ns ? delay_ns - w->since_delay_ns : 0;
    r->waited_ns = w->waited_ns;
    r->write_ns = w->write_ns;
    r->hash_ns = w->hash_ns;
    work_begin(w);
    return r;
}
