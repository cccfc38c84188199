#include "download/limiter.h"

#include "download/base/clock.h"
#include "download/base/shared_throttle.h"
#include "download/rate_file.h"

enum err limiter_start(struct limiter *l, const struct settings *s, struct loop *loop,
                       const struct emitter *emitter, struct why *why)
{
    *l = (struct limiter){.polite = s->polite};
    const struct rate *run = &s->limit_rate;
    const struct rate *shared = &s->limit_rate_shared;
    struct rate_file_opts opts = {run->file, &l->run, loop, emitter};
    enum err e = run->file ? rate_file_open(&opts, &l->run_file, why) : OK;
    if (!run->file) throttle_set_rate(&l->run, run->bytes_per_s, clock_now_ns());
    bool wanted = shared->file || shared->bytes_per_s;
    if (e || !wanted) return e;
    e = shared_throttle_open(s->runtime_dir, &l->shared, why);
    if (e) return e;
    if (!shared->file) {
        throttle_set_rate(l->shared, shared->bytes_per_s, clock_now_ns());
        return OK;
    }
    opts.path = shared->file;
    opts.rate = l->shared;
    return rate_file_open(&opts, &l->shared_file, why);
}

struct limits limiter_limits(struct limiter *l)
{
    return (struct limits){.run = &l->run,
                           .user = l->shared,
                           .precedence = &l->precedence,
                           .link = l->polite ? &l->link : NULL,
                           .passed = l->polite ? &l->passed : NULL};
}

void limiter_stop(struct limiter *l)
{
    rate_file_close(l->run_file);
    rate_file_close(l->shared_file);
    shared_throttle_close(l->shared);
    *l = (struct limiter){0};
}
