#include "download/xfer/sample.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/sink/sink.h"
#include "download/xfer/attempt.h"
#include "tests/support/loopback.h"
#include "tests/support/raw_server.h"

/* Two ends of one TCP connection. */
struct line {
    int listener, near, far;
};

static struct line connected(void)
{
    struct line l;
    unsigned port;
    l.listener = loopback_listen(&port);
    cr_assert_geq(l.listener, 0);
    l.near = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert_eq(connect(l.near, (struct sockaddr *)&to, sizeof(to)), 0);
    l.far = accept4(l.listener, NULL, NULL, SOCK_NONBLOCK);
    cr_assert_geq(l.far, 0);
    return l;
}

static void closed(struct line *l)
{
    close(l->near);
    close(l->far);
    close(l->listener);
}

static bool full(const struct line *l)
{
    struct socket_state is;
    cr_assert(socket_look(l->near, &is));
    return 2 * is.unread >= is.window;
}

Test(sample, a_socket_tells_what_is_unread)
{
    struct line l = connected();
    struct socket_state is;
    cr_assert(socket_look(l.near, &is));
    cr_expect_eq(is.unread, 0);
    cr_expect_gt(is.window, 0);
    cr_expect_eq(is.segments, 0);
    cr_expect_gt(is.rtt_best_ns, 0, "of the handshake");
    cr_assert_eq(send(l.far, "hello", 5, 0), 5);
    cr_assert(loopback_wait(l.near, 1, -1));
    cr_assert(socket_look(l.near, &is));
    cr_expect_eq(is.unread, 5);
    cr_expect_eq(is.segments, 1);
    cr_expect_eq(is.disordered, 0);
    closed(&l);
}

Test(sample, a_socket_that_nobody_reads_gets_full)
{
    static char data[1 << 16];
    struct line l = connected();
    cr_expect_not(full(&l));
    while (send(l.far, data, sizeof(data), 0) > 0)
        continue;
    cr_expect(full(&l));
    ssize_t got = sizeof(data);
    while (got == sizeof(data))
        got = recv(l.near, data, sizeof(data), 0);
    closed(&l);
}

Test(sample, what_is_no_connection_tells_nothing)
{
    struct socket_state is;
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    cr_expect_not(socket_look(fds[0], &is));
    cr_expect_not(socket_look(-1, &is));
    close(fds[0]);
    close(fds[1]);
}

static size_t drop(char *data, size_t unit, size_t count, void *user)
{
    (void)data;
    (void)user;
    return unit * count;
}

static const struct raw_script SCRIPTS[] = {
    {{{.action = RAW_READ},
      {.action = RAW_SEND, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
      {.action = RAW_HANG}}}};

static void fetch(CURL *easy, const char *url)
{
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    cr_assert_eq(curl_easy_perform(easy), CURLE_OK);
}

/* Known from their opening to their end, also when libcurl keeps them; counted when something came
 * since the last time. */
Test(sample, sockets_are_known_while_they_are_open)
{
    SCOPED(raw_server_freep) struct raw_server *server = NULL;
    struct why why;
    cr_assert_eq(raw_server_start(SCRIPTS, 1, &server, &why), OK, "%s", why.text);
    struct sockets ss = {0};
    CURL *easy = curl_easy_init();
    sockets_watch(&ss, easy);
    fetch(easy, raw_server_url(server));
    cr_assert_eq(ss.count, 1);

    struct shard_work w;
    work_begin(&w);
    struct list none;
    list_init(&none);
    SCOPED(mem_freep) struct shard_sample *first = sample_take(&w, &ss, &none);
    cr_expect_eq(first->sockets, 1);
    cr_expect_geq(first->segments, 1);
    cr_expect_eq(first->full, 0);
    cr_expect_eq(first->rtts, 1);
    cr_expect_gt(first->rtt_best_ns, 0);
    SCOPED(mem_freep) struct shard_sample *second = sample_take(&w, &ss, &none);
    cr_expect_eq(second->sockets, 0, "nothing came");
    cr_expect_eq(second->segments, 0);
    curl_easy_cleanup(easy);
    cr_expect_eq(ss.count, 0);
    sockets_done(&ss);
}

Test(sample, a_connection_may_be_given_a_smaller_window)
{
    SCOPED(raw_server_freep) struct raw_server *server = NULL;
    cr_assert_eq(raw_server_start(SCRIPTS, 1, &server, NULL), OK);
    struct sockets ss = {.window = 64 * 1024};
    CURL *easy = curl_easy_init();
    sockets_watch(&ss, easy);
    fetch(easy, raw_server_url(server));
    cr_assert_eq(ss.count, 1);
    int is = 0;
    socklen_t size = sizeof(is);
    cr_assert_eq(getsockopt(ss.items[0].fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &is, &size), 0);
    cr_expect(is > 0 && is <= ss.window, "%d", is);
    curl_easy_cleanup(easy);
    sockets_done(&ss);
}

Test(sample, the_kernel_tells_how_long_the_thread_waited_for_a_processor)
{
    char text[96];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY);
    if (fd < 0) cr_skip_test("the kernel has no schedstat");
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    cr_assert_gt(len, 0);
    text[len] = '\0';
    char *end = text;
    uint64_t ran_ns = strtoull(end, &end, 10);
    uint64_t delay_ns = strtoull(end, &end, 10);
    cr_assert_gt(ran_ns, 0);
    struct sockets ss = {0};
    struct list none;
    list_init(&none);
    struct shard_work w;
    work_begin(&w);
    cr_expect_geq(w.since_delay_ns, delay_ns);
    w.since_delay_ns -= delay_ns;
    SCOPED(mem_freep) struct shard_sample *sample = sample_take(&w, &ss, &none);
    cr_expect_geq(sample->delay_ns, delay_ns);
}

/* What is told once is not told again. */
Test(sample, times_are_those_since_the_last_one)
{
    struct sockets ss = {0};
    struct list running;
    list_init(&running);
    struct sink sink = {.write_ns = 30, .hash_ns = 50};
    struct exchange x = {.sink = &sink};
    struct exchange call = {.sink = NULL};
    struct attempt body = {.exchange = &x}, other = {.exchange = &call};
    list_add_tail(&running, &body.node);
    list_add_tail(&running, &other.node);
    struct shard_work w;
    work_begin(&w);
    w.waited_ns = 7;
    struct sink ended = {.write_ns = 3, .hash_ns = 5};
    work_of_sink(&w, &ended);
    cr_expect_eq(ended.write_ns + ended.hash_ns, 0);
    SCOPED(mem_freep) struct shard_sample *first = sample_take(&w, &ss, &running);
    cr_expect_eq(first->waited_ns, 7);
    cr_expect_eq(first->write_ns, 33);
    cr_expect_eq(first->hash_ns, 55);
    cr_expect_gt(first->span_ns, 0);
    SCOPED(mem_freep) struct shard_sample *second = sample_take(&w, &ss, &running);
    cr_expect_eq(second->waited_ns + second->write_ns + second->hash_ns, 0);
}
