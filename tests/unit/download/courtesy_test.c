#include "download/courtesy.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "download/event.h"
#include "tests/support/loopback.h"

/* A courtesy with a loop and a door of its own. */
struct stage {
    struct loop *loop;
    struct callback_system *events;
    struct emitter emitter;
    struct throttle link;
    atomic_uint_least64_t passed;
    struct limits limits;
    struct courtesy courtesy;
    struct door door;
    unsigned warnings;
};

static enum err on_event(void *user, const void *value, struct why *why)
{
    (void)why;
    struct stage *s = user;
    const struct event *e = value;
    s->warnings += e->type == EV_WARNING && !strcmp(e->u.warning.code, "polite");
    return OK;
}

static void begin(struct stage *s, bool virtual)
{
    *s = (struct stage){.door = {.address = "127.0.0.1"}};
    cr_assert_eq(virtual ? loop_new_virtual(&s->loop, NULL) : loop_new(&s->loop, NULL), OK);
    s->events = callback_system_new(&(struct callback_opts){
        .loop = s->loop, .values = &EVENT_VALUES, .mode = WAIT_EVERY_VALUE});
    emit_init(&s->emitter, s->events);
    callback_on_next(s->emitter.all, on_event, s);
    s->limits = (struct limits){.link = &s->link, .passed = &s->passed};
    s->courtesy = (struct courtesy){.loop = s->loop, .emitter = &s->emitter, .limits = &s->limits};
    courtesy_start(&s->courtesy);
}

static void end(struct stage *s)
{
    courtesy_end(&s->courtesy);
    loop_close(s->loop);
    loop_drain(s->loop);
    callback_system_free(s->events);
    loop_drain(s->loop);
    loop_free(s->loop);
}

/* Bytes come all the time. */
static void turn(struct stage *s)
{
    s->passed += 1000;
    courtesy_heard(&s->courtesy, &s->door);
    loop_turn(s->loop);
}

static int listener_of(struct stage *s)
{
    unsigned port;
    int fd = loopback_listen(&port);
    cr_assert_geq(fd, 0);
    s->door.port = (uint16_t)port;
    return fd;
}

/* Its queue of callers is full: it answers no more. */
static void full_listener(struct stage *s, int ret_fds[2])
{
    ret_fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ret_fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    cr_assert_eq(bind(ret_fds[0], (struct sockaddr *)&at, size), 0);
    cr_assert_eq(listen(ret_fds[0], 0), 0);
    cr_assert_eq(getsockname(ret_fds[0], (struct sockaddr *)&at, &size), 0);
    cr_assert_eq(connect(ret_fds[1], (struct sockaddr *)&at, size), 0);
    s->door.port = ntohs(at.sin_port);
}

Test(courtesy, it_knocks_again_and_again_where_bytes_come_from)
{
    struct stage s;
    begin(&s, false);
    int listener = listener_of(&s);
    for (int i = 0; i < 3; i++) {
        struct pollfd fd = {.fd = listener, .events = POLLIN};
        while (poll(&fd, 1, 0) == 0)
            turn(&s);
        int far = accept(listener, NULL, NULL);
        cr_assert_geq(far, 0);
        uint64_t turned_ns = s.courtesy.polite.turned_ns;
        while (s.courtesy.polite.turned_ns == turned_ns)
            turn(&s);
        close(far);
    }
    cr_expect(s.courtesy.answered);
    cr_expect_eq(s.link.rate, 0, "there is no queue");
    cr_expect_eq(s.warnings, 0);
    end(&s);
    close(listener);
}

Test(courtesy, when_no_bytes_come_it_is_silent)
{
    struct stage s;
    begin(&s, false);
    int listener = listener_of(&s);
    turn(&s);
    while (s.courtesy.knock.fd >= 0 || timer_is_set(&s.courtesy.timer)) {
        s.courtesy.heard_ns = 0; // long ago
        loop_turn(s.loop);
    }
    cr_expect(s.courtesy.answered);
    turn(&s);
    cr_expect(s.courtesy.knock.fd >= 0 || timer_is_set(&s.courtesy.timer), "and then it goes on");
    end(&s);
    close(listener);
}

Test(courtesy, where_it_cannot_be_measured_that_is_told_once)
{
    struct stage s;
    begin(&s, false);
    close(listener_of(&s));
    while (!s.courtesy.hopeless)
        turn(&s);
    cr_expect_eq(s.courtesy.unanswered, 3);
    cr_expect_eq(s.warnings, 1);
    courtesy_heard(&s.courtesy, &s.door);
    cr_expect_not(timer_is_set(&s.courtesy.timer));
    s.courtesy.heard_ns = 0;
    snprintf(s.door.address, sizeof(s.door.address), "127.0.0.2"); // from now on
    courtesy_heard(&s.courtesy, &s.door);
    cr_expect_not(s.courtesy.hopeless, "elsewhere it may be otherwise");
    while (!s.courtesy.hopeless)
        turn(&s);
    cr_expect_eq(s.warnings, 1);
    end(&s);
}

Test(courtesy, who_never_answers_is_no_queue)
{
    struct stage s;
    begin(&s, true);
    int fds[2];
    full_listener(&s, fds);
    while (!s.courtesy.hopeless) {
        turn(&s);
        cr_expect_eq(s.link.rate, 0);
    }
    cr_expect_eq(s.warnings, 1);
    end(&s);
    close(fds[1]);
    close(fds[0]);
}

Test(courtesy, who_answers_no_more_is_behind_a_queue_but_not_for_ever)
{
    struct stage s;
    begin(&s, true);
    int fds[2];
    full_listener(&s, fds);
    courtesy_heard(&s.courtesy, &s.door);
    s.courtesy.answered = true;
    polite_turn(&s.courtesy.polite, MILLI_NS, 0, loop_now_ns(s.loop));
    while (!s.link.rate)
        turn(&s);
    cr_expect_lt(s.courtesy.unanswered, 3);
    cr_expect_eq(s.warnings, 0);
    while (!s.courtesy.hopeless)
        turn(&s);
    cr_expect_eq(s.courtesy.unanswered, 10);
    cr_expect_eq(s.warnings, 1);
    cr_expect_eq(s.link.rate, 0, "and so nothing is done");
    end(&s);
    close(fds[1]);
    close(fds[0]);
}

Test(courtesy, it_stays_with_one_door_while_bytes_come_through_it)
{
    struct stage s;
    begin(&s, true);
    int listener = listener_of(&s);
    courtesy_heard(&s.courtesy, &s.door);
    const struct door other = {.address = "127.0.0.2", .port = 1};
    courtesy_heard(&s.courtesy, &other);
    cr_expect_eq(s.courtesy.door.port, s.door.port);
    courtesy_end(&s.courtesy);
    courtesy_heard(&s.courtesy, &other);
    cr_expect_eq(s.courtesy.door.port, s.door.port, "bytes came this very moment");
    s.courtesy.heard_ns = 0;
    courtesy_heard(&s.courtesy, &other);
    cr_expect_eq(s.courtesy.door.port, other.port);
    end(&s);
    close(listener);
}

Test(courtesy, who_did_not_ask_for_it_gets_nothing_of_it)
{
    struct stage s;
    begin(&s, true);
    s.limits = (struct limits){0};
    int listener = listener_of(&s);
    courtesy_heard(&s.courtesy, &s.door);
    cr_expect_eq(s.courtesy.knock.fd, -1);
    cr_expect_not(timer_is_set(&s.courtesy.timer));
    end(&s);
    close(listener);
}
