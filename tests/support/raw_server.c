#include "tests/support/raw_server.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "tests/support/loopback.h"
#include "tests/support/peers.h"

enum { HEAD_MAX = 1 << 20 };

struct raw_server {
    struct raw_script *scripts;
    size_t count;
    char *url;
    struct peers *peers;

    pthread_mutex_t lock; // guards what follows
    pthread_cond_t changed;
    char **requests;
    size_t request_count;
    uint64_t sent;
};

/* ---- a connection ---- */

static void add_request(struct raw_server *s, const char *head, size_t len)
{
    pthread_mutex_lock(&s->lock);
    s->requests = mem_resize(s->requests, (s->request_count + 1) * sizeof(char *));
    s->requests[s->request_count++] = mem_strndup(head, len);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* One connection while its script is played. */
struct player {
    struct raw_server *server;
    int fd;
    int stop_fd;
};

static bool read_head(const struct player *p)
{
    struct buf head;
    buf_init(&head, HEAD_MAX);
    bool whole = false;
    char c = 0;
    while (!whole && loopback_wait(p->fd, POLLIN, p->stop_fd) && recv(p->fd, &c, 1, 0) == 1 &&
           buf_try_add(&head, &c, 1)) {
        whole = head.len >= 4 && memcmp(head.data + head.len - 4, "\r\n\r\n", 4) == 0;
    }
    if (whole) add_request(p->server, head.data, head.len);
    buf_done(&head);
    return whole;
}

static bool send_all(const struct player *p, const char *bytes, size_t len)
{
    while (len > 0) {
        if (!loopback_wait(p->fd, POLLOUT, p->stop_fd)) return false;
        ssize_t n = send(p->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
        pthread_mutex_lock(&p->server->lock);
        p->server->sent += (uint64_t)n;
        pthread_mutex_unlock(&p->server->lock);
    }
    return true;
}

static bool play(const struct player *p, const struct raw_step *s)
{
    size_t len = s->len || !s->bytes ? s->len : strlen(s->bytes);
    switch (s->action) {
    case RAW_END: return false;
    case RAW_READ: return read_head(p);
    case RAW_SEND: return send_all(p, s->bytes, len);
    case RAW_FLOOD:
        while (send_all(p, s->bytes, len)) {
        }
        return false;
    case RAW_HANG: (void)loopback_wait(p->fd, POLLRDHUP, p->stop_fd); return false;
    case RAW_RESET: loopback_reset(p->fd); return false;
    }
    return false;
}

static void serve(void *user, int fd, size_t n, int stop_fd)
{
    struct raw_server *s = user;
    struct player p = {.server = s, .fd = fd, .stop_fd = stop_fd};
    const struct raw_script *script = &s->scripts[n < s->count ? n : s->count - 1];
    for (size_t i = 0; i < RAW_STEPS && play(&p, &script->steps[i]); i++) {
    }
}

/* ---- start, stop, ask ---- */

enum err raw_server_start(const struct raw_script *scripts, size_t count, struct raw_server **ret,
                          struct why *why)
{
    SCOPED(raw_server_freep) struct raw_server *s = mem_new(sizeof(*s));
    pthread_mutex_init(&s->lock, NULL);
    loopback_cond_init(&s->changed);
    s->scripts = mem_array(count, sizeof(*scripts));
    memcpy(s->scripts, scripts, count * sizeof(*scripts));
    s->count = count;
    enum err e = peers_start(serve, s, &s->peers, why);
    if (e) return e;
    s->url = mem_printf("http://127.0.0.1:%u", peers_port(s->peers));
    *ret = TAKE(s);
    return OK;
}

void raw_server_free(struct raw_server *s)
{
    if (!s) return;
    peers_free(s->peers);
    for (size_t i = 0; i < s->request_count; i++) {
        mem_free(s->requests[i]);
    }
    mem_free(s->requests);
    mem_free(s->scripts);
    mem_free(s->url);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

const char *raw_server_url(const struct raw_server *s)
{
    return s->url;
}

unsigned raw_server_port(const struct raw_server *s)
{
    return peers_port(s->peers);
}

bool raw_server_wait(struct raw_server *s, size_t requests, uint64_t timeout_ms)
{
    struct timespec until = loopback_deadline(timeout_ms);
    pthread_mutex_lock(&s->lock);
    for (int e = 0; s->request_count < requests && e == 0;) {
        e = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    }
    bool there = s->request_count >= requests;
    pthread_mutex_unlock(&s->lock);
    return there;
}

size_t raw_server_requests(struct raw_server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->request_count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

char *raw_server_request(struct raw_server *s, size_t n)
{
    pthread_mutex_lock(&s->lock);
    char *head = n < s->request_count ? mem_strdup(s->requests[n]) : NULL;
    pthread_mutex_unlock(&s->lock);
    return head;
}

uint64_t raw_server_sent(struct raw_server *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t n = s->sent;
    pthread_mutex_unlock(&s->lock);
    return n;
}
