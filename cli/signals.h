/* signals.h - what signals mean to a run.
 *
 *   SIGINT SIGTERM SIGHUP   stop, resumable; a second one ends the process at once
 *   SIGUSR1                 tell all that runs
 *   SIGUSR2                 pause, or go on
 *   SIGTSTP                 (with a view) the terminal is tidied up first, then as by default
 *   SIGCONT SIGWINCH        (with a view) it is drawn anew
 *   SIGPIPE SIGXFSZ         ignored: write says EPIPE, EFBIG
 *
 * Stopping signals that were ignored before us stay so (nohup(1), background jobs). Handlers only
 * note what came and call functions that are async-signal-safe. */
#ifndef SHARDFETCH_CLI_SIGNALS_H
#define SHARDFETCH_CLI_SIGNALS_H

#include <stdbool.h>

/* All async-signal-safe. `poke`: see signals_take_…. */
struct signal_actions {
    void (*stop)(void *user);
    void (*tell_tasks)(void *user);
    void (*toggle_pause)(void *user);
    void (*poke)(void *user);
    bool has_view; // there is something to tidy up and to draw anew
};

/* SIGPIPE and SIGXFSZ: at the start. */
void signals_ignore(void);
/* From now on; `user` stays until signals_release. */
void signals_catch(const struct signal_actions *actions, void *user);
void signals_release(void);

/* After a poke: has SIGTSTP come, or one that wants the view drawn anew? Since the last asking. */
bool signals_take_suspend(void);
bool signals_take_redraw(void);
/* Stops the process as SIGTSTP does by default; returns when it goes on. */
void signals_suspend(void);

/* The first stopping signal that came, 0 = none. */
int signals_caught(void);
/* Ends the process by `signal` with its default action, so that shells see it and stop their loops;
 * as PID 1, which the kernel shields, exits with 128 + `signal`. */
_Noreturn void signals_end(int signal);

#endif
