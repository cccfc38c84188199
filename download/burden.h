/* burden.h - the machine's pressure as a run feels it: looked at once a second, because what it is
 * compared with are shares of a second, and told to who uses connections when it changes what is
 * allowed. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_BURDEN_H
#define SHARDFETCH_DOWNLOAD_BURDEN_H

#include "download/async/loop.h"
#include "download/emit.h"
#include "download/gauges.h"
#include "download/sched/pressure.h"

/* What is allowed has changed; not from inside burden_start. */
typedef void burden_changed_fn(void *user);

struct burden {
    struct loop *loop;
    const struct emitter *emitter;
    burden_changed_fn *changed;
    void *user;
    struct gauges gauges;
    struct pressure pressure;
    struct timer timer;
    bool told; // that there is nothing to read: the warning "no-pressure", once
};

/* The caller has filled in the first four. `yield_to` as in gauges.h; ERR_USAGE. */
NODISCARD enum err burden_start(struct burden *b, const char *yield_to, struct why *why);
void burden_end(struct burden *b); // after a burden_start that was OK
bool burden_holds(const struct burden *b);
/* How many of `most` connections may be used now. */
unsigned burden_connections(const struct burden *b, unsigned most);

#endif
