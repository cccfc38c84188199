#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "download/base/scoped.h"

static const int STOPPING[] = {SIGINT, SIGTERM, SIGHUP};
static const int ASKING[] = {SIGUSR1, SIGUSR2};
static const int OF_VIEW[] = {SIGTSTP, SIGCONT, SIGWINCH};

/* A handler has no argument of its own: these cannot be anywhere else. */
static struct signal_actions actions; // written before `armed` is set
static void *actions_user;
static atomic_bool armed;
static atomic_int caught;
static atomic_bool suspend_wanted;
static atomic_bool redraw_wanted;

static void set_handler(int signal_number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(signal_number, &action, NULL);
}

static void by_default(int signal_number)
{
    set_handler(signal_number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(signal_number);
}

static void on_stopping(int signal_number)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&caught, &none, signal_number)) {
        by_default(signal_number);
        _exit(128 + signal_number); // PID 1
    }
    if (atomic_load(&armed)) actions.stop(actions_user);
}

static void on_asking(int signal_number)
{
    if (!atomic_load(&armed)) return;
    if (signal_number == SIGUSR1) {
        actions.tell_tasks(actions_user);
    } else {
        actions.toggle_pause(actions_user);
    }
}

static void on_view(int signal_number)
{
    atomic_store(signal_number == SIGTSTP ? &suspend_wanted : &redraw_wanted, true);
    if (atomic_load(&armed)) actions.poke(actions_user);
}

void signals_ignore(void)
{
    set_handler(SIGPIPE, SIG_IGN);
    set_handler(SIGXFSZ, SIG_IGN);
}

static void catch_all(const int *numbers, size_t count, void (*handler)(int))
{
    for (size_t i = 0; i < count; i++) {
        struct sigaction before;
        sigaction(numbers[i], NULL, &before);
        if (before.sa_handler != SIG_IGN) set_handler(numbers[i], handler);
    }
}

void signals_catch(const struct signal_actions *a, void *user)
{
    actions = *a;
    actions_user = user;
    atomic_store(&armed, true);
    catch_all(STOPPING, ARRAY_LEN(STOPPING), on_stopping);
    catch_all(ASKING, ARRAY_LEN(ASKING), on_asking);
    if (a->has_view) catch_all(OF_VIEW, ARRAY_LEN(OF_VIEW), on_view);
}

void signals_release(void)
{
    atomic_store(&armed, false);
}

bool signals_take_suspend(void)
{
    return atomic_exchange(&suspend_wanted, false);
}

bool signals_take_redraw(void)
{
    return atomic_exchange(&redraw_wanted, false);
}

void signals_suspend(void)
{
    by_default(SIGTSTP);
    set_handler(SIGTSTP, on_view);
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
