#include "download/async/pool.h"

#include <pthread.h>
#include <string.h>

#include "download/base/mem.h"

struct pool {
    struct loop *loop;
    struct mailbox *jobs;   // any worker takes
    struct worker *workers; // one at least, also when there is no thread
    unsigned worker_count;
    unsigned count; // threads
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    unsigned char *scratch;
};

static void job_deliver(struct post *p)
{
    struct job *j = container_of(p, struct job, post);
    j->done(j);
}

static void job_finish(const struct worker *w, struct job *j)
{
    j->scratch = w->scratch;
    j->work(j);
    j->scratch = NULL;
    j->post.deliver = job_deliver;
    loop_post(w->pool->loop, &j->post);
}

static void *work_on(void *user)
{
    const struct worker *w = user;
    struct message *m;
    while ((m = mailbox_wait(w->pool->jobs, UINT64_MAX)))
        job_finish(w, container_of(container_of(m, struct post, message), struct job, post));
    return NULL;
}

static enum err make_workers(struct pool *p, unsigned threads, size_t scratch_bytes,
                             struct why *why)
{
    p->worker_count = threads ? threads : 1;
    p->workers = mem_array(p->worker_count, sizeof(*p->workers));
    for (unsigned i = 0; i < p->worker_count; i++) {
        struct worker *w = &p->workers[i];
        w->pool = p;
        w->scratch = scratch_bytes ? mem_try_pages(scratch_bytes) : NULL;
        if (scratch_bytes && !w->scratch) return fail(why, ERR_MEMORY, "no memory to verify with");
    }
    return OK;
}

enum err pool_new(struct loop *loop, unsigned threads, size_t scratch_bytes, struct pool **ret,
                  struct why *why)
{
    struct pool *p = mem_new(sizeof(*p));
    p->loop = loop;
    p->jobs = mailbox_new(&(struct mailbox_opts){0});
    enum err e = make_workers(p, threads, scratch_bytes, why);
    for (; !e && p->count < threads; p->count++) {
        struct worker *w = &p->workers[p->count];
        int rc = pthread_create(&w->thread, NULL, work_on, w);
        if (rc) e = fail(why, ERR_INTERNAL, "cannot start a thread: %s", strerror(rc));
        if (e) break;
    }
    if (e) {
        pool_free(p);
        return e;
    }
    *ret = p;
    return OK;
}

void pool_free(struct pool *p)
{
    if (!p) return;
    mailbox_close(p->jobs);
    for (unsigned i = 0; i < p->count; i++)
        pthread_join(p->workers[i].thread, NULL);
    for (unsigned i = 0; i < p->worker_count; i++)
        mem_free(p->workers[i].scratch);
    mailbox_free(p->jobs);
    mem_free(p->workers);
    mem_free(p);
}

void pool_run(struct pool *p, struct job *j)
{
    if (p->count == 0) {
        job_finish(&p->workers[0], j);
        return;
    }
    mailbox_put(p->jobs, &j->post.message, NULL); // no limit, closed only by pool_free
}
