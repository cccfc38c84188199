/* The callback system from many threads under ThreadSanitizer: they trigger, wait, register and
 * deregister through remote.h while the owner's thread turns the loop; then it closes the loop in
 * the middle of all that. Every wait returns; who waits for a value that was set sees it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "download/async/remote.h"
#include "download/base/clock.h"
#include "download/base/mem.h"

enum { SETTERS = 3, WAITERS = 3, CHANGERS = 2, VALUES = 300, ROUNDS = 3 };

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
    atomic_uint next_waiter;
    atomic_uint met, gone, other; // how waits ended
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

static bool is_wanted(void *user, const void *value)
{
    return *(const uint64_t *)value == *(const uint64_t *)user;
}

/* Each waits for values of its own, which one more setter, it itself, has queued behind the wait.
 */
static void *wait_many(void *user)
{
    struct world *w = user;
    uint64_t base = (uint64_t)(atomic_fetch_add(&w->next_waiter, 1) + 1) * 1000000;
    for (uint64_t i = 0; i < VALUES; i++) {
        uint64_t wanted = base + i;
        bool queued = remote_trigger(w->loop, w->system, "steady", &wanted);
        uint64_t any = 0;
        const struct remote_wait what = {
            .name = "steady", .check = is_wanted, .user = queued ? &wanted : &any, .timeout_ns = 0};
        void *value = NULL;
        switch (remote_wait(w->loop, w->system, &what, &value)) {
        case WAIT_MET: atomic_fetch_add(&w->met, 1); break;
        case WAIT_GONE: atomic_fetch_add(&w->gone, 1); break;
        case WAIT_NOT_MET: // another value had replaced it
        case WAIT_NEVER_SET:
        case WAIT_CANCELLED: atomic_fetch_add(&w->other, 1); break;
        }
        mem_free(value);
    }
    finish(w);
    return NULL;
}

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

static bool storm(unsigned close_after)
{
    enum { THREADS = SETTERS + WAITERS + CHANGERS };
    struct world w = {0};
    if (loop_new(&w.loop, NULL)) return false;
    w.system = callback_system_new(
        &(struct callback_opts){.loop = w.loop, .values = &NUMBERS, .mode = WAIT_EVERY_VALUE});
    callback_on_next(callback_system_register(w.system, "steady"), count, &w);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL,
                       i < SETTERS             ? set_many
                       : i < SETTERS + WAITERS ? wait_many
                                               : change_many,
                       &w);
    }
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
    unsigned waits = atomic_load(&w.met) + atomic_load(&w.gone) + atomic_load(&w.other);
    printf("%u told, %u met, %u gone, %u replaced, %u refused\n", w.told, w.met, w.gone, w.other,
           w.refused);
    bool closed_early = close_after != UINT32_MAX;
    bool all_told = w.told >= SETTERS * VALUES + WAITERS * VALUES;
    return waits == WAITERS * VALUES && (closed_early || (all_told && w.gone == 0));
}

/* The every-value mode: one who waits before the values come sees each that is set, also those that
 * are replaced in the same turn. */
static void *wait_for_two(void *user)
{
    struct world *w = user;
    uint64_t two = 2;
    const struct remote_wait what = {
        .name = "steady", .check = is_wanted, .user = &two, .timeout_ns = UINT64_MAX};
    void *value = NULL;
    if (remote_wait(w->loop, w->system, &what, &value) == WAIT_MET) atomic_fetch_add(&w->met, 1);
    mem_free(value);
    finish(w);
    return NULL;
}

static bool no_value_is_missed(void)
{
    struct world w = {0};
    if (loop_new(&w.loop, NULL)) return false;
    w.system = callback_system_new(
        &(struct callback_opts){.loop = w.loop, .values = &NUMBERS, .mode = WAIT_EVERY_VALUE});
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_two, &w);
    while (!callback_system_find(w.system, "steady"))
        loop_turn(w.loop);
    for (uint64_t i = 1; i <= 3; i++)
        callback_system_trigger(w.system, "steady", &i);
    while (!atomic_load(&w.threads_done))
        loop_turn(w.loop);
    pthread_join(thread, NULL);
    callback_system_free(w.system);
    loop_free(w.loop);
    return w.met == 1;
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (!storm(UINT32_MAX) || !storm(VALUES) || !no_value_is_missed()) {
            fprintf(stderr, "round %d went wrong\n", i);
            return 1;
        }
    }
    return 0;
}
