#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "download/base/scoped.h"

static const int STOPPING[] = {SIGINT, SIGTERM, SIGHUP};

/* A handler has no argument of its own: the two variables that cannot be anywhere else. */
static _Atomic(struct download *) running;
static atomic_int caught;

static void by_default(int signal_number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal_number, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(signal_number);
}

static void on_signal(int signal_number)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&caught, &none, signal_number)) {
        by_default(signal_number);
        _exit(128 + signal_number); // PID 1
    }
    struct download *d = atomic_load(&running);
    if (d) download_stop(d);
}

static void ignore(int signal_number)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(signal_number, &action, NULL);
}

void signals_ignore(void)
{
    ignore(SIGPIPE);
    ignore(SIGXFSZ);
}

void signals_stop(struct download *d)
{
    atomic_store(&running, d);
    for (size_t i = 0; i < ARRAY_LEN(STOPPING); i++) {
        struct sigaction before;
        sigaction(STOPPING[i], NULL, &before);
        if (before.sa_handler == SIG_IGN) continue;
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigaction(STOPPING[i], &action, NULL);
    }
}

void signals_release(void)
{
    atomic_store(&running, NULL);
}

int signals_caught(void)
{
    return atomic_load(&caught);
}

void signals_end(int signal)
{
    by_default(signal);
    _exit(128 + signal);
}
