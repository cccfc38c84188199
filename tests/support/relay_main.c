/* relayd - the relay as a program: a long link for benchmarks and for hosts made of namespaces.
 * Prints the address it listens on. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/str.h"
#include "tests/support/relay.h"

static const char HELP[] =
    "usage: relayd --to ADDRESS:PORT [OPTION VALUE]...\n"
    "Forwards TCP connections as a long link would, until SIGTERM, SIGINT or the end of stdin.\n"
    "  --listen ADDRESS  where (127.0.0.1); it prints the address and the port it was given\n"
    "  --delay MS        one way: a round trip takes twice as long\n"
    "  --rate BYTES      per second and direction, all connections together (50M, 125000000)\n"
    "  --loss-ppm N      of a million segments so many are lost: 100 are 0.01 %\n"
    "  --queue BYTES     receive buffer of a connection (twice what a round trip holds)\n"
    "  --seed N          of the losses\n";

/* False: no such option, or not such a value. */
static bool take_option(struct relay_options *o, const char *name, const char *value)
{
    uint64_t n = 0;
    if (!value) return false;
    if (str_eq(name, "--to")) {
        o->target = value;
    } else if (str_eq(name, "--listen")) {
        o->listen = value;
    } else if (!str_bytes(value, &n)) {
        return false;
    } else if (str_eq(name, "--delay") && n <= UINT32_MAX) {
        o->delay_ns = n * MILLI_NS;
    } else if (str_eq(name, "--rate")) {
        o->rate = n;
    } else if (str_eq(name, "--loss-ppm") && n <= 1000000) {
        o->loss_ppm = (unsigned)n;
    } else if (str_eq(name, "--queue")) {
        o->queue_bytes = n;
    } else if (str_eq(name, "--seed")) {
        o->seed = n;
    } else {
        return false;
    }
    return true;
}

static void wait_for_end(int signals)
{
    struct pollfd watched[2] = {{.fd = signals, .events = POLLIN},
                                {.fd = STDIN_FILENO, .events = POLLIN}};
    char ignored[256];
    while (poll(watched, 2, -1) >= 0) {
        if (watched[0].revents) return;
        if (watched[1].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0) return;
    }
}

int main(int argc, char **argv)
{
    struct relay_options o = {0};
    if (argc == 2 && str_eq(argv[1], "--help")) return fputs(HELP, stdout) < 0;
    for (int i = 1; i < argc; i += 2) {
        if (take_option(&o, argv[i], argv[i + 1])) continue;
        fprintf(stderr, "relayd: cannot read '%s' and what follows (try --help)\n", argv[i]);
        return err_exit_code(ERR_USAGE);
    }
    sigset_t ends; // blocked before the thread starts, so that it inherits it
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);

    struct why why;
    SCOPED(relay_freep) struct relay *r = NULL;
    enum err e = relay_start(&o, &r, &why);
    if (e) {
        fprintf(stderr, "relayd: %s\n", why.text);
        return err_exit_code(e);
    }
    printf("%s\n", relay_address(r));
    fflush(stdout);
    wait_for_end(signals);
    return 0;
}
