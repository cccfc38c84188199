#include "download/slowness.h"

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/file_task.h"

enum {
    ALL = 1000,
    FEW_LOOKS = 3, // the run was short
    GOOD_PART = 5, // an origin that brings one in so many bytes counts as one that brings some
};

/* A look may come a little before the second is over. */
static const uint64_t SPAN_NS = SECOND_NS - RAMP_TICK_NS / 2;

static void begin_second(struct fetch *f)
{
    struct slowness *s = &f->slowness;
    *s = (struct slowness){.began_ns = loop_now_ns(f->loop),
                           .bytes = f->bytes_fetched,
                           .refused = s->refused,
                           .now = s->now,
                           .tally = s->tally};
    list_each (node, &f->origins.all) {
        struct origin *o = container_of(node, struct origin, node);
        o->slow.bytes = o->bytes;
    }
}

void slowness_start(struct fetch *f)
{
    f->slowness = (struct slowness){.now = SLOW_NOTHING};
    begin_second(f);
}

/* ---- looks ---- */

static unsigned take_refusals(const struct fetch *f)
{
    unsigned count = 0;
    list_each (node, &f->origins.all) {
        struct origin *o = container_of(node, struct origin, node);
        count += o->slow.refusals;
        o->slow.refusals = 0;
    }
    return count;
}

static void look_at_origins(struct fetch *f)
{
    struct slowness *s = &f->slowness;
    unsigned running = 0, refusals = take_refusals(f);
    bool pressed = burden_holds(&f->burden);
    bool held = false;
    list_each (node, &f->origins.all) {
        const struct origin *o = container_of(node, struct origin, node);
        unsigned wanted = origin_wanted(o);
        running += o->running;
        s->resting += o->resting;
        held = held || o->held;
        if (!o->running) continue;
        s->allowed += wanted;
        pressed = pressed || burden_connections(&f->burden, wanted) < wanted;
    }
    s->refused = refusals || held || calls_are_refused(f->calls) || (s->refused && !running);
    s->refusals += refusals;
    s->refusing += s->refused && !running;
    s->running += running;
    s->allowed += !running; // some would be
    s->pressed += pressed;
}

static bool wants_bytes(const struct file_task *t)
{
    if (t->err) return false;
    switch (t->state) {
    case STATE_RESOLVING:
    case STATE_RESOLVED:
    case STATE_PREPARING: return true;
    case STATE_FETCHING: return t->size == TO_THE_END || ranges_total(&t->done) < t->size;
    case STATE_ADOPTING:
    case STATE_PUBLISHING:
    case STATE_ENDED: break;
    }
    return false;
}

static bool has_silent_part(const struct file_task *t)
{
    list_each (node, &t->parts) {
        if (!container_of(node, struct part_task, node)->received) return true;
    }
    return false;
}

static void look_at_files(struct fetch *f)
{
    struct slowness *s = &f->slowness;
    bool wanted = false, verifying = false, storing = false;
    bool asked = f->calls->running > 0;
    list_each (node, &f->tasks) {
        const struct file_task *t = container_of(node, struct file_task, node);
        bool whole = t->state == STATE_ADOPTING || t->state == STATE_FETCHING;
        wanted = wanted || wants_bytes(t);
        verifying = verifying || (t->job_out && whole);
        storing = storing || (t->job_out && !whole);
        asked = asked || has_silent_part(t);
    }
    wanted = wanted && !f->stopping && !control_paused(f->spine->control);
    s->wanted += wanted;
    s->verifying += verifying && wanted;
    s->storing += storing && wanted;
    s->asked += asked && wanted;
}

static void ask_shards(struct fetch *f)
{
    f->slowness.awaited = f->shard_count;
    for (unsigned i = 0; i < f->shard_count; i++)
        shard_ask(f->shards[i]);
}

void slowness_look(struct fetch *f)
{
    struct slowness *s = &f->slowness;
    look_at_origins(f);
    look_at_files(f);
    s->looks++;
    bool due = loop_now_ns(f->loop) - s->began_ns >= SPAN_NS;
    if (due && !s->awaited) ask_shards(f); // else they have much to do
}

/* ---- samples ---- */

static unsigned share(uint64_t part, uint64_t whole)
{
    if (!whole) return 0;
    return part >= whole ? ALL : (unsigned)(part * ALL / whole);
}

/* The one that brought most of this second's bytes; NULL when there is none. */
static const struct origin *main_origin(const struct fetch *f)
{
    const struct origin *best = NULL;
    list_each (node, &f->origins.all) {
        const struct origin *o = container_of(node, struct origin, node);
        if (!best || o->bytes - o->slow.bytes > best->bytes - best->slow.bytes) best = o;
    }
    return best;
}

/* The busiest shard stands for all: connections are spread evenly. */
static void add_work(struct slow_facts *facts, const struct shard_sample *r)
{
    unsigned busy = ALL - share(r->waited_ns, r->span_ns);
    if (busy < facts->busy) return;
    facts->busy = busy;
    facts->delayed = share(r->delay_ns, r->span_ns);
    facts->writing = share(r->write_ns, r->span_ns);
    facts->hashing = share(r->hash_ns, r->span_ns);
}

/* ---- the verdict ---- */

static void add_origins(const struct fetch *f, struct slow_facts *facts)
{
    const struct origin *most = main_origin(f);
    if (!most) return;
    facts->tried = most->slow.tried;
    facts->tls = str_starts(most->name, "https:");
    list_each (node, &f->origins.all) {
        const struct origin *o = container_of(node, struct origin, node);
        uint64_t bytes = o->bytes - o->slow.bytes;
        bool brings = bytes && bytes >= facts->bytes / GOOD_PART;
        facts->flat_origins += brings && o->slow.tried == TRIED_FLAT;
    }
}

static void conclude(struct fetch *f)
{
    struct slowness *s = &f->slowness;
    struct slow_facts *facts = &s->facts;
    facts->span_ns = loop_now_ns(f->loop) - s->began_ns;
    facts->bytes = f->bytes_fetched - s->bytes;
    facts->came = facts->bytes || s->segments;
    bool some = s->looks < FEW_LOOKS && (facts->bytes || s->refusals); // none may have seen it
    facts->wanted = some || (s->looks && 2 * s->wanted >= s->looks);
    facts->limit_bytes_per_s = limits_rate(&f->limits);
    facts->polite = limits_leave_link(&f->limits);
    facts->resting = share(s->resting, s->running);
    facts->pressed = share(s->pressed, s->looks);
    facts->refusals = s->refusals;
    facts->refusing = share(s->refusing, s->looks);
    facts->full = share(s->full, s->sockets);
    facts->idle = s->looks ? ALL - share(s->running, s->allowed) : 0;
    facts->verifying = share(s->verifying, s->looks);
    facts->storing = share(s->storing, s->looks);
    facts->asked = s->asked > 0;
    facts->disorder = share(s->disordered, s->segments);
    facts->rtt_ns = s->rtts ? s->rtt_ns / s->rtts : 0;
    facts->rtt_best_ns = s->rtts ? s->rtt_best_ns / s->rtts : 0;
    add_origins(f, facts);
    s->now = slow_verdict(facts);
    slow_tally_add(&s->tally, s->now, facts->span_ns);
    begin_second(f);
}

void slowness_on_sample(struct post *p)
{
    struct shard_sample *r = container_of(p, struct shard_sample, post);
    struct fetch *f = r->user;
    struct slowness *s = &f->slowness;
    s->segments += r->segments;
    s->disordered += r->disordered;
    s->sockets += r->sockets;
    s->full += r->full;
    s->rtt_ns += r->rtt_ns;
    s->rtt_best_ns += r->rtt_best_ns;
    s->rtts += r->rtts;
    add_work(&s->facts, r);
    mem_free(r);
    if (s->awaited && --s->awaited == 0) conclude(f);
}

void slowness_end(struct fetch *f)
{
    struct slowness *s = &f->slowness;
    s->refusals += take_refusals(f);
    if (!s->awaited) ask_shards(f);
    while (s->awaited)
        loop_turn(f->loop);
}

const char *slowness_word(const struct fetch *f)
{
    return slow_word(slow_tally_most(&f->slowness.tally));
}
