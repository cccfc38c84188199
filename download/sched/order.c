#include "download/sched/order.h"

#include <stdlib.h>

/* Negative: the first number goes first. */
static int smaller_first(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static bool risen(const struct order_file *f)
{
    return f->rank != f->priority;
}

static int by_order(const void *one, const void *other)
{
    const struct order_file *a = one;
    const struct order_file *b = other;
    int by = smaller_first(a->rank, b->rank);
    if (!by) by = smaller_first(!risen(a), !risen(b));
    if (!by) by = smaller_first(a->shard > 0, b->shard > 0);
    if (!by) by = smaller_first(!a->begun, !b->begun);
    if (!by && a->begun) by = smaller_first(a->left_bytes, b->left_bytes);
    if (!by) by = smaller_first(a->shard, b->shard);
    return by ? by : smaller_first(a->id, b->id);
}

static void age(const struct order_file *files, size_t count, struct order_ages *ages,
                uint64_t now_ns)
{
    bool ready[ORDER_CLASSES] = {false};
    bool running[ORDER_CLASSES] = {false};
    for (size_t i = 0; i < count; i++) {
        ready[files[i].priority] |= files[i].ready;
        running[files[i].priority] |= files[i].running;
    }
    for (unsigned c = 0; c < ORDER_CLASSES; c++) {
        bool waits = ready[c] && !running[c];
        if (!waits || !ages->since_ns[c]) ages->since_ns[c] = waits ? now_ns : 0;
    }
}

void order_sort(struct order_file *files, size_t count, struct order_ages *ages, uint64_t now_ns)
{
    age(files, count, ages, now_ns);
    for (size_t i = 0; i < count; i++)
        files[i].rank = files[i].priority;
    if (count) qsort(files, count, sizeof(*files), by_order);
    for (unsigned c = PRIORITY_NORMAL; c < ORDER_CLASSES; c++) {
        if (!ages->since_ns[c] || now_ns - ages->since_ns[c] < ORDER_AGE_NS) continue;
        size_t i = 0;
        while (i < count && (files[i].priority != c || !files[i].ready))
            i++;
        if (i < count) files[i].rank = PRIORITY_HIGH;
    }
    if (count) qsort(files, count, sizeof(*files), by_order);
}

size_t order_least(const struct order_running *running, size_t count, enum priority above)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        const struct order_running *r = &running[i];
        if (r->ending || r->rank < above) continue;
        bool less = best == count || r->rank > running[best].rank ||
                    (r->rank == running[best].rank && r->rate < running[best].rate);
        if (less) best = i;
    }
    return best;
}

/* The first class that could use another connection, and for what. */
static struct sched_choice choose(const struct order_view *v, unsigned connections)
{
    size_t waiting = 0;
    size_t count = 0;
    for (enum priority rank = PRIORITY_CRITICAL; rank <= PRIORITY_LOW; rank++) {
        size_t before = count;
        waiting += v->waiting[rank];
        while (count < v->count && v->order[count].rank <= rank)
            count++;
        if (count == before) continue;
        struct sched_view part = {.files = v->files,
                                  .count = count,
                                  .connections = connections,
                                  .running = (unsigned)v->running_count,
                                  .waiting_files = waiting};
        struct sched_choice c = sched_next(&part);
        if (c.what != SCHED_NOTHING) return c;
    }
    return (struct sched_choice){.what = SCHED_NOTHING};
}

static struct order_choice end(size_t index)
{
    return (struct order_choice){.what = ORDER_END, .index = index};
}

/* All connections are in use: one of a lower class is given up for bytes that nobody fetches; for
 * a file that has risen, any but a critical one. */
static struct order_choice take_one(const struct order_view *v)
{
    struct sched_choice c = choose(v, (unsigned)v->running_count + 1);
    size_t least = v->running_count;
    if (c.what == SCHED_FETCH) {
        bool any = risen(&v->order[c.file]);
        enum priority above = any ? PRIORITY_HIGH : v->order[c.file].rank + 1;
        least = order_least(v->running, v->running_count, above);
    }
    return least == v->running_count ? (struct order_choice){.what = ORDER_NOTHING} : end(least);
}

struct order_choice order_next(const struct order_view *v)
{
    size_t ending = 0;
    for (size_t i = 0; i < v->running_count; i++)
        ending += v->running[i].ending;
    size_t staying = v->running_count - ending;
    if (staying > v->connections) {
        return end(order_least(v->running, v->running_count, PRIORITY_CRITICAL));
    }
    bool full = v->running_count >= v->connections;
    if (full) return ending ? (struct order_choice){.what = ORDER_NOTHING} : take_one(v);
    struct sched_choice c = choose(v, v->connections);
    switch (c.what) {
    case SCHED_NOTHING: break;
    case SCHED_FETCH: return (struct order_choice){ORDER_FETCH, c.file, c.range};
    case SCHED_STEAL: return (struct order_choice){ORDER_STEAL, c.file, c.range};
    }
    return (struct order_choice){.what = ORDER_NOTHING};
}
