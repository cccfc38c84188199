/* signals.h - SIGINT, SIGTERM and SIGHUP stop a run; a second one ends the process at once.
 * Ignored: SIGPIPE and SIGXFSZ (write says EPIPE, EFBIG), and those that were ignored before us
 * (nohup(1), background jobs). */
#ifndef SHARDFETCH_CLI_SIGNALS_H
#define SHARDFETCH_CLI_SIGNALS_H

/* SIGPIPE and SIGXFSZ: at the start. */
void signals_ignore(void);
/* From now on the first signal calls `stop`, which must be async-signal-safe and, like `user`, stay
 * until signals_release. */
void signals_stop(void (*stop)(void *user), void *user);
void signals_release(void);
/* The first signal that came, 0 = none. */
int signals_caught(void);
/* Ends the process by `signal` with its default action, so that shells see it and stop their loops;
 * as PID 1, which the kernel shields, exits with 128 + `signal`. */
_Noreturn void signals_end(int signal);

#endif
