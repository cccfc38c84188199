#include "download/xfer/knock.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "tests/support/loopback.h"

static struct door here(unsigned port)
{
    return (struct door){.address = "127.0.0.1", .port = (uint16_t)port};
}

static struct knock knock_at(const struct door *to)
{
    struct knock k;
    knock_start(&k, to, clock_now_ns());
    return k;
}

static void wait_for_answer(const struct knock *k)
{
    struct pollfd fd = {.fd = k->fd, .events = POLLOUT};
    cr_assert_eq(poll(&fd, 1, -1), 1);
}

static void expect_open(const struct door *to)
{
    struct knock k = knock_at(to);
    cr_assert_geq(k.fd, 0);
    wait_for_answer(&k);
    uint64_t took_ns = 0;
    cr_expect_eq(knock_look(&k, k.began_ns + 100 * SECOND_NS, &took_ns), KNOCK_OPEN);
    cr_expect_gt(took_ns, 0);
    cr_expect_lt(took_ns, 50 * SECOND_NS, "it is the kernel's number, not that of when we look");
    knock_end(&k);
    cr_expect_eq(k.fd, -1);
}

Test(knock, who_listens_answers)
{
    unsigned port;
    int listener = loopback_listen(&port);
    cr_assert_geq(listener, 0);
    struct door to = here(port);
    expect_open(&to);
    close(listener);
    listener = loopback_listen_ipv6(0, &port);
    if (listener < 0) return;
    expect_open(&(struct door){.address = "::1", .port = (uint16_t)port});
    close(listener);
}

Test(knock, it_hangs_up_at_once)
{
    unsigned port;
    int listener = loopback_listen(&port);
    struct door to = here(port);
    expect_open(&to);
    int far = accept(listener, NULL, NULL);
    cr_assert_geq(far, 0);
    char byte;
    cr_expect_eq(read(far, &byte, 1), 0);
    close(far);
    close(listener);
}

Test(knock, where_nobody_listens_it_fails)
{
    unsigned port;
    int listener = loopback_listen(&port);
    close(listener);
    struct door to = here(port);
    struct knock k = knock_at(&to);
    if (k.fd >= 0) wait_for_answer(&k);
    uint64_t took_ns = 0;
    cr_expect_eq(knock_look(&k, clock_now_ns(), &took_ns), KNOCK_FAILED);
    knock_end(&k);
}

/* A queue of callers that is full: the kernel answers no more. */
Test(knock, where_nobody_answers_it_waits)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    cr_assert_eq(bind(listener, (struct sockaddr *)&at, size), 0);
    cr_assert_eq(listen(listener, 0), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    struct door to = here(ntohs(at.sin_port));
    struct knock first = knock_at(&to);
    wait_for_answer(&first);
    struct knock second = knock_at(&to);
    uint64_t took_ns = 0;
    cr_expect_eq(knock_look(&second, clock_now_ns(), &took_ns), KNOCK_WAITING);
    knock_end(&first);
    knock_end(&second);
    close(listener);
}

Test(knock, what_is_no_address_cannot_be_tried)
{
    static const char *const WRONG[] = {"", "localhost.invalid", "::g"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct door to = {.port = 80};
        snprintf(to.address, sizeof(to.address), "%s", WRONG[i]);
        struct knock k = knock_at(&to);
        cr_expect_eq(k.fd, -1, "%s", WRONG[i]);
        uint64_t took_ns;
        cr_expect_eq(knock_look(&k, clock_now_ns(), &took_ns), KNOCK_FAILED, "%s", WRONG[i]);
    }
}
