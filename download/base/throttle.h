/* throttle.h - a rate in bytes per second that several connections, threads or processes keep
 * together: each says what it has received, and all wait until that is paid for (the generic cell
 * rate algorithm, ITU-T I.371, as one number). Time is an argument, the monotonic clock's, which
 * all processes of a machine share. Any thread; cannot fail. */
#ifndef SHARDFETCH_BASE_THROTTLE_H
#define SHARDFETCH_BASE_THROTTLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "download/base/precedence.h"

struct throttle {
    atomic_uint_least64_t rate;   // bytes per second; 0 = unlimited
    atomic_uint_least64_t due_ns; // when all that was received will have been paid for
};

/* What was not used up this long ago is lost: bursts are no larger. */
#define THROTTLE_CREDIT_NS UINT64_C(50000000)

/* What is owed is owed at the new rate from now on, and at most for a minute. */
void throttle_set_rate(struct throttle *t, uint64_t rate, uint64_t now_ns);
void throttle_received(struct throttle *t, uint64_t bytes, uint64_t now_ns);
/* Nanoseconds until more may be received; 0 = now. NULL is unlimited. */
uint64_t throttle_wait_ns(const struct throttle *t, uint64_t now_ns);

/* All the rates that count for what is received; each may be NULL. */
struct limits {
    struct throttle *run;          // of this run
    struct throttle *user;         // of all runs of this user on this machine
    struct throttle *link;         // what leaves the link to others
    atomic_uint_least64_t *passed; // counts what was received
    struct precedence *precedence;
};

void limits_received(const struct limits *l, uint64_t bytes, uint64_t now_ns);
uint64_t limits_wait_ns(const struct limits *l, uint64_t now_ns);
/* The smallest, in bytes per second; 0 = there is none. */
uint64_t limits_rate(const struct limits *l);
/* Is that the one of the link? */
bool limits_leave_link(const struct limits *l);

#endif
