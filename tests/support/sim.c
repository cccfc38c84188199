#include "tests/support/sim.h"

#include <assert.h>
#include <math.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/sim_conduct.h"

static const double STEP = 0.01;   // seconds
static const double RATE_OVER = 1; // seconds that a connection's rate looks back

enum { SLAB = 256 * 1024 }; // what is written at once, so what is known of a connection

/* ---- begin and end ---- */

static void add_files(struct sim *s)
{
    const struct sim_plan *p = s->plan;
    for (unsigned g = 0; g < SIM_GROUPS; g++)
        s->file_count += p->files[g].count;
    s->files = mem_array(s->file_count, sizeof(*s->files));
    s->active = mem_array(s->file_count, sizeof(*s->active));
    size_t i = 0;
    for (unsigned g = 0; g < SIM_GROUPS; g++) {
        for (unsigned k = 0; k < p->files[g].count; k++) {
            double at = p->files[g].at + k * p->files[g].every;
            uint64_t ns = (uint64_t)(at * 1e9);
            s->files[i++] = (struct sim_file){.size = p->files[g].bytes,
                                              .priority = p->files[g].priority,
                                              .added_ns = ns,
                                              .waits_since = ns};
            s->total_bytes += p->files[g].bytes;
        }
    }
}

void sim_init(struct sim *s, const struct sim_plan *plan, unsigned pinned, uint64_t seed)
{
    *s = (struct sim){.plan = plan, .rng = {seed ^ 0x5eed}, .stale = true};
    sim_net_init(&s->net, &plan->line, STEP, seed);
    atomic_init(&s->throttle.rate, plan->limit.rate);
    ramp_init(&s->ramp, pinned, RAMP_MOST, NULL, 0);
    s->wanted = s->ramp.advice.connections;
    s->first_byte = sim_net_first_byte(&plan->line);
    add_files(s);
}

void sim_done(struct sim *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        ranges_done(&s->files[i].done);
        ranges_done(&s->files[i].claimed);
    }
    mem_free(s->files);
    mem_free(s->active);
}

/* ---- bytes ---- */

static void part_received(struct sim *s, unsigned slot)
{
    struct sim_part *p = &s->parts[slot];
    struct sim_conn *c = &s->net.conns[slot];
    p->rate += (c->got / STEP - p->rate) * STEP / RATE_OVER;
    if (c->got <= 0) return;
    p->at += c->got;
    p->last_byte_ns = s->now_ns;
    uint64_t told = (uint64_t)(p->at - (double)p->range.from) / SLAB * SLAB + p->range.from;
    s->told_bytes += told > p->told ? told - p->told : 0;
    p->told = told > p->told ? told : p->told;
}

static void net_step(struct sim *s)
{
    double most = HUGE_VAL;
    const struct sim_plan *p = s->plan;
    uint64_t rate = atomic_load(&s->throttle.rate);
    if (rate) {
        double debt = (double)throttle_wait_ns(&s->throttle, s->now_ns) / 1e9;
        most = debt < STEP ? (double)rate * (STEP - debt) : 0;
    }
    if (p->disk.rate > 0) most = fmin(most, fmax(p->disk.queue - s->queued, 0));
    s->limited |= sim_net_step(&s->net, most);
    double got = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        if (!s->parts[i].used) continue;
        got += s->net.conns[i].got;
        part_received(s, i);
    }
    throttle_received(&s->throttle, (uint64_t)got, s->now_ns);
    s->queued += got;
    double written = p->disk.rate > 0 ? fmin(s->queued, p->disk.rate * STEP) : s->queued;
    s->queued -= written;
    s->written += written;
}

static void end_what_ended(struct sim *s)
{
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        struct sim_part *p = &s->parts[i];
        struct sim_conn *c = &s->net.conns[i];
        if (!p->used) continue;
        if (c->state == SIM_BODY && !p->answered) {
            p->answered = true;
            s->first_byte += (c->until - c->start - s->first_byte) / 8;
        }
        if (c->state == SIM_REFUSED) sim_part_refused(s, i);
        if (c->state == SIM_BODY && c->left <= 0) sim_part_complete(s, i);
    }
}

/* ---- time ---- */

static void tick(struct sim *s)
{
    double written = s->written < (double)s->told_bytes ? s->written : (double)s->told_bytes;
    if (!ramp_due(&s->ramp, (uint64_t)written, s->now_ns)) return;
    struct ramp_facts f = {.bytes = (uint64_t)written,
                           .running = s->running,
                           .refusals = s->refusals,
                           .limited = s->limited || starts_told_ns(&s->starts, s->now_ns),
                           .addresses = s->plan->line.edges.count,
                           .ttfb_ns = (uint64_t)(s->first_byte * 1e9)};
    struct ramp_advice a = ramp_tick(&s->ramp, &f, s->now_ns);
    s->wanted = a.connections;
    if (a.elsewhere) sim_go_elsewhere(s);
    sim_mind_the_tail(s);
    s->stale = true;
    s->limited = false;
    s->refusals = 0;
}

static void note(struct sim *s, double *written_before)
{
    if (s->ticks == SIM_TICKS) return;
    double passed = (double)RAMP_TICK_NS / 1e9;
    s->goodput[s->ticks] = (s->written - *written_before) / passed;
    s->connections[s->ticks++] = s->wanted;
    *written_before = s->written;
}

static void change_limit(struct sim *s)
{
    const struct sim_plan *p = s->plan;
    if (p->limit.until > 0 && s->net.now >= p->limit.until) {
        atomic_store(&s->throttle.rate, p->limit.next);
    }
}

static unsigned steps_of(uint64_t ns)
{
    return (unsigned)((double)ns / 1e9 / STEP + 0.5);
}

bool sim_run(struct sim *s, double seconds)
{
    unsigned per_note = steps_of(RAMP_TICK_NS);
    unsigned to_tick = steps_of(ramp_tick_ns(&s->ramp));
    double before = s->written;
    for (unsigned step = 1; s->net.now < seconds && s->files_done < s->file_count; step++) {
        net_step(s);
        s->now_ns = (uint64_t)(s->net.now * 1e9 + 0.5);
        change_limit(s);
        sim_crawl(s);
        end_what_ended(s);
        if (--to_tick == 0) {
            tick(s);
            to_tick = steps_of(ramp_tick_ns(&s->ramp));
        }
        if (step % per_note == 0) note(s, &before);
        sim_schedule(s);
    }
    return s->files_done == s->file_count;
}

/* ---- what came of it ---- */

double sim_seconds(const struct sim *s)
{
    return s->net.now;
}

static unsigned tick_at(const struct sim *s, double at)
{
    double t = at * 1e9 / (double)RAMP_TICK_NS;
    return t < s->ticks ? (unsigned)t : s->ticks;
}

double sim_goodput(const struct sim *s, double from, double to)
{
    unsigned a = tick_at(s, from);
    unsigned b = tick_at(s, to);
    double sum = 0;
    for (unsigned i = a; i < b; i++)
        sum += s->goodput[i];
    return b > a ? sum / (b - a) : 0;
}

double sim_longest_below(const struct sim *s, double rate, double from, double to)
{
    unsigned longest = 0;
    unsigned length = 0;
    for (unsigned i = tick_at(s, from); i < tick_at(s, to); i++) {
        length = s->goodput[i] < rate ? length + 1 : 0;
        if (length > longest) longest = length;
    }
    return longest * (double)RAMP_TICK_NS / 1e9;
}
