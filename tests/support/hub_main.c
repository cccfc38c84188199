/* hubd - the embedded hub as a program: for the demo, benchmarks, people and other clients. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/support/hub_args.h"

/* The file appears whole: written beside and renamed. */
static bool write_ports(const char *path, const struct hub *h)
{
    SCOPED(mem_freep) char *beside = mem_printf("%s.%ld", path, (long)getpid());
    FILE *f = fopen(beside, "w");
    if (!f) return false;
    bool written = fprintf(f, "%s\n%s\n", hub_endpoint(h), hub_cdn(h)) > 0;
    written = fclose(f) == 0 && written;
    return written && rename(beside, path) == 0;
}

/* Until SIGTERM or SIGINT, or the end of stdin when that was asked for. */
static void wait_for_end(bool until_eof, int signals)
{
    struct pollfd watched[2] = {{.fd = signals, .events = POLLIN},
                                {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN}};
    char ignored[256];
    while (poll(watched, 2, -1) >= 0) {
        if (watched[0].revents) return;
        if (watched[1].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0) return;
    }
}

static int serve(const struct hubd_args *a, int signals)
{
    struct why why;
    SCOPED(hub_freep) struct hub *h = NULL;
    enum err e = hub_start(&a->options, &h, &why);
    if (!e) e = hubd_args_apply(a, h, &why);
    if (e) {
        fprintf(stderr, "hubd: %s\n", why.text);
        return err_exit_code(e);
    }
    if (a->port_file && !write_ports(a->port_file, h)) {
        fprintf(stderr, "hubd: cannot write '%s'\n", a->port_file);
        return err_exit_code(ERR_DISK);
    }
    printf("%s\n%s\n", hub_endpoint(h), hub_cdn(h));
    fflush(stdout);
    wait_for_end(a->until_eof, signals);
    return 0;
}

int main(int argc, char **argv)
{
    struct why why;
    SCOPED(hubd_args_done) struct hubd_args a = {0};
    enum err e = hubd_args_parse(argc, argv, &a, &why);
    if (e) {
        fprintf(stderr, "hubd: %s\n", why.text);
        return err_exit_code(e);
    }
    if (a.help) {
        hubd_args_help(stdout);
        return 0;
    }
    sigset_t ends; // blocked before any thread starts, so that all of them inherit it
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    return serve(&a, signals);
}
