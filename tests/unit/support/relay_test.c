#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/support/loopback.h"
#include "tests/support/peers.h"
#include "tests/support/proc.h"
#include "tests/support/relay.h"

enum { LONG_MS = 60000, SENT_BYTES = 3000000, ANSWERED_BYTES = 5000000, CHUNK = 64 * 1024 };

SCOPED_FREE(struct peers, peers)

/* The n-th byte of either stream. */
static void fill(char *data, size_t n, uint64_t from)
{
    for (size_t i = 0; i < n; i++)
        data[i] = (char)((from + i) * UINT64_C(2654435761) >> 13);
}

/* Sends `total` bytes of the stream and its end. */
static bool send_stream(int fd, uint64_t total)
{
    char chunk[CHUNK];
    for (uint64_t sent = 0; sent < total;) {
        size_t n = total - sent < CHUNK ? (size_t)(total - sent) : CHUNK;
        fill(chunk, n, sent);
        for (size_t done = 0; done < n;) {
            ssize_t got = send(fd, chunk + done, n - done, MSG_NOSIGNAL);
            if (got <= 0) return false;
            done += (size_t)got;
        }
        sent += n;
    }
    return shutdown(fd, SHUT_WR) == 0;
}

/* Reads to the end; how many bytes came, 0 when one of them was wrong. */
static uint64_t receive_stream(int fd)
{
    char chunk[CHUNK], wanted[CHUNK];
    uint64_t total = 0;
    for (;;) {
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
        if (n < 0) return 0;
        if (n == 0) return total;
        fill(wanted, (size_t)n, total);
        if (memcmp(chunk, wanted, (size_t)n) != 0) return 0;
        total += (uint64_t)n;
    }
}

/* Answers only when the client's end has come, to a client that can still read. */
static void answer(void *user, int fd, size_t n, int stop_fd)
{
    (void)user;
    (void)n;
    (void)stop_fd;
    if (receive_stream(fd) == SENT_BYTES) (void)send_stream(fd, ANSWERED_BYTES);
}

static void hang_up(void *user, int fd, size_t n, int stop_fd)
{
    (void)user;
    (void)n;
    if (loopback_wait(fd, POLLIN, stop_fd)) loopback_reset(fd);
}

static struct peers *start_target(peer_fn serve, char **ret_address)
{
    struct peers *p = NULL;
    struct why why = {{0}};
    cr_assert_eq(peers_start(serve, NULL, &p, &why), OK, "%s", why.text);
    *ret_address = mem_printf("127.0.0.1:%u", peers_port(p));
    return p;
}

static struct relay *start_relay(const struct relay_options *o)
{
    struct relay *r = NULL;
    struct why why = {{0}};
    cr_assert_eq(relay_start(o, &r, &why), OK, "%s", why.text);
    return r;
}

static int connect_to(const char *address)
{
    uint16_t port = (uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    return fd;
}

static const struct relay_options paths[] = {
    {.seed = 1},
    {.delay_ns = MILLI_NS},
    {.delay_ns = 5 * MILLI_NS, .rate = 50000000, .loss_ppm = 1000, .seed = 3},
    {.delay_ns = MILLI_NS, .queue_bytes = 20000},
};

Test(relay, both_streams_and_both_ends_come_through_unharmed)
{
    SCOPED(mem_freep) char *target = NULL;
    SCOPED(peers_freep) struct peers *p = start_target(answer, &target);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct relay_options o = paths[i];
        o.target = target;
        SCOPED(relay_freep) struct relay *r = start_relay(&o);
        int fd = connect_to(relay_address(r));
        cr_expect(send_stream(fd, SENT_BYTES));
        cr_expect_eq(receive_stream(fd), ANSWERED_BYTES, "path %zu", i);
        close(fd);
    }
}

Test(relay, a_reset_is_passed_on)
{
    SCOPED(mem_freep) char *target = NULL;
    SCOPED(peers_freep) struct peers *p = start_target(hang_up, &target);
    SCOPED(relay_freep)
    struct relay *r = start_relay(&(struct relay_options){.target = target, .delay_ns = MILLI_NS});
    int fd = connect_to(relay_address(r));
    char c = 'x';
    cr_assert_eq(send(fd, &c, 1, MSG_NOSIGNAL), 1);
    cr_expect_eq(recv(fd, &c, 1, 0), -1);
    close(fd);
}

Test(relay, nobody_there_is_a_reset_too)
{
    unsigned port = 0;
    int listener = loopback_listen(&port);
    SCOPED(mem_freep) char *target = mem_printf("127.0.0.1:%u", port);
    close(listener);
    SCOPED(relay_freep)
    struct relay *r = start_relay(&(struct relay_options){.target = target});
    int fd = connect_to(relay_address(r));
    char c = 'x';
    cr_expect_leq(recv(fd, &c, 1, 0), 0);
    close(fd);
}

Test(relay, it_ends_with_connections_open)
{
    SCOPED(mem_freep) char *target = NULL;
    SCOPED(peers_freep) struct peers *p = start_target(answer, &target);
    struct relay *r = start_relay(&(struct relay_options){.target = target});
    int fd = connect_to(relay_address(r));
    char c = 'x';
    cr_assert_eq(send(fd, &c, 1, MSG_NOSIGNAL), 1);
    relay_free(r);
    cr_expect_leq(recv(fd, &c, 1, 0), 0);
    close(fd);
}

Test(relay, a_target_that_is_none_is_refused)
{
    static const char *const targets[] = {NULL, "", "127.0.0.1", "host:80", "127.0.0.1:99999"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct relay *r = NULL;
        const struct relay_options o = {.target = targets[i]};
        cr_expect_eq(relay_start(&o, &r, NULL), ERR_USAGE);
        cr_expect_null(r);
    }
}

static struct proc *start_relayd(const char *const *argv)
{
    struct proc *p = NULL;
    struct why why = {{0}};
    const struct proc_spec s = {.argv = argv, .in_pipe = true};
    cr_assert_eq(proc_start(&s, &p, &why), OK, "%s", why.text);
    return p;
}

Test(relayd, says_where_it_listens_and_ends_with_stdin)
{
    SCOPED(mem_freep) char *target = NULL;
    SCOPED(peers_freep) struct peers *t = start_target(answer, &target);
    SCOPED(proc_freep)
    struct proc *p = start_relayd((const char *const[]){RELAYD_PATH, "--to", target, "--delay", "1",
                                                        "--rate", "100M", "--loss-ppm", "100",
                                                        "--queue", "1M", "--seed", "5", NULL});
    cr_assert(proc_wait_out(p, "\n", LONG_MS), "%s", proc_err(p));
    int fd = connect_to(proc_out(p));
    cr_expect(send_stream(fd, SENT_BYTES));
    cr_expect_eq(receive_stream(fd), ANSWERED_BYTES);
    close(fd);
    proc_close_in(p);
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect_eq(proc_status(p), 0, "%s", proc_err(p));
}

Test(relayd, refuses_what_it_does_not_know)
{
    static const char *const words[][2] = {
        {"--rate", "fast"}, {"--loss-ppm", "1000001"}, {"--to", NULL}, {"--wat", "1"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        SCOPED(proc_freep)
        struct proc *p =
            start_relayd((const char *const[]){RELAYD_PATH, words[i][0], words[i][1], NULL});
        cr_assert(proc_wait(p, LONG_MS));
        cr_expect_eq(proc_status(p), 2, "%s", words[i][0]);
    }
}
