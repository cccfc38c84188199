#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "download/base/scoped.h"

static const int STOPPING[] = {SIGINT, SIGTERM, SIGHUP};

/* A handler has no argument of its own: these cannot be anywhere else. */
struct stopper {
    void (*stop)(void *user);
    void *user;
};
static struct stopper stopper; // written before `armed` is set
static atomic_bool armed;
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
    if (atomic_load(&armed)) stopper.stop(stopper.user);
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

void signals_stop(void (*stop)(void *user), void *user)
{
    stopper = (struct stopper){stop, user};
    atomic_store(&armed, true);
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
    atomic_store(&armed, false);
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
