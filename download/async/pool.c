#include "download/async/pool.h"

#include <pthread.h>
#include <string.h>

#include "download/base/mem.h"

struct pool {
    struct loop *loop;
    struct mailbox *jobs; // any worker takes
    pthread_t *threads;
    unsigned count;
};

static void job_deliver(struct post *p)
{
    struct job *j = container_of(p, struct job, post);
    j->done(j);
}

static void job_finish(struct pool *p, struct job *j)
{
    j->work(j);
    j->post.deliver = job_deliver;
    loop_post(p->loop, &j->post);
}

static void *worker(void *user)
{
    struct pool *p = user;
    struct message *m;
    while ((m = mailbox_wait(p->jobs, UINT64_MAX)))
        job_finish(p, container_of(container_of(m, struct post, message), struct job, post));
    return NULL;
}

enum err pool_new(struct loop *loop, unsigned threads, struct pool **ret, struct why *why)
{
    struct pool *p = mem_new(sizeof(*p));
    p->loop = loop;
    p->jobs = mailbox_new(&(struct mailbox_opts){0});
    p->threads = mem_array(threads, sizeof(*p->threads));
    for (; p->count < threads; p->count++) {
        int rc = pthread_create(&p->threads[p->count], NULL, worker, p);
        if (!rc) continue;
        pool_free(p);
        return fail(why, ERR_INTERNAL, "cannot start a thread: %s", strerror(rc));
    }
    *ret = p;
    return OK;
}

void pool_free(struct pool *p)
{
    if (!p) return;
    mailbox_close(p->jobs);
    for (unsigned i = 0; i < p->count; i++)
        pthread_join(p->threads[i], NULL);
    mailbox_free(p->jobs);
    mem_free(p->threads);
    mem_free(p);
}

void pool_run(struct pool *p, struct job *j)
{
    if (p->count == 0) {
        job_finish(p, j);
        return;
    }
    mailbox_put(p->jobs, &j->post.message, NULL); // no limit, closed only by pool_free
}
