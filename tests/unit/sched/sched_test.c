#include <criterion/criterion.h>
#include <string.h>

#include "download/base/rng.h"
#include "download/base/scoped.h"
#include "download/sched/sched.h"

#define MIB (UINT64_C(1) << 20)

static struct sched_file fresh(uint64_t size)
{
    return (struct sched_file){.ready = true, .has_hole = size > 0, .hole = {0, size}};
}

static struct sched_file running(uint64_t at, uint64_t to)
{
    return (struct sched_file){.ready = true, .running = 1, .largest = {at, to}};
}

static struct sched_choice ask(struct sched_file *files, size_t count, unsigned connections)
{
    struct sched_view v = {.files = files, .count = count, .connections = connections};
    for (size_t i = 0; i < count; i++)
        v.running += files[i].running;
    return sched_next(&v);
}

Test(sched, a_full_house_chooses_nothing)
{
    struct sched_file files[] = {running(0, 100 * MIB), fresh(MIB)};
    cr_expect_eq(ask(files, 2, 1).what, SCHED_NOTHING);
}

Test(sched, files_come_before_parts)
{
    struct sched_file files[] = {fresh(1024 * MIB), fresh(1024 * MIB)};
    files[0].running = 1;
    struct sched_choice c = ask(files, 2, 8);
    cr_expect_eq(c.what, SCHED_FETCH);
    cr_expect_eq(c.file, 1);
}

Test(sched, scarce_connections_take_whole_files)
{
    struct sched_file files[] = {fresh(1024 * MIB), fresh(1024 * MIB)};
    struct sched_choice c = ask(files, 2, 2);
    cr_expect_eq(c.file, 0);
    cr_expect(c.range.from == 0 && c.range.to == 1024 * MIB);
}

Test(sched, files_that_wait_make_connections_scarce)
{
    struct sched_file files[] = {fresh(1024 * MIB)};
    struct sched_view v = {.files = files, .count = 1, .connections = 4, .waiting_files = 3};
    cr_expect_eq(sched_next(&v).range.to, 1024 * MIB);
    v.waiting_files = 2;
    cr_expect_eq(sched_next(&v).range.to, SCHED_PART_BYTES);
}

Test(sched, parts_end_on_aligned_bytes)
{
    struct sched_file f = fresh(1024 * MIB);
    f.hole.from = 5 * MIB + 1;
    f.running = 1;
    struct sched_choice c = ask(&f, 1, 8);
    cr_expect_eq(c.range.from, 5 * MIB + 1);
    cr_expect_eq(c.range.to % SCHED_ALIGN_BYTES, 0);
    cr_expect_leq(c.range.to - c.range.from, SCHED_PART_BYTES);
}

Test(sched, a_file_without_ranges_is_never_split)
{
    struct sched_file f = fresh(1024 * MIB);
    f.whole = true;
    cr_expect_eq(ask(&f, 1, 8).range.to, 1024 * MIB);
    f.running = 1;
    cr_expect_eq(ask(&f, 1, 8).what, SCHED_NOTHING);
    f.has_hole = false;
    f.largest = (struct range){0, 1024 * MIB};
    cr_expect_eq(ask(&f, 1, 8).what, SCHED_NOTHING);
}

Test(sched, what_is_not_ready_is_left_alone)
{
    struct sched_file files[] = {fresh(MIB), running(0, 100 * MIB)};
    files[0].ready = false;
    files[1].ready = false;
    cr_expect_eq(ask(files, 2, 8).what, SCHED_NOTHING);
}

Test(sched, the_tail_begins_with_what_takes_longest)
{
    struct sched_file files[] = {running(0, 100 * MIB), running(0, 20 * MIB)};
    files[0].largest_ns = 5;
    files[1].largest_ns = 6;
    cr_expect_eq(ask(files, 2, 3).file, 1);
    files[0].largest_ns = 6;
    cr_expect_eq(ask(files, 2, 3).file, 0, "the larger one");
}

Test(sched, little_of_a_slow_connection_is_worth_a_request)
{
    const uint64_t second = 1000000000;
    struct sched_file f = running(0, 2 * MIB);
    cr_expect_eq(ask(&f, 1, 2).what, SCHED_NOTHING);
    f.steal_bytes = sched_steal_bytes(2 * MIB, second / 20);
    cr_expect_eq(ask(&f, 1, 2).what, SCHED_STEAL);
    f.steal_bytes = sched_steal_bytes(2 * MIB, second);
    cr_expect_eq(ask(&f, 1, 2).what, SCHED_NOTHING, "it would be there before an answer came");
    cr_expect_eq(sched_steal_bytes(0, second), SCHED_STEAL_BYTES);
    cr_expect_eq(sched_steal_bytes(UINT64_MAX, UINT64_MAX / 8), SCHED_STEAL_BYTES);
    cr_expect_gt(sched_steal_bytes(1, 0), 1);
}

Test(sched, the_tail_takes_half_of_the_largest_remainder)
{
    struct sched_file files[] = {running(90 * MIB, 100 * MIB), running(20 * MIB, 100 * MIB)};
    struct sched_choice c = ask(files, 2, 8);
    cr_expect_eq(c.what, SCHED_STEAL);
    cr_expect_eq(c.file, 1);
    cr_expect(c.range.from == 60 * MIB && c.range.to == 100 * MIB);
}

static const struct {
    const char *name;
    struct sched_file file;
} NOT_STOLEN[] = {
    {"too little is left",
     {.ready = true, .running = 1, .largest = {0, 2 * SCHED_STEAL_BYTES - 1}}},
    {"a cut is under way",
     {.ready = true, .running = 1, .largest = {0, 100 * MIB}, .largest_cut = true}},
    {"its end is not known", {.ready = true, .running = 1, .largest = {0, UINT64_MAX}}},
};

Test(sched, some_remainders_are_not_stolen_from)
{
    for (size_t i = 0; i < ARRAY_LEN(NOT_STOLEN); i++) {
        struct sched_file f = NOT_STOLEN[i].file;
        cr_expect_eq(ask(&f, 1, 8).what, SCHED_NOTHING, "%s", NOT_STOLEN[i].name);
    }
}

Test(sched, nothing_is_stolen_while_files_wait)
{
    struct sched_file f = running(0, 100 * MIB);
    struct sched_view v = {
        .files = &f, .count = 1, .connections = 8, .running = 1, .waiting_files = 1};
    cr_expect_eq(sched_next(&v).what, SCHED_NOTHING);
}

Test(sched, an_unknown_size_is_asked_for_to_its_end)
{
    struct sched_file f = fresh(UINT64_MAX);
    struct sched_choice c = ask(&f, 1, 8);
    cr_expect_eq(c.what, SCHED_FETCH);
    cr_expect(c.range.from == 0 && c.range.to == UINT64_MAX);
}

/* ---- a small world: files of some sizes, connections that move at their own rates ---- */

enum { WORLD_FILES = 6, WORLD_CONNECTIONS = 8 };

struct world_part {
    bool used;
    size_t file;
    struct range range;
    uint64_t at, rate;
};

struct world {
    uint64_t size[WORLD_FILES];
    bool whole[WORLD_FILES]; // its origin knows no ranges
    size_t active;           // files [0, active) have begun, the others wait
    struct ranges claimed[WORLD_FILES], done[WORLD_FILES];
    struct world_part parts[WORLD_CONNECTIONS];
    struct rng rng;
};

static struct world_part *largest(struct world *w, size_t file)
{
    struct world_part *best = NULL;
    for (size_t i = 0; i < WORLD_CONNECTIONS; i++) {
        struct world_part *p = &w->parts[i];
        if (!p->used || p->file != file) continue;
        if (!best || p->range.to - p->at > best->range.to - best->at) best = p;
    }
    return best;
}

static void look(struct world *w, struct sched_file files[WORLD_FILES], unsigned *running_all)
{
    *running_all = 0;
    for (size_t f = 0; f < w->active; f++) {
        files[f] = (struct sched_file){.ready = true, .whole = w->whole[f]};
        for (size_t i = 0; i < WORLD_CONNECTIONS; i++)
            files[f].running += w->parts[i].used && w->parts[i].file == f;
        *running_all += files[f].running;
        files[f].has_hole = ranges_hole(&w->claimed[f], 0, w->size[f], &files[f].hole);
        const struct world_part *p = largest(w, f);
        if (p) files[f].largest = (struct range){p->at, p->range.to};
    }
}

static void begin(struct world *w, size_t file, struct range range)
{
    for (size_t i = 0; i < WORLD_CONNECTIONS; i++) {
        if (w->parts[i].used) continue;
        cr_assert(!w->whole[file] || (range.from == 0 && range.to == w->size[file]), "split");
        uint64_t rate = MIB / 4 + rng_below(&w->rng, 4 * MIB);
        w->parts[i] = (struct world_part){true, file, range, range.from, rate};
        ranges_add(&w->claimed[file], range.from, range.to);
        return;
    }
    cr_assert_fail("more connections than allowed");
}

/* Nothing was chosen: no connection is idle that could have helped. */
static void expect_busy(const struct sched_view *v)
{
    cr_assert_leq(v->running, WORLD_CONNECTIONS);
    if (v->running == WORLD_CONNECTIONS) return;
    for (size_t f = 0; f < v->count; f++) {
        const struct sched_file *it = &v->files[f];
        cr_assert(!it->has_hole || (it->whole && it->running), "a hole and a free connection");
        bool splits = it->running && !it->whole && v->waiting_files == 0;
        uint64_t left = it->largest.to - it->largest.from;
        cr_assert(!splits || left < 2 * SCHED_STEAL_BYTES, "a remainder and a free connection");
    }
}

static void choose(struct world *w)
{
    for (;;) {
        struct sched_file files[WORLD_FILES];
        struct sched_view v = {.files = files,
                               .count = w->active,
                               .connections = WORLD_CONNECTIONS,
                               .waiting_files = WORLD_FILES - w->active};
        look(w, files, &v.running);
        struct sched_choice c = sched_next(&v);
        if (c.what == SCHED_NOTHING) {
            expect_busy(&v);
            return;
        }
        if (c.what == SCHED_FETCH) {
            begin(w, c.file, c.range);
            continue;
        }
        struct world_part *p = largest(w, c.file);
        cr_assert(p && c.range.from >= p->at && c.range.to == p->range.to);
        p->range.to = c.range.from;
        ranges_remove(&w->claimed[c.file], c.range.from, c.range.to);
    }
}

static bool move(struct world *w)
{
    bool any = false;
    for (size_t i = 0; i < WORLD_CONNECTIONS; i++) {
        struct world_part *p = &w->parts[i];
        if (!p->used) continue;
        any = true;
        uint64_t to = p->at + p->rate < p->range.to ? p->at + p->rate : p->range.to;
        uint64_t before = ranges_total(&w->done[p->file]);
        ranges_add(&w->done[p->file], p->at, to);
        cr_assert_eq(ranges_total(&w->done[p->file]) - before, to - p->at, "a byte came twice");
        p->at = to;
        p->used = to < p->range.to;
    }
    return any;
}

Test(sched, every_byte_is_fetched_exactly_once_whatever_the_rates)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct world w = {.rng = {.state = seed}};
        for (size_t f = 0; f < WORLD_FILES; f++)
            w.size[f] = rng_below(&w.rng, 300 * MIB);
        for (size_t f = 0; f < WORLD_FILES; f++)
            w.whole[f] = rng_below(&w.rng, 4) == 0;
        w.active = 1 + rng_below(&w.rng, WORLD_FILES);
        do {
            choose(&w);
            if (w.active < WORLD_FILES && rng_below(&w.rng, 3) == 0) w.active++;
        } while (move(&w) || w.active < WORLD_FILES);
        for (size_t f = 0; f < WORLD_FILES; f++) {
            cr_expect_eq(ranges_total(&w.done[f]), w.size[f], "seed %d", (int)seed);
            ranges_done(&w.done[f]);
            ranges_done(&w.claimed[f]);
        }
    }
}
