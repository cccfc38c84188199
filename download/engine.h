/* engine.h - what a run moves bytes with: I/O shards, the shard for calls, the pool. Started when
 * the first request is due (a run that finds everything in place starts nothing), stopped once.
 * Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_ENGINE_H
#define SHARDFETCH_DOWNLOAD_ENGINE_H

#include "download/async/pool.h"
#include "download/calls.h"
#include "download/limiter.h"
#include "download/settings.h"
#include "download/spine.h"
#include "download/xfer/net.h"
#include "download/xfer/shard.h"

enum { ENGINE_MAX_SHARDS = 4 };

struct engine {
    const struct settings *settings;
    struct spine *spine;
    struct loop *loop; // the spine's
    const struct emitter *emitter;
    struct net net;      // of calls
    struct net body_net; // of bodies: the same, and the rate limits
    struct limiter limiter;
    char *user_agent;
    struct shard *call_shard;
    struct shard *shards[ENGINE_MAX_SHARDS];
    unsigned shard_count;
    struct pool *pool;
    struct calls calls;
    struct retry_budget budget; // of calls and bodies
    bool library_started;
    struct scope *scope;  // all of it
    struct scope *bodies; // the shards for bodies; NULL: none was started
};

void engine_init(struct engine *e, const struct settings *s, struct spine *spine,
                 const struct emitter *em);
/* Calls can be made. Idempotent. */
NODISCARD enum err engine_start_calls(struct engine *e, struct why *why);
/* Jobs can be run. Idempotent. */
NODISCARD enum err engine_start_pool(struct engine *e, struct why *why);
/* Bodies can be fetched; `user` is the fetch whose fetch_on_… are called. Idempotent. */
NODISCARD enum err engine_start_shards(struct engine *e, void *user, struct why *why);
/* No post that names `user` comes after it. */
void engine_stop_shards(struct engine *e);
void engine_stop(struct engine *e);

#endif
