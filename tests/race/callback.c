/* The callback system from many threads under ThreadSanitizer: they trigger, wait, register and
 * deregister through remote.h while the owner's thread turns the loop; then it closes the loop in
 * the middle of all that. Every wait returns; who waits as its value is set sees it, also if it is
 * replaced at once: only the close ends a wait otherwise. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "download/async/remote.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

enum { PAIRS = 3, SETTERS = 2, CHANGERS = 2, VALUES = 300, ROUNDS = 3 };
enum { THREADS = 2 * PAIRS + SETTERS + CHANGERS };

static void *copy_number(const void *value, size_t *ret_bytes)
{
    uint64_t *copy = mem_new(sizeof(*copy));
    *copy = *(const uint64_t *)value;
    *ret_bytes = sizeof(*copy);
    return copy;
}

static const struct value_ops NUMBERS = {.copy = copy_number};

struct world {
    struct loop *loop;
    struct callback_system *system;
    atomic_uint met, gone, other; // how waits ended; `other` never
    atomic_uint refused;          // triggers of a closed loop
    atomic_uint threads_done;
    unsigned told; // loop's thread: by the observer
};

static void finish(struct world *w)
{
    atomic_fetch_add(&w->threads_done, 1);
    loop_raise(w->loop, 1);
}

static void *set_many(void *user)
{
    struct world *w = user;
    for (uint64_t i = 1; i <= VALUES; i++)
        if (!remote_trigger(w->loop, w->system, "steady", &i)) atomic_fetch_add(&w->refused, 1);
    finish(w);
    return NULL;
}

/* ---- pairs: one waits for values of its own, the other sets each once it waits ---- */

struct pair {
    struct world *world;
    uint64_t base;
    sem_t waiting;
    uint64_t wanted;
    bool looked; // loop's thread, and the waiter's between its waits
};

/* There has always been a value: so this is called as the wait begins. */
static bool is_wanted(void *user, const void *value)
{
    struct pair *p = user;
    if (!p->looked) sem_post(&p->waiting);
    p->looked = true;
    return *(const uint64_t *)value == p->wanted;
}

static bool wait_for_wanted(struct pair *p)
{
    struct world *w = p->world;
    const struct remote_wait what = {
        .name = "steady", .check = is_wanted, .user = p, .timeout_ns = UINT64_MAX};
    void *value = NULL;
    enum wait_status status = remote_wait(w->loop, w->system, &what, &value);
    if (status == WAIT_MET) {
        atomic_fetch_add(*(uint64_t *)value == p->wanted ? &w->met : &w->other, 1);
    } else {
        atomic_fetch_add(status == WAIT_GONE ? &w->gone : &w->other, 1);
    }
    mem_free(value);
    return status == WAIT_MET;
}

static void *wait_many(void *user)
{
    struct pair *p = user;
    for (uint64_t i = 0; i < VALUES; i++) {
        p->wanted = p->base + i;
        p->looked = false;
        if (!wait_for_wanted(p) && !p->looked) sem_post(&p->waiting); // the other goes on, too
    }
    finish(p->world);
    return NULL;
}

/* Then a value that replaces it at once. */
static void *set_wanted(void *user)
{
    struct pair *p = user;
    struct world *w = p->world;
    uint64_t zero = 0;
    for (uint64_t i = 0; i < VALUES; i++) {
        while (sem_wait(&p->waiting) != 0)
            continue; // EINTR
        uint64_t value = p->base + i;
        if (!remote_trigger(w->loop, w->system, "steady", &value)) atomic_fetch_add(&w->refused, 1);
        if (!remote_trigger(w->loop, w->system, "steady", &zero)) atomic_fetch_add(&w->refused, 1);
    }
    finish(w);
    return NULL;
}

/* ---- names that come and go ---- */

static void change(void *user)
{
    struct world *w = user;
    callback_system_register(w->system, "passing");
    uint64_t zero = 0;
    callback_system_trigger_all(w->system, &zero);
    callback_system_deregister(w->system, "passing");
}

static void *change_many(void *user)
{
    struct world *w = user;
    for (int i = 0; i < VALUES; i++)
        remote_call(w->loop, change, w);
    finish(w);
    return NULL;
}

static enum err count(void *user, const void *value, struct why *why)
{
    struct world *w = user;
    (void)value;
    (void)why;
    w->told++;
    return OK;
}

static struct callback_system *new_system(struct loop *l)
{
    return callback_system_new(
        &(struct callback_opts){.loop = l, .values = &NUMBERS, .mode = WAIT_EVERY_VALUE});
}

static void start(pthread_t threads[THREADS], struct pair pairs[PAIRS], struct world *w)
{
    for (size_t i = 0; i < PAIRS; i++) {
        pairs[i] = (struct pair){.world = w, .base = (i + 1) * 1000000};
        sem_init(&pairs[i].waiting, 0, 0);
        pthread_create(&threads[2 * i], NULL, wait_many, &pairs[i]);
        pthread_create(&threads[2 * i + 1], NULL, set_wanted, &pairs[i]);
    }
    for (size_t i = 2 * PAIRS; i < THREADS; i++)
        pthread_create(&threads[i], NULL, i % 2 ? set_many : change_many, w);
}

/* Closed by its owner when so many values have been told. */
static bool storm(unsigned close_after)
{
    struct world w = {0};
    if (loop_new(&w.loop, NULL)) return false;
    w.system = new_system(w.loop);
    callback_on_next(callback_system_register(w.system, "steady"), count, &w);
    uint64_t zero = 0;
    callback_system_trigger(w.system, "steady", &zero);
    pthread_t threads[THREADS];
    struct pair pairs[PAIRS];
    start(threads, pairs, &w);
    while (atomic_load(&w.threads_done) < THREADS && w.told < close_after)
        loop_turn(w.loop);
    loop_close(w.loop);
    loop_drain(w.loop);
    callback_system_deregister_all(w.system);
    loop_drain(w.loop);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    callback_system_free(w.system);
    loop_free(w.loop);
    for (int i = 0; i < PAIRS; i++)
        sem_destroy(&pairs[i].waiting);
    printf("%u told, %u met, %u gone, %u otherwise, %u refused\n", w.told, w.met, w.gone, w.other,
           w.refused);
    bool all_ended = w.met + w.gone == PAIRS * VALUES && w.other == 0;
    bool closed_early = close_after != UINT32_MAX;
    bool told_all = w.gone == 0 && w.refused == 0 && w.told >= (SETTERS + 2 * PAIRS) * VALUES;
    return all_ended && (closed_early ? w.gone > 0 : told_all);
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (!storm(UINT32_MAX) || !storm(VALUES)) {
            fprintf(stderr, "round %d went wrong\n", i);
            return 1;
        }
    }
    return 0;
}
