/* parallel.h - one job per file, taken in turn by one thread per core (the caller is one of them).
 * For the benchmark's own small programs. */
#ifndef SHARDFETCH_BENCH_PARALLEL_H
#define SHARDFETCH_BENCH_PARALLEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/sysinfo.h>

enum { PARALLEL_MAX = 64 }; // threads; no machine we measure has more cores

struct parallel {
    bool (*job)(void *user, size_t index); // any thread; false stops all
    void *user;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
};

static inline void *parallel_thread(void *arg)
{
    struct parallel *p = arg;
    while (!atomic_load(&p->failed)) {
        size_t index = atomic_fetch_add(&p->next, 1);
        if (index >= p->count) break;
        if (!p->job(p->user, index)) atomic_store(&p->failed, true);
    }
    return NULL;
}

/* job(user, 0..count), each once; false when one failed. */
static inline bool parallel_run(bool (*job)(void *, size_t), void *user, size_t count)
{
    struct parallel p = {.job = job, .user = user, .count = count};
    size_t cores = (size_t)get_nprocs();
    pthread_t threads[PARALLEL_MAX];
    size_t started = 0;
    while (started + 1 < cores && started + 1 < count && started < PARALLEL_MAX) {
        if (pthread_create(&threads[started], NULL, parallel_thread, &p) != 0) break;
        started++;
    }
    parallel_thread(&p);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    return !atomic_load(&p.failed);
}

#endif
