/* calls.h - listing and resolve calls: paced by the origin's own rate-limit headers, retried by
 * retry.c, at most a few at once, over one HTTP/2 shard. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_CALLS_H
#define SHARDFETCH_DOWNLOAD_CALLS_H

#include <stdbool.h>

#include "download/async/loop.h"
#include "download/base/rng.h"
#include "download/emit.h"
#include "download/sched/pace.h"
#include "download/sched/retry.h"
#include "download/source/request.h"
#include "download/source/source.h"
#include "download/spine.h"
#include "download/xfer/shard.h"

struct call;
/* The reply is there (any status the source should judge), or the outcome says why not. Runs from
 * the loop, once; the call may be freed or sent again. */
typedef void call_fn(struct call *c);

/* One call; its owner keeps the memory until `done` ran. */
struct call {
    /* the owner sets */
    struct request request; // given away by calls_send
    enum pace_kind kind;
    bool once;        // its owner knows another place to ask: no second attempt
    uint64_t file_id; // for retry events; NUMBER_UNKNOWN outside a file
    struct id parent; // the task that needs it
    call_fn *done;
    /* set when done */
    enum err err; // OK: `exchange->reply` is for the source; else final, in reply.outcome
    struct exchange *exchange; // NULL: it was never sent
    /* private */
    struct calls *calls;
    struct list node; // in `waiting` or `delayed`
    struct timer timer;
    struct retry_state retry;
    struct id task;    // from calls_send until just before `done`
    struct id attempt; // the exchange under way
};

struct calls {
    struct spine *spine;
    struct loop *loop;
    const struct emitter *emitter;
    struct shard *shard;
    struct retry_policy policy;
    uint64_t timeout_s;
    const char *origin; // for wait events
    struct rng rng;
    uint64_t next_id;
    struct pace pace;
    struct timer timer; // next start allowed by pace
    uint64_t announced_until_ns;
    struct list waiting; // for a free place or for the bucket
    struct list delayed; // for their own timer
    unsigned running;
    uint64_t too_long_ns; // the wait for a rate limit that was not allowed; 0 = none was
    bool stopping;
    struct id control; // its registration there
};

enum { CALLS_AT_ONCE = 32 };

/* The caller has set spine, loop, emitter, shard, policy, timeout_s, origin. From then on they obey
 * the spine's control: a pause starts none, a stop ends all. */
void calls_init(struct calls *cs);
void calls_done(struct calls *cs);
/* Everything that waits ends as CAUSE_CANCELLED (through the loop). Idempotent. */
void calls_stop(struct calls *cs);
void call_init(struct call *c, enum pace_kind kind, call_fn *done);
/* `done` comes from a later loop turn. */
void calls_send(struct calls *cs, struct call *c);
/* Tells people and programs that the bucket is empty; once per wait, and not for short ones. */
void calls_announce_wait(struct calls *cs, uint64_t wait_ns);
/* Is a wait for the bucket allowed (--max-wait)? When not it is remembered, for the result. */
bool calls_may_wait(struct calls *cs, uint64_t wait_ns);
/* The run's budget of retries is spent: tells people and programs, once. */
void calls_tell_spent(struct calls *cs);
/* What keeps all of them waiting, as `progress` tells it; NULL: nothing does. */
const char *calls_waiting_for(const struct calls *cs);
/* Some wait because the Hub has refused them, or said that it would. */
bool calls_are_refused(const struct calls *cs);
/* The sentence for a wait that was not, at `origin`. */
enum err calls_explain_wait(const struct calls *cs, const char *origin, struct why *why);
/* After `done` with an error: the sentence for the file `path` (NULL = the list of files). */
enum err call_explain(const struct call *c, const struct source *s, const char *path,
                      struct why *why);
/* It comes back soon, as ERR_CANCELLED unless it had ended already; nothing to do when it is not
 * under way. */
void call_cancel(struct call *c);
/* From the shard for calls (shard_opts.on_cut). */
void calls_on_cut(struct post *p);
/* Frees request and exchange. Not while it is under way. */
void call_done(struct call *c);
#endif
