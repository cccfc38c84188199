#include "download/sched/sched.h"

#include "download/base/clock.h"

enum { FIRST_BYTES = 4 };
#define STEAL_LEAST_NS    (SECOND_NS / 5)
#define STEAL_LEAST_BYTES (UINT64_C(512) << 10) // a crawl of less is doubled instead (tail.h)

static uint64_t span(struct range r)
{
    return r.to - r.from;
}

/* Connections are scarce: every file that could run has or gets at most one. */
static bool scarce(const struct sched_view *v)
{
    size_t wanting = v->waiting_files;
    for (size_t i = 0; i < v->count; i++)
        wanting += v->files[i].running > 0 || (v->files[i].ready && v->files[i].has_hole);
    return wanting >= v->connections;
}

/* A piece of at most SCHED_PART_BYTES that ends on an aligned byte. */
static struct range piece(struct range hole)
{
    if (hole.to == UINT64_MAX || span(hole) <= SCHED_PART_BYTES) return hole;
    uint64_t to = (hole.from + SCHED_PART_BYTES) / SCHED_ALIGN_BYTES * SCHED_ALIGN_BYTES;
    return (struct range){hole.from, to};
}

static bool can_start(const struct sched_file *f)
{
    return f->ready && f->has_hole && f->running == 0;
}

static bool can_join(const struct sched_file *f)
{
    return f->ready && f->has_hole && f->running > 0 && !f->whole;
}

uint64_t sched_steal_bytes(uint64_t rate, uint64_t first_byte_ns)
{
    if (!rate) return SCHED_STEAL_BYTES;
    uint64_t ns = FIRST_BYTES * first_byte_ns;
    if (ns < STEAL_LEAST_NS) ns = STEAL_LEAST_NS;
    double bytes = (double)rate * (double)ns / (double)SECOND_NS;
    if (bytes > (double)SCHED_STEAL_BYTES) return SCHED_STEAL_BYTES;
    return bytes < (double)STEAL_LEAST_BYTES ? STEAL_LEAST_BYTES : (uint64_t)bytes;
}

static bool can_steal(const struct sched_file *f)
{
    uint64_t least = f->steal_bytes ? f->steal_bytes : SCHED_STEAL_BYTES;
    return f->ready && f->running > 0 && !f->whole && !f->largest_cut &&
           f->largest.to != UINT64_MAX && span(f->largest) >= 2 * least;
}

static bool takes_longer(const struct sched_file *a, const struct sched_file *b)
{
    if (a->largest_ns != b->largest_ns) return a->largest_ns > b->largest_ns;
    return span(a->largest) > span(b->largest);
}

static struct sched_choice fetch(const struct sched_view *v, size_t file, bool whole)
{
    struct range hole = v->files[file].hole;
    return (struct sched_choice){SCHED_FETCH, file, whole ? hole : piece(hole)};
}

static struct sched_choice steal(const struct sched_view *v)
{
    size_t best = v->count;
    for (size_t i = 0; i < v->count; i++) {
        if (!can_steal(&v->files[i])) continue;
        if (best == v->count || takes_longer(&v->files[i], &v->files[best])) best = i;
    }
    if (best == v->count) return (struct sched_choice){.what = SCHED_NOTHING};
    struct range r = v->files[best].largest;
    uint64_t middle = r.from + span(r) / 2;
    return (struct sched_choice){SCHED_STEAL, best, {middle, r.to}};
}

struct sched_choice sched_next(const struct sched_view *v)
{
    if (v->running >= v->connections) return (struct sched_choice){.what = SCHED_NOTHING};
    bool whole = scarce(v);
    for (size_t i = 0; i < v->count; i++) {
        if (can_start(&v->files[i])) return fetch(v, i, whole || v->files[i].whole);
    }
    for (size_t i = 0; i < v->count; i++) {
        if (can_join(&v->files[i])) return fetch(v, i, false);
    }
    return v->waiting_files ? (struct sched_choice){.what = SCHED_NOTHING} : steal(v);
}
