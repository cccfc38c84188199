#include "download/sched/sched.h"

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

static bool can_steal(const struct sched_file *f)
{
    return f->ready && f->running > 0 && !f->whole && !f->largest_cut &&
           f->largest.to != UINT64_MAX && span(f->largest) >= 2 * SCHED_STEAL_BYTES;
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
        bool larger = best == v->count || span(v->files[i].largest) > span(v->files[best].largest);
        if (larger) best = i;
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
