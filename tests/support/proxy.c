#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "tests/support/loopback.h"
#include "tests/support/peers.h"

enum { HEAD_MAX = 1 << 20, CHUNK_BYTES = 64 * 1024 };

struct proxy {
    char *wanted; // value of Proxy-Authorization, NULL = any
    unsigned refuse;
    char *url;
    struct peers *peers;

    pthread_mutex_t lock; // guards what follows
    struct buf seen;      // all heads, one after the other
    size_t requests, tunnels;
};

/* ---- bytes ---- */

static bool send_all(int fd, const char *data, size_t len, int stop_fd)
{
    while (len > 0) {
        if (!loopback_wait(fd, POLLOUT, stop_fd)) return false;
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_text(int fd, const char *text, int stop_fd)
{
    return send_all(fd, text, strlen(text), stop_fd);
}

/* One chunk from one side to the other; false when the giving side has ended. */
static bool pass(int from, int to, int stop_fd)
{
    char chunk[CHUNK_BYTES];
    ssize_t n = recv(from, chunk, sizeof(chunk), 0);
    return n > 0 && send_all(to, chunk, (size_t)n, stop_fd);
}

/* Both ways, until one side ends. */
static void relay(int a, int b, int stop_fd)
{
    for (;;) {
        struct pollfd watched[3] = {{.fd = a, .events = POLLIN},
                                    {.fd = b, .events = POLLIN},
                                    {.fd = stop_fd, .events = POLLIN}};
        if (poll(watched, 3, -1) < 0 || watched[2].revents) return;
        if (watched[0].revents && !pass(a, b, stop_fd)) return;
        if (watched[1].revents && !pass(b, a, stop_fd)) return;
    }
}

static bool read_head(int fd, struct buf *head, int stop_fd)
{
    char c = 0;
    while (head->len < 4 || memcmp(head->data + head->len - 4, "\r\n\r\n", 4) != 0) {
        if (!loopback_wait(fd, POLLIN, stop_fd) || recv(fd, &c, 1, 0) != 1) return false;
        if (!buf_try_add(head, &c, 1)) return false;
    }
    return true;
}

/* ---- requests ---- */

/* Port of "host:port" up to a slash or space; `other` when it names none. */
static unsigned port_of(const char *authority, unsigned other)
{
    size_t len = strcspn(authority, "/ ");
    const char *colon = memrchr(authority, ':', len);
    return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : other;
}

static int connect_to(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* The value of the header in this head (mem_free), NULL when absent. */
static char *header_value(const char *head, const char *name)
{
    size_t n = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':') continue;
        const char *value = line + 2 + n + 1 + strspn(line + 2 + n + 1, " ");
        return mem_strndup(value, strcspn(value, "\r"));
    }
    return NULL;
}

static bool admitted(const struct proxy *p, const char *head)
{
    SCOPED(mem_freep) char *given = header_value(head, "Proxy-Authorization");
    return !p->wanted || (given && strcmp(given, p->wanted) == 0);
}

/* "GET http://host:port/path HTTP/1.1" as the origin wants it: own path, one request, and nothing
 * that was meant for the proxy. */
static void rewrite(const char *head, struct buf *ret)
{
    const char *method_end = strchr(head, ' ');
    const char *authority = strstr(head, "://") + 3;
    const char *path = authority + strcspn(authority, "/ ");
    const char *line_end = strstr(head, "\r\n");
    buf_add(ret, head, (size_t)(method_end - head));
    buf_adds(ret, *path == '/' ? " " : " /");
    buf_add(ret, path, (size_t)(line_end - path));
    for (const char *line = line_end; strncmp(line, "\r\n\r\n", 4) != 0;) {
        const char *next = strstr(line + 2, "\r\n");
        bool dropped = strncasecmp(line + 2, "Proxy-", 6) == 0 ||
                       strncasecmp(line + 2, "Connection:", 11) == 0;
        if (!dropped) buf_add(ret, line, (size_t)(next - line));
        line = next;
    }
    buf_adds(ret, "\r\nConnection: close\r\n\r\n");
}

static void forward(const char *head, int fd, int stop_fd)
{
    const char *scheme_end = strstr(head, "://");
    const char *line_end = strstr(head, "\r\n");
    if (!scheme_end || scheme_end > line_end) {
        (void)send_text(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", stop_fd);
        return;
    }
    int origin = connect_to(port_of(scheme_end + 3, 80));
    if (origin < 0) {
        (void)send_text(fd, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", stop_fd);
        return;
    }
    struct buf request;
    buf_init(&request, HEAD_MAX);
    rewrite(head, &request);
    if (send_all(origin, buf_str(&request), request.len, stop_fd)) relay(fd, origin, stop_fd);
    buf_done(&request);
    close(origin);
}

static void tunnel(const char *head, int fd, int stop_fd)
{
    int origin = connect_to(port_of(head + strlen("CONNECT "), 443));
    if (origin < 0) {
        (void)send_text(fd, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", stop_fd);
        return;
    }
    if (send_text(fd, "HTTP/1.1 200 Connection established\r\n\r\n", stop_fd)) {
        relay(fd, origin, stop_fd);
    }
    close(origin);
}

static void note(struct proxy *p, const char *head, bool is_tunnel)
{
    pthread_mutex_lock(&p->lock);
    buf_adds(&p->seen, head);
    p->requests++;
    p->tunnels += is_tunnel;
    pthread_mutex_unlock(&p->lock);
}

static void refuse(unsigned status, int fd, int stop_fd)
{
    SCOPED(mem_freep)
    char *reply =
        mem_printf("HTTP/1.1 %u Refused\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n",
                   status, status == 407 ? "Proxy-Authenticate: Basic realm=\"test\"\r\n" : "");
    (void)send_text(fd, reply, stop_fd);
}

static void serve(void *user, int fd, size_t n, int stop_fd)
{
    (void)n;
    struct proxy *p = user;
    struct buf head;
    buf_init(&head, HEAD_MAX);
    if (read_head(fd, &head, stop_fd)) {
        bool is_tunnel = strncmp(head.data, "CONNECT ", 8) == 0;
        note(p, head.data, is_tunnel);
        if (p->refuse || !admitted(p, head.data)) {
            refuse(p->refuse ? p->refuse : 407, fd, stop_fd);
        } else if (is_tunnel) {
            tunnel(head.data, fd, stop_fd);
        } else {
            forward(head.data, fd, stop_fd);
        }
    }
    buf_done(&head);
}

/* ---- start, stop, ask ---- */

static char *basic(const char *credentials)
{
    size_t len = strlen(credentials);
    SCOPED(mem_freep) unsigned char *coded = mem_new(4 * (len / 3 + 1) + 1);
    EVP_EncodeBlock(coded, (const unsigned char *)credentials, (int)len);
    return mem_printf("Basic %s", (const char *)coded);
}

enum err proxy_start(const struct proxy_options *o, struct proxy **ret, struct why *why)
{
    SCOPED(proxy_freep) struct proxy *p = mem_new(sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    buf_init(&p->seen, HEAD_MAX);
    p->wanted = o->credentials ? basic(o->credentials) : NULL;
    p->refuse = o->refuse;
    enum err e = peers_start(serve, p, &p->peers, why);
    if (e) return e;
    p->url = mem_printf("http://127.0.0.1:%u", peers_port(p->peers));
    *ret = TAKE(p);
    return OK;
}

void proxy_free(struct proxy *p)
{
    if (!p) return;
    peers_free(p->peers);
    buf_done(&p->seen);
    mem_free(p->wanted);
    mem_free(p->url);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

const char *proxy_url(const struct proxy *p)
{
    return p->url;
}

unsigned proxy_port(const struct proxy *p)
{
    return peers_port(p->peers);
}

size_t proxy_requests(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    size_t n = p->requests;
    pthread_mutex_unlock(&p->lock);
    return n;
}

size_t proxy_tunnels(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    size_t n = p->tunnels;
    pthread_mutex_unlock(&p->lock);
    return n;
}

bool proxy_saw(struct proxy *p, const char *text)
{
    pthread_mutex_lock(&p->lock);
    bool saw = strstr(buf_str(&p->seen), text) != NULL;
    pthread_mutex_unlock(&p->lock);
    return saw;
}
