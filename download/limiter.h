/* limiter.h - the rate limits of a run as its user gave them: a number or a file that says it, for
 * this run and for all runs of the user. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_LIMITER_H
#define SHARDFETCH_DOWNLOAD_LIMITER_H

#include "download/async/loop.h"
#include "download/base/throttle.h"
#include "download/emit.h"
#include "download/settings.h"

struct rate_file;

struct limiter {
    struct throttle run;
    struct throttle *shared; // NULL: not asked for
    struct throttle link;    // set by courtesy.h
    atomic_uint_least64_t passed;
    bool polite;                  // the last two are asked for
    struct precedence precedence; // among the bodies of this run
    struct rate_file *run_file, *shared_file;
};

/* ERR_USAGE, ERR_INTERNAL: rate_file.h. ERR_REFUSED, ERR_DISK: shared_throttle.h. After a failure,
 * too, it is to be stopped. */
NODISCARD enum err limiter_start(struct limiter *l, const struct settings *s, struct loop *loop,
                                 const struct emitter *emitter, struct why *why);
struct limits limiter_limits(struct limiter *l);
void limiter_stop(struct limiter *l); // also one that is all zero

#endif
