#include "download/engine.h"

#include <unistd.h>

#include "download/admit.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/fetch.h"

enum {
    POOL_MAX_THREADS = 2,    // hashing that catches up, syncs: never more than disks and cores like
    CALL_TIMEOUT_FACTOR = 6, // a call that trickles is given up after this many silences
};

void engine_init(struct engine *e, const struct settings *s, struct spine *spine,
                 const struct emitter *em)
{
    static const enum net_ip IP[] = {
        [IP_ANY] = NET_IP_ANY, [IP_V4] = NET_IP_V4, [IP_V6] = NET_IP_V6};
    *e = (struct engine){.settings = s, .spine = spine, .loop = spine->loop, .emitter = em};
    e->scope = scope_new(spine->scope, "engine");
    e->user_agent = str_empty(s->user_agent_extra)
                        ? mem_printf("shardfetch/%s", s->version)
                        : mem_printf("shardfetch/%s; origin/%s", s->version, s->user_agent_extra);
    e->net = (struct net){.user_agent = e->user_agent,
                          .http_proxy = s->proxy ? s->proxy : s->http_proxy,
                          .https_proxy = s->proxy ? s->proxy : s->https_proxy,
                          .no_proxy = s->no_proxy,
                          .cacert = s->cacert,
                          .capath = s->capath,
                          .ip = IP[s->ip],
                          .connect_timeout_s = s->connect_timeout_s,
                          .stall_timeout_s = s->stall_timeout_s,
                          .token = s->token};
}

static void release_library(void *engine)
{
    (void)engine; // libcurl's own state is the process's
    xfer_stop();
}

static enum err start_library(struct engine *e, struct why *why)
{
    if (e->library_started) return OK;
    enum err err = xfer_start(why);
    if (err) return err;
    e->library_started = true;
    scope_add(e->scope, release_library, e);
    return OK;
}

static void release_calls(void *engine)
{
    struct engine *e = engine;
    spine_move(e->spine, &e->spine->session, RESOURCE_CLOSING, NULL);
    calls_done(&e->calls);
    shard_stop(e->call_shard);
    spine_move(e->spine, &e->spine->session, RESOURCE_CLOSED, NULL);
}

enum err engine_start_calls(struct engine *e, struct why *why)
{
    if (e->call_shard) return OK;
    enum err err = start_library(e, why);
    struct shard_opts opts = {
        .loop = e->loop, .net = &e->net, .http2 = true, .on_cut = calls_on_cut};
    if (!err) err = shard_start(&opts, &e->call_shard, why);
    if (err) return err;
    const struct settings *s = e->settings;
    unsigned connections = s->connections ? s->connections : (unsigned)RAMP_MOST;
    retry_budget_init(&e->budget, connections, admit_most(s), s->retries);
    e->calls = (struct calls){
        .spine = e->spine,
        .loop = e->loop,
        .emitter = e->emitter,
        .shard = e->call_shard,
        .policy = {.attempts = s->retries, .max_wait_s = s->max_wait_s, .budget = &e->budget},
        .timeout_s = s->api_timeout_s * CALL_TIMEOUT_FACTOR,
        .origin = s->endpoint,
    };
    calls_init(&e->calls);
    scope_add(e->scope, release_calls, e);
    spine_move(e->spine, &e->spine->session, RESOURCE_READY, NULL);
    return OK;
}

static void release_pool(void *engine)
{
    struct engine *e = engine;
    pool_free(e->pool);
}

enum err engine_start_pool(struct engine *e, struct why *why)
{
    if (e->pool) return OK;
    enum err err = pool_new(e->loop, POOL_MAX_THREADS, SLAB_BYTES, &e->pool, why);
    if (!err) scope_add(e->scope, release_pool, e);
    return err;
}

static void release_limiter(void *engine)
{
    struct engine *e = engine;
    limiter_stop(&e->limiter);
}

static enum err start_limiter(struct engine *e, struct why *why)
{
    if (e->body_net.limits.run) return OK;
    scope_add(e->scope, release_limiter, e);
    enum err err = limiter_start(&e->limiter, e->settings, e->loop, e->emitter, why);
    e->body_net = e->net;
    if (!err) e->body_net.limits = limiter_limits(&e->limiter);
    return err;
}

static void release_shard(void *shard)
{
    shard_stop(shard);
}

static unsigned wanted_shards(const struct settings *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = cores < 1 ? 1 : cores > ENGINE_MAX_SHARDS ? ENGINE_MAX_SHARDS : (unsigned)cores;
    return s->connections && s->connections < n ? s->connections : n;
}

enum err engine_start_shards(struct engine *e, void *user, struct why *why)
{
    enum err err = start_library(e, why);
    if (!err) err = start_limiter(e, why);
    unsigned wanted = wanted_shards(e->settings);
    if (!e->bodies) e->bodies = scope_new(e->scope, "bodies");
    while (!err && e->shard_count < wanted) {
        struct shard_opts opts = {.loop = e->loop,
                                  .net = &e->body_net,
                                  .max_bodies = e->settings->connections ? e->settings->connections
                                                                         : RAMP_MOST,
                                  .on_report = fetch_on_report,
                                  .on_cut = fetch_on_cut,
                                  .on_sample = slowness_on_sample,
                                  .user = user};
        err = shard_start(&opts, &e->shards[e->shard_count], why);
        if (!err) scope_add(e->bodies, release_shard, e->shards[e->shard_count++]);
    }
    if (!err) spine_move(e->spine, &e->spine->connections, RESOURCE_READY, NULL);
    return err;
}

void engine_stop_shards(struct engine *e)
{
    spine_move(e->spine, &e->spine->connections, RESOURCE_CLOSING, NULL);
    spine_move(e->spine, &e->spine->journal, RESOURCE_CLOSING, NULL);
    scope_close(TAKE(e->bodies));
    e->shard_count = 0;
    loop_drain(e->loop);
    spine_move(e->spine, &e->spine->connections, RESOURCE_CLOSED, NULL);
    spine_move(e->spine, &e->spine->journal, RESOURCE_CLOSED, NULL);
}

void engine_stop(struct engine *e)
{
    engine_stop_shards(e);
    scope_close(e->scope);
    mem_free(e->user_agent);
    *e = (struct engine){0};
}
