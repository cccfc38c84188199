/* The control loop and its pool under ThreadSanitizer: threads post and interrupt while jobs come
 * and go and timers move. Every post and every job's `done` runs once, on the loop's thread; an
 * interrupt ends a wait that nothing else would have ended. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "download/async/pool.h"
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/rng.h"

enum { POSTERS = 4, POSTS = 3000, JOBS = 3000, AT_ONCE = 50, INTERRUPTS = 500, POOL_THREADS = 3 };

struct world {
    struct loop *loop;
    struct pool *pool;
    pthread_t control;
    struct rng rng;
    unsigned delivered, jobs_begun, jobs_done, timers, wrong_thread; // loop's thread only
    atomic_uint worked;
};

struct note {
    struct post post;
    struct world *world;
};

static void check_thread(struct world *w)
{
    w->wrong_thread += !pthread_equal(w->control, pthread_self());
}

static void deliver(struct post *p)
{
    struct note *n = container_of(p, struct note, post);
    check_thread(n->world);
    n->world->delivered++;
    mem_free(n);
}

static void *post_many(void *user)
{
    struct world *w = user;
    for (int i = 0; i < POSTS; i++) {
        struct note *n = mem_new(sizeof(*n));
        *n = (struct note){.post = {.deliver = deliver}, .world = w};
        loop_post(w->loop, &n->post);
    }
    return NULL;
}

/* As a signal handler would, from any thread. */
static void *interrupt_often(void *user)
{
    struct world *w = user;
    for (int i = 0; i < INTERRUPTS; i++)
        loop_raise(w->loop, 1);
    return NULL;
}

struct work {
    struct job job;
    struct world *world;
    struct timer timer; // fires later, frees the work
    unsigned worked;
};

static void begin_job(struct world *w);

static void fire(struct timer *t)
{
    struct work *j = container_of(t, struct work, timer);
    struct world *w = j->world;
    check_thread(w);
    w->timers++;
    mem_free(j);
    if (w->jobs_begun < JOBS) begin_job(w);
}

static void work(struct job *j)
{
    struct work *it = container_of(j, struct work, job);
    it->worked++;
    atomic_fetch_add(&it->world->worked, 1);
}

static void done(struct job *j)
{
    struct work *it = container_of(j, struct work, job);
    struct world *w = it->world;
    check_thread(w);
    w->jobs_done += it->worked == 1;
    uint64_t now = loop_now_ns(w->loop);
    timer_set(w->loop, &it->timer, now + SECOND_NS);
    timer_set(w->loop, &it->timer, now + rng_below(&w->rng, MILLI_NS));
}

static void begin_job(struct world *w)
{
    struct work *it = mem_new(sizeof(*it));
    it->job = (struct job){.work = work, .done = done};
    it->world = w;
    timer_init(&it->timer, fire);
    w->jobs_begun++;
    pool_run(w->pool, &it->job);
}

static void on_raise(void *user, unsigned bits)
{
    unsigned *all = user;
    *all |= bits;
}

static bool storm(unsigned threads)
{
    struct world w = {.control = pthread_self(), .rng = {.state = threads}};
    if (loop_new(&w.loop, NULL) || pool_new(w.loop, threads, 0, &w.pool, NULL)) return false;
    unsigned raised = 0;
    loop_on_raise(w.loop, on_raise, &raised);
    pthread_t posters[POSTERS];
    pthread_t interrupter;
    for (int i = 0; i < POSTERS; i++)
        pthread_create(&posters[i], NULL, post_many, &w);
    pthread_create(&interrupter, NULL, interrupt_often, &w);
    for (int i = 0; i < AT_ONCE; i++)
        begin_job(&w);
    while (w.timers < JOBS || w.delivered < POSTERS * POSTS || !raised)
        loop_turn(w.loop);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(posters[i], NULL);
    pthread_join(interrupter, NULL);
    pool_free(w.pool);
    loop_drain(w.loop);
    loop_free(w.loop);
    printf("%u threads: %u posts, %u jobs, %u timers\n", threads, w.delivered, w.jobs_done,
           w.timers);
    return w.delivered == POSTERS * POSTS && w.jobs_done == JOBS && w.worked == JOBS &&
           w.timers == JOBS && w.wrong_thread == 0;
}

static void *interrupt_once(void *user)
{
    loop_raise(user, 1);
    return NULL;
}

/* Without posts and timers only the interrupt can end the turn. */
static bool wakes_a_waiting_loop(void)
{
    for (int i = 0; i < INTERRUPTS; i++) {
        struct loop *l = NULL;
        pthread_t thread;
        unsigned raised = 0;
        if (loop_new(&l, NULL)) return false;
        loop_on_raise(l, on_raise, &raised);
        pthread_create(&thread, NULL, interrupt_once, l);
        while (!raised)
            loop_turn(l);
        pthread_join(thread, NULL);
        loop_free(l);
    }
    return true;
}

int main(void)
{
    static const unsigned THREADS[] = {0, 1, POOL_THREADS};
    for (size_t i = 0; i < ARRAY_LEN(THREADS); i++) {
        if (!storm(THREADS[i])) {
            fprintf(stderr, "the storm with %u threads went wrong\n", THREADS[i]);
            return 1;
        }
    }
    return wakes_a_waiting_loop() ? 0 : 1;
}
