/* pool.h - a few threads for what must not run on the control thread: hashing that catches up,
 * reserving space, syncing and publishing. A job is memory of its caller; `work` runs on one
 * worker and touches nothing but the job, `done` runs once on the loop's thread. */
#ifndef SHARDFETCH_ASYNC_POOL_H
#define SHARDFETCH_ASYNC_POOL_H

#include "download/async/loop.h"

struct job;
typedef void job_fn(struct job *j);
struct job {
    struct post post;
    job_fn *work;
    job_fn *done;
    unsigned char *scratch; // while `work` runs: the worker's own memory, page-aligned
};

struct pool;

/* `threads` 0: work runs in pool_run itself, `done` still comes from the loop. Every worker has
 * `scratch_bytes` for its jobs to work in (0 = none): so many jobs at once, so much memory.
 * ERR_MEMORY, ERR_INTERNAL. */
NODISCARD enum err pool_new(struct loop *loop, unsigned threads, size_t scratch_bytes,
                            struct pool **ret, struct why *why);
/* Waits for the jobs that were handed in; their `done` still needs loop turns. */
void pool_free(struct pool *p);
/* Loop's thread. */
void pool_run(struct pool *p, struct job *j);

#endif
