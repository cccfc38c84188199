#include "tests/support/sim_conduct.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"

enum { VIEW_MOST = SIM_SLOTS * (1 + ORDER_CLASSES) };

/* What one look at all files says, in their order. */
struct look {
    struct order_file order[VIEW_MOST];
    struct sched_file files[VIEW_MOST];
    struct order_running running[SIM_SLOTS];
    unsigned slots[SIM_SLOTS]; // of `running`
    struct order_view view;
};

/* ---- a part ends ---- */

/* Bytes up to where it is are in their place. What a twin brought already came twice. */
static void count(struct sim *s, struct sim_part *p)
{
    struct sim_file *f = &s->files[p->file];
    uint64_t to = (uint64_t)p->at;
    if (to > p->range.to) to = p->range.to;
    if (to <= p->range.from) return;
    uint64_t before = ranges_total(&f->done);
    ranges_add(&f->done, p->range.from, to);
    uint64_t fresh = ranges_total(&f->done) - before;
    s->fetched_bytes += fresh;
    s->extra_bytes += to - p->range.from - fresh;
    s->told_bytes += to - p->told;
    p->counted = to;
}

static void file_done(struct sim *s, struct sim_file *f)
{
    f->done_ns = s->now_ns;
    s->files_done++;
    for (size_t i = 0; i < s->active_count; i++) {
        if (&s->files[s->active[i]] != f) continue;
        s->active[i] = s->active[--s->active_count];
        break;
    }
}

static void give_back(struct sim *s, unsigned slot)
{
    struct sim_part *p = &s->parts[slot];
    struct sim_file *f = &s->files[p->file];
    count(s, p);
    bool alone = !p->twin;
    if (p->twin) s->parts[p->twin - 1].twin = 0;
    uint64_t reached = p->counted > p->range.from ? p->counted : p->range.from;
    if (alone) ranges_remove(&f->claimed, reached, p->range.to);
    if (alone) ranges_add(&f->claimed, p->range.from, reached);
    p->used = false;
    s->running--;
    s->stale = true;
    if (--f->running == 0) f->waits_since = s->now_ns;
    sim_net_end(&s->net, slot);
    if (!f->done_ns && ranges_total(&f->done) == f->size) file_done(s, f);
}

void sim_part_end(struct sim *s, unsigned slot)
{
    give_back(s, slot);
}

void sim_part_complete(struct sim *s, unsigned slot)
{
    struct sim_part *p = &s->parts[slot];
    p->at = (double)p->range.to;
    unsigned twin = p->twin;
    struct sim_file *f = &s->files[p->file];
    struct outcome o = {.cause = CAUSE_NONE, .status = 206, .body_bytes = 1};
    struct retry_policy policy = {.attempts = 10, .max_wait_s = 600};
    struct verdict v = retry_decide(&f->retry, &policy, &(struct retry_facts){0}, &o, &s->rng);
    assert(v.action == DO_COMPLETE);
    (void)v;
    give_back(s, slot);
    if (twin) give_back(s, twin - 1); // the first one wins
}

void sim_part_refused(struct sim *s, unsigned slot)
{
    struct sim_file *f = &s->files[s->parts[slot].file];
    struct outcome o = {.cause = CAUSE_RATE_LIMIT,
                        .status = 429,
                        .retry_after_s = s->plan->line.refuse.retry_after};
    struct retry_policy policy = {.attempts = 10, .max_wait_s = 600};
    struct verdict v = retry_decide(&f->retry, &policy, &(struct retry_facts){0}, &o, &s->rng);
    s->failed += v.action != DO_RETRY;
    starts_refused(&s->starts, v.wait_ns, s->now_ns);
    s->refusals++;
    give_back(s, slot);
}

void sim_go_elsewhere(struct sim *s)
{
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        if (!s->parts[i].used) continue;
        s->net.avoid_edge = s->net.conns[i].edge + 1;
        sim_part_end(s, i);
        s->net.conns[i].state = SIM_CLOSED;
    }
}

/* ---- a look at everything ---- */

static void look_at_file(const struct sim *s, size_t id, struct order_file *ret)
{
    const struct sim_file *f = &s->files[id];
    uint64_t done = ranges_total(&f->done);
    *ret = (struct order_file){.id = id,
                               .priority = f->priority,
                               .shard = (unsigned)id,
                               .running = f->running > 0,
                               .ready = f->wait_until <= s->now_ns,
                               .left_bytes = f->size - done,
                               .begun = f->active};
}

static size_t candidates(struct sim *s, struct look *l)
{
    size_t count = 0;
    for (size_t i = 0; i < s->active_count; i++)
        look_at_file(s, s->active[i], &l->order[count++]);
    for (unsigned rank = 0; rank < ORDER_CLASSES; rank++) {
        unsigned found = 0;
        for (size_t i = s->next[rank]; i < s->file_count && found < s->wanted; i++) {
            const struct sim_file *f = &s->files[i];
            bool begun = f->active || f->done_ns;
            if (f->priority != (enum priority)rank || begun) {
                s->next[rank] += i == s->next[rank];
                continue;
            }
            if (f->added_ns > s->now_ns) break;
            look_at_file(s, i, &l->order[count++]);
            found++;
        }
    }
    return count;
}

static void look_at_parts(const struct sim *s, size_t id, struct sched_file *ret)
{
    const struct sim_file *f = &s->files[id];
    *ret = (struct sched_file){.ready = f->wait_until <= s->now_ns, .running = f->running};
    ret->has_hole = ranges_hole(&f->claimed, 0, f->size, &ret->hole);
    if (!f->running) return;
    uint64_t largest = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        const struct sim_part *p = &s->parts[i];
        if (!p->used || p->file != id || p->twin) continue;
        uint64_t at = (uint64_t)p->at;
        if (at >= p->range.to || p->range.to - at <= largest) continue;
        largest = p->range.to - at;
        ret->largest = (struct range){at, p->range.to};
    }
}

/* The first SIM_WORKERS large files, the small ones, and those that run. */
static void look(struct sim *s, struct look *l)
{
    size_t count = candidates(s, l);
    order_sort(l->order, count, &s->ages, s->now_ns);
    size_t kept = 0;
    unsigned large = 0; // small ones cannot be split: as many at once as there are connections
    for (size_t i = 0; i < count; i++) {
        struct order_file f = l->order[i];
        large += s->files[f.id].size >= 2 * SCHED_STEAL_BYTES;
        if (large > SIM_WORKERS && !f.running) continue;
        look_at_parts(s, f.id, &l->files[kept]);
        l->order[kept++] = f;
    }
    size_t running = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        const struct sim_part *p = &s->parts[i];
        if (!p->used) continue;
        l->slots[running] = i;
        l->running[running++] = (struct order_running){.rank = p->rank,
                                                       .rate = (uint64_t)p->rate,
                                                       .left_bytes = p->range.to - (uint64_t)p->at};
    }
    l->view = (struct order_view){.order = l->order,
                                  .files = l->files,
                                  .count = kept,
                                  .running = l->running,
                                  .running_count = running,
                                  .connections = s->wanted};
}

/* ---- a part begins ---- */

/* A warm connection rather than a new one. */
static unsigned free_slot(const struct sim *s)
{
    unsigned best = SIM_SLOTS;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        if (s->parts[i].used) continue;
        if (s->net.conns[i].state == SIM_WARM) return i;
        if (best == SIM_SLOTS) best = i;
    }
    assert(best < SIM_SLOTS);
    return best;
}

static unsigned start(struct sim *s, size_t file, enum priority rank, struct range r)
{
    struct sim_file *f = &s->files[file];
    unsigned slot = free_slot(s);
    if (!f->active) s->active[s->active_count++] = file;
    f->active = true;
    uint64_t waited = s->now_ns - f->waits_since;
    if (!f->running && waited > f->longest_wait) f->longest_wait = waited;
    s->parts[slot] = (struct sim_part){.used = true,
                                       .file = file,
                                       .rank = rank,
                                       .range = r,
                                       .at = (double)r.from,
                                       .told = r.from,
                                       .counted = r.from,
                                       .started_ns = s->now_ns,
                                       .last_byte_ns = s->now_ns};
    f->running++;
    s->running++;
    s->requests++;
    ranges_add(&f->claimed, r.from, r.to);
    starts_started(&s->starts, s->now_ns);
    sim_net_request(&s->net, slot, (double)(r.to - r.from));
    return slot;
}

static void steal(struct sim *s, size_t file, uint64_t at)
{
    struct sim_part *best = NULL;
    unsigned slot = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        struct sim_part *p = &s->parts[i];
        if (!p->used || p->file != file || p->twin || (double)at <= p->at || at >= p->range.to)
            continue;
        best = p;
        slot = i;
    }
    assert(best);
    sim_net_cut(&s->net, slot, (double)(best->range.to - at));
    ranges_remove(&s->files[file].claimed, at, best->range.to);
    best->range.to = at;
}

static bool carry_out(struct sim *s, struct look *l)
{
    struct order_choice c = order_next(&l->view);
    switch (c.what) {
    case ORDER_NOTHING: return false;
    case ORDER_FETCH:
        if (starts_wait_ns(&s->starts, s->now_ns)) {
            s->limited = true;
            s->waits = true;
            return false;
        }
        start(s, l->order[c.index].id, l->order[c.index].rank, c.range);
        return true;
    case ORDER_STEAL: steal(s, l->order[c.index].id, c.range.from); return true;
    case ORDER_END:
        s->preempted++;
        sim_part_end(s, l->slots[c.index]);
        return true;
    }
    return false;
}

void sim_schedule(struct sim *s)
{
    struct look l;
    bool stopped = starts_told_ns(&s->starts, s->now_ns) > 0;
    s->waits = false;
    while (s->stale && !stopped) {
        look(s, &l);
        s->stale = carry_out(s, &l);
        s->idle = s->running < s->wanted;
    }
    s->stale |= s->waits; // and look again in the next step
    if (s->plan->limit.rate) {
        enum priority highest = PRIORITY_LOW;
        for (unsigned i = 0; i < SIM_SLOTS; i++) {
            const struct sim_part *p = &s->parts[i];
            if (p->used && p->rank < highest) highest = p->rank;
        }
        for (unsigned i = 0; i < SIM_SLOTS; i++)
            s->net.conns[i].held = s->parts[i].rank > highest;
    }
}

/* ---- the tail ---- */

static struct tail_view look_at_tail(const struct sim *s, struct tail_connection *conns,
                                     unsigned *ret_slots)
{
    size_t count = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        const struct sim_part *p = &s->parts[i];
        if (!p->used) continue;
        ret_slots[count] = i;
        conns[count++] = (struct tail_connection){.started_ns = p->started_ns,
                                                  .last_byte_ns = p->last_byte_ns,
                                                  .rate = (uint64_t)p->rate,
                                                  .left_bytes = p->range.to - (uint64_t)p->at,
                                                  .ending = p->twin > 0 || s->net.conns[i].held ||
                                                            p->rank != s->files[p->file].priority,
                                                  .slow_since_ns = p->slow_since_ns};
    }
    return (struct tail_view){.connections = conns,
                              .count = count,
                              .now_ns = s->now_ns,
                              .first_byte_ns = (uint64_t)(s->first_byte * 1e9),
                              .idle = s->idle,
                              .limited = s->limited,
                              .total_bytes = s->total_bytes,
                              .left_bytes = s->total_bytes - (uint64_t)s->written,
                              .extra_bytes = s->extra_bytes};
}

static void hedge(struct sim *s, unsigned slot)
{
    struct sim_part *p = &s->parts[slot];
    struct range rest = {(uint64_t)p->at, p->range.to};
    if (s->running >= SIM_SLOTS || rest.to <= rest.from) return;
    unsigned twin = start(s, p->file, p->rank, rest);
    s->parts[twin].twin = slot + 1;
    p->twin = twin + 1;
    s->hedges++;
}

void sim_mind_the_tail(struct sim *s)
{
    struct tail_connection conns[SIM_SLOTS];
    unsigned slots[SIM_SLOTS];
    struct tail_view v = look_at_tail(s, conns, slots);
    size_t evicted = tail_evict(&v);
    for (size_t i = 0; i < v.count; i++)
        s->parts[slots[i]].slow_since_ns = conns[i].slow_since_ns;
    if (evicted < v.count) {
        s->net.avoid_edge = s->net.conns[slots[evicted]].edge + 1;
        s->evictions++;
        sim_part_end(s, slots[evicted]);
        s->net.conns[slots[evicted]].crawl = 0;
        return;
    }
    size_t doubled = tail_hedge(&v);
    if (doubled < v.count) hedge(s, slots[doubled]);
}

void sim_crawl(struct sim *s)
{
    if (s->crawled || s->plan->crawl.rate <= 0 || s->net.now < s->plan->crawl.from) return;
    unsigned best = SIM_SLOTS;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        const struct sim_part *p = &s->parts[i];
        if (!p->used || s->net.conns[i].state != SIM_BODY) continue;
        if (best == SIM_SLOTS || p->at < s->parts[best].at) best = i;
    }
    if (best == SIM_SLOTS) return;
    s->crawled = true;
    s->net.conns[best].crawl = s->plan->crawl.rate;
}
