/* Four times a second, more often while it climbs: what each origin brought, how many connections
 * it gets from now on, and which of them are not worth waiting for. */
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_twins.h"

static void tell_change(const struct fetch *f, const struct origin *o, unsigned before)
{
    const struct ramp_advice *a = &o->ramp.advice;
    emit(f->emitter, (struct event){.type = EV_THROTTLE,
                                    .u.throttle = {.origin = o->name,
                                                   .connections_from = before,
                                                   .connections_to = a->connections,
                                                   .cause = ramp_cause_word(a->cause),
                                                   .bytes_per_s = o->rate_bytes_per_s}});
}

/* Something of ours keeps it from bringing more. A limit for the link's sake swings around what the
 * link carries: also when nothing rests at this moment. */
static bool held_back(const struct fetch *f, const struct origin *o)
{
    return o->limited || o->resting || limits_leave_link(&f->limits);
}

static struct ramp_facts facts(const struct fetch *f, const struct origin *o, uint64_t now_ns)
{
    return (struct ramp_facts){.bytes = o->came,
                               .running = o->running,
                               .refusals = o->refusals,
                               .resets = o->resets,
                               .limited = held_back(f, o),
                               .ttfb_ns = o->first_byte_ns,
                               .addresses = contacts_open(&o->contacts, now_ns)};
}

static void tick(struct fetch *f, struct origin *o, uint64_t now_ns)
{
    double bytes = (double)(o->came - o->tick_bytes);
    uint64_t passed_ns = now_ns - o->ramp.last_ns;
    o->rate_bytes_per_s = (uint64_t)(bytes * (double)SECOND_NS / (double)passed_ns);
    o->tick_bytes = o->came;
    bool judged = !held_back(f, o); // fewer connections change nothing of what one brings
    unsigned before = origin_wanted(o);
    enum ramp_cause cause = o->ramp.advice.cause;
    if (burden_connections(&f->burden, before) < before) o->limited = true;
    struct ramp_facts seen = facts(f, o, now_ns);
    struct ramp_advice a = ramp_tick(&o->ramp, &seen, now_ns);
    if (judged) elsewhere_look(f, o, a.elsewhere);
    if (a.connections != before) tell_change(f, o, before);
    if (a.changed) o->slow.tried = slow_learn(o->slow.tried, cause, a.cause);
    o->limited = false;
    o->refusals = 0;
    o->resets = 0;
}

/* ---- connections that are not worth waiting for ---- */

struct siblings {
    struct tail_connection *connections;
    struct part_task **parts;
    size_t count;
};

static void add_siblings(struct siblings *s, const struct fetch *f, const struct origin *o)
{
    list_each (node, &f->tasks) {
        list_each (part, &container_of(node, struct file_task, node)->parts) {
            struct part_task *p = container_of(part, struct part_task, node);
            if (p->origin != o) continue;
            bool risen = p->rank != p->file->file->priority; // it waited long enough for its turn
            bool fixed = p->ending || p->file->whole || risen || twin_of(p->file, p);
            s->parts[s->count] = p;
            s->connections[s->count++] =
                (struct tail_connection){.started_ns = p->started_ns,
                                         .last_byte_ns = p->last_byte_ns,
                                         .rate = p->rate_bytes_per_s,
                                         .left_bytes = p->range.to - p->counted,
                                         .ending = fixed,
                                         .slow_since_ns = p->slow_since_ns};
        }
    }
}

static uint64_t still_doubled(const struct fetch *f)
{
    uint64_t bytes = 0;
    list_each (node, &f->tasks)
        bytes += twin_left(container_of(node, struct file_task, node));
    return bytes;
}

static void mind_the_tail(struct fetch *f, struct origin *o)
{
    SCOPED(mem_freep)
    struct tail_connection *connections = mem_array(f->running + 1, sizeof(*connections));
    SCOPED(mem_freep) struct part_task **parts = mem_array(f->running + 1, sizeof(*parts));
    struct siblings s = {.connections = connections, .parts = parts};
    add_siblings(&s, f, o);
    uint64_t total = f->plan->bytes_total;
    uint64_t there = f->bytes_present < total ? f->bytes_present : total;
    struct tail_view v = {.connections = s.connections,
                          .count = s.count,
                          .now_ns = loop_now_ns(f->loop),
                          .first_byte_ns = o->first_byte_ns,
                          .usual_rate = o->usual_rate,
                          .idle = o->idle,
                          .limited = held_back(f, o),
                          .total_bytes = total,
                          .left_bytes = total - there,
                          .extra_bytes = f->bytes_hedged + still_doubled(f)};
    size_t worst = tail_evict(&v);
    for (size_t i = 0; i < s.count; i++)
        s.parts[i]->slow_since_ns = s.connections[i].slow_since_ns;
    size_t doubled = worst < s.count ? s.count : tail_hedge(&v);
    if (worst < s.count) part_end(s.parts[worst]);
    if (doubled < s.count) (void)twin_start(s.parts[doubled]); // or at another tick
}

/* When the first of those that are asked wants to be looked at. */
static uint64_t next_tick_ns(const struct fetch *f, uint64_t now_ns)
{
    uint64_t at_ns = now_ns + RAMP_TICK_NS;
    list_each (node, &f->origins.all) {
        const struct ramp *r = &container_of(node, struct origin, node)->ramp;
        if (!container_of(node, struct origin, node)->running) continue;
        uint64_t due_ns = r->last_ns + ramp_tick_ns(r);
        if (due_ns < at_ns) at_ns = due_ns;
    }
    return at_ns > now_ns ? at_ns : now_ns + RAMP_QUICK_NS;
}

static void hear_more_often(const struct fetch *f, bool quick)
{
    for (unsigned i = 0; i < f->shard_count; i++)
        shard_report_every(f->shards[i], quick ? SHARD_REPORT_QUICK_MS : SHARD_REPORT_MS);
}

static bool any_climbs(const struct fetch *f)
{
    list_each (node, &f->origins.all) {
        const struct origin *o = container_of(node, struct origin, node);
        if (o->running && ramp_tick_ns(&o->ramp) == RAMP_QUICK_NS) return true;
    }
    return false;
}

static void look_at(struct fetch *f, struct origin *o, uint64_t now_ns)
{
    if (!ramp_due(&o->ramp, o->came, now_ns)) return; // it is another one that climbs
    mind_the_tail(f, o);
    tick(f, o, now_ns);
}

static void on_steer(struct timer *t)
{
    struct fetch *f = container_of(t, struct fetch, steer_timer);
    uint64_t now_ns = loop_now_ns(f->loop);
    slowness_look(f);
    if (!control_paused(f->spine->control)) {
        list_each (node, &f->origins.all)
            look_at(f, container_of(node, struct origin, node), now_ns);
        fetch_schedule(f);
    }
    hear_more_often(f, any_climbs(f));
    if (!f->ended) timer_set(f->loop, t, next_tick_ns(f, now_ns));
}

void steer_start(struct fetch *f)
{
    timer_init(&f->steer_timer, on_steer);
    hear_more_often(f, true);
    timer_set(f->loop, &f->steer_timer, loop_now_ns(f->loop) + RAMP_QUICK_NS);
}

void steer_end(struct fetch *f)
{
    timer_cancel(&f->steer_timer);
    timer_cancel(&f->again);
}
