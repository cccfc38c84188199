#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/file_twins.h"

#define JOURNAL_STEP_BYTES (UINT64_C(8) << 20) // what a kill may cost per connection

enum { RATE_GUESSED = 1 << 20 }; // bytes/s, where nothing is known
#define GROWN_NS SECOND_NS

static void end_tasks(const struct file_task *t, const struct part_task *p)
{
    struct tasks *tasks = t->fetch->spine->tasks;
    enum err e = retry_error(&p->exchange->reply.outcome);
    struct spine *spine = t->fetch->spine;
    bool good = p->exchange->reply.outcome.cause == CAUSE_NONE;
    if (good) spine_move(spine, &spine->connections, RESOURCE_READY, NULL);
    task_end(tasks, p->attempt, e, NULL);
    task_end(tasks, p->task, e, NULL);
}

void part_in_place(struct file_task *t, size_t place, struct origin *o, struct range r)
{
    uint64_t fresh = r.to - r.from;
    ranges_add(&t->done, r.from, r.to);
    if (t->place_count > 1) ranges_add(&t->places[place].served, r.from, r.to);
    t->fetched += fresh;
    t->fetch->bytes_fetched += fresh;
    t->fetch->bytes_present += fresh;
    o->bytes += fresh;
}

/* Also of a file that failed: the next run goes on. */
void part_journal(struct file_task *t, struct range r)
{
    if (t->journal_fd < 0) return;
    struct why why;
    enum err e = journal_add(&t->journal, r.from, r.to, &why);
    if (e) file_task_fail(t, e, &why);
}

/* Bytes up to `reached` are in their place: told to the sets, the counters and, by steps, to the
 * journal. */
static void count(struct file_task *t, struct part_task *p, uint64_t reached, bool last)
{
    bool more = reached > p->counted;
    if (more && !twin_counts(t, p, reached)) {
        part_in_place(t, p->place, p->origin, (struct range){p->counted, reached});
    }
    if (more) p->counted = reached;
    bool due =
        p->counted > p->journaled && (last || p->counted - p->journaled >= JOURNAL_STEP_BYTES);
    if (!due || twin_is_second(t, p)) return;
    part_journal(t, (struct range){p->journaled, p->counted});
    p->journaled = p->counted;
}

/* Smoothed over a second or so. */
static void measure(struct part_task *p, const struct shard_mark *m, uint64_t now_ns)
{
    uint64_t passed = now_ns - p->received_ns;
    if (!p->received && m->received) origin_answered(p->origin, m->first_byte_ns);
    if (m->received > p->received) p->last_byte_ns = now_ns;
    if (!passed) return;
    double now = (double)(m->received - p->received) * (double)SECOND_NS / (double)passed;
    double weight = (double)passed / ((double)passed + (double)SECOND_NS);
    bool first = p->received == 0;
    double rate = (double)p->rate_bytes_per_s;
    p->rate_bytes_per_s = (uint64_t)(first ? now : rate + (now - rate) * weight);
    p->origin->came += m->received - p->received;
    p->received = m->received;
    p->received_ns = now_ns;
}

void part_on_mark(struct file_task *t, struct part_task *p, const struct shard_mark *m)
{
    measure(p, m, loop_now_ns(t->fetch->loop));
    snprintf(p->address, sizeof(p->address), "%s", m->address);
    (void)contacts_of(&p->origin->contacts, p->address);
    p->origin->resting += m->resting && !p->resting;
    p->origin->resting -= !m->resting && p->resting;
    p->resting = m->resting;
    count(t, p, m->reached, false);
    if (file_places_crawls(t, p)) part_end(p);
}

/* The bytes that it gave up are no longer spoken for. */
static void end_stealing(struct part_task *p)
{
    if (p->stealing) p->origin->cutting--;
    p->stealing = false;
}

void part_on_cut(struct file_task *t, struct part_task *p, uint64_t end)
{
    p->cuts--;
    end_stealing(p);
    if (end >= p->range.to) return;
    if (!twin_of(t, p)) ranges_remove(&t->claimed, end, p->range.to); // else the other brings it
    p->range.to = end;
}

uint64_t part_rate(const struct part_task *p)
{
    bool grown = p->received_ns - p->started_ns >= GROWN_NS;
    return grown ? p->rate_bytes_per_s : 0;
}

/* While it only starts: as fast as connections to its origin are. */
uint64_t part_left_ns(const struct part_task *p)
{
    const struct origin *o = p->origin;
    uint64_t rate = part_rate(p);
    if (!rate && o->running) rate = o->rate_bytes_per_s / o->running;
    if (!rate) rate = RATE_GUESSED;
    double ns = (double)(p->range.to - p->counted) / (double)rate * (double)SECOND_NS;
    return ns < (double)INT64_MAX ? (uint64_t)ns : INT64_MAX;
}

const struct part_task *part_longest(const struct file_task *t)
{
    const struct part_task *best = NULL;
    list_each (node, &t->parts) {
        const struct part_task *p = container_of(node, struct part_task, node);
        if (twin_of(t, p)) continue; // what it has left is another's, too
        if (!best || part_left_ns(p) > part_left_ns(best)) best = p;
    }
    return best;
}

static void cut(struct part_task *p, uint64_t at)
{
    const struct fetch *f = p->file->fetch;
    p->cuts++;
    shard_cut(f->shards[p->shard], p->exchange_id, at);
}

void part_end(struct part_task *p)
{
    if (p->ending) return;
    p->ending = true;
    cut(p, 0); // also while another one is under way: that was for less
}

void part_cut_longest(struct file_task *t, uint64_t at)
{
    const struct part_task *longest = part_longest(t);
    list_each (node, &t->parts) {
        struct part_task *p = container_of(node, struct part_task, node);
        if (p != longest || p->cuts) continue;
        p->stealing = true;
        p->origin->cutting++;
        cut(p, at);
    }
}

void parts_call_back(struct file_task *t)
{
    list_each (node, &t->parts)
        part_end(container_of(node, struct part_task, node));
}

static void learn(struct file_task *t, const struct exchange *x)
{
    if (t->size == TO_THE_END && x->learned_size != TO_THE_END) t->size = x->learned_size;
    bool ended_well = x->reply.outcome.cause == CAUSE_NONE;
    if (t->size == TO_THE_END && ended_well) t->size = x->reached;
    const char *etag = headers_get(&x->reply.headers, "ETag");
    bool strong = etag && etag[0] == '"' && x->reply.outcome.body_bytes;
    struct resolve *own = &t->places[0].resolve;
    if (strong && !own->etag) own->etag = mem_strdup(etag);
}

/* When further requests are welcome. */
static void heed(struct fetch *f, struct part_task *p)
{
    struct origin *o = p->origin;
    const struct outcome *said = &p->exchange->reply.outcome;
    uint64_t now = loop_now_ns(f->loop);
    struct pace *pace = p->paced ? &f->calls->pace : NULL;
    if (said->cause == CAUSE_RATE_LIMIT) {
        uint64_t wait_ns = retry_asked_wait_ns(said) + rng_below(&f->rng, RETRY_JITTER_NS);
        o->refusals++;
        o->slow.refusals++;
        starts_refused(&o->starts, wait_ns, now);
        if (pace) pace_refused(pace, PACE_RESOLVE, wait_ns, now);
    }
    if (said->body_bytes) starts_brought(&o->starts, &p->ticket);
    if (pace) {
        pace_ended(pace, PACE_RESOLVE, &said->rate, now);
    } else {
        starts_answered(&o->starts, &p->ticket, &said->rate, now);
    }
}

static void leave_origin(struct fetch *f, struct part_task *p)
{
    struct origin *o = p->origin;
    enum cause cause = p->exchange->reply.outcome.cause;
    o->running--;
    o->resting -= p->resting;
    end_stealing(p);
    heed(f, p);
    o->resets += cause == CAUSE_RESET || cause == CAUSE_CONNECT;
    const struct exchange *x = p->exchange;
    uint64_t brought = x->reached > p->range.from ? x->reached - p->range.from : 0;
    if (brought > p->received) o->came += brought - p->received;
    uint64_t now = loop_now_ns(f->loop);
    if (cause == CAUSE_NONE) origin_brought(o, brought, now - p->started_ns);
    contacts_note(&o->contacts, &p->exchange->reply.outcome);
    if (cause == CAUSE_CONNECT && p->exchange->address) contacts_forgive(&o->contacts);
}

/* Everything the part brought and held goes home. */
static void absorb(struct file_task *t, struct part_task *p)
{
    struct fetch *f = t->fetch;
    end_tasks(t, p);
    slabs_give(f->slabs, TAKE(p->sink.sink.slab));
    list_remove(&p->node);
    f->running--;
    f->load[p->shard]--;
    leave_origin(f, p);
    struct hasher *h = file_sink_take_hasher(&p->sink);
    if (h) t->hasher = h;
    learn(t, p->exchange);
    count(t, p, p->exchange->reached, true);
    file_places_ended(t, p);
    if (twin_ended(t, p)) return;
    ranges_remove(&t->claimed, p->range.from, p->range.to);
    ranges_add(&t->claimed, p->range.from, p->counted);
}

static void describe(const struct file_task *t, const struct outcome *o, enum err e,
                     struct why *ret)
{
    const char *path = t->file->entry->path;
    if (o->cause == CAUSE_STATUS || o->cause == CAUSE_RATE_LIMIT) {
        err_ignore(source_explain(t->fetch->source, path, o, ret)); // for its sentence
        return;
    }
    struct buf b;
    buf_init(&b, WHY_MAX - 1);
    struct why said;
    outcome_say(o, &said);
    buf_addf(&b, "cannot fetch '%s' from %s", path, said.text);
    if (o->status) buf_addf(&b, " (HTTP status %d", o->status);
    if (o->status && o->request_id[0]) buf_addf(&b, ", request id %s", o->request_id);
    if (o->status) buf_addc(&b, ')');
    if (t->retry.failures > 1) buf_addf(&b, ", after %u attempts", t->retry.failures + 1);
    err_ignore(fail(ret, e, "%s", buf_str(&b)));
    buf_done(&b);
}

void part_tell_retry(const struct file_task *t, const struct part_task *p, const struct outcome *o,
                     uint64_t wait_ns)
{
    struct spine *spine = t->fetch->spine;
    spine_move(spine, &spine->connections, RESOURCE_DEGRADED, cause_word(o->cause));
    emit(t->fetch->emitter,
         (struct event){
             .type = EV_RETRY,
             .u.retry = {.id = t->file->id,
                         .offset = p->counted,
                         .attempt = t->retry.failures,
                         .wait_ms = wait_ns / MILLI_NS,
                         .cause = cause_word(o->cause),
                         .http_status = o->status ? (uint64_t)o->status : NUMBER_UNKNOWN}});
}

static void follow(struct file_task *t, const struct part_task *p)
{
    const char *location = headers_get(&p->exchange->reply.headers, "Location");
    struct why why;
    enum err e = resolve_redirect(t->fetch->source, t->file->entry, &t->places[0].resolve,
                                  location ? location : "", &why);
    if (e) file_task_fail(t, e, &why);
    if (!file_task_can_continue(t)) t->whole = true;
}

static void act(struct file_task *t, const struct part_task *p, const struct verdict *v)
{
    const struct outcome *o = &p->exchange->reply.outcome;
    struct why why;
    switch (v->action) {
    case DO_COMPLETE:
    case DO_REQUEUE: break;
    case DO_RETRY:
        part_tell_retry(t, p, o, v->wait_ns);
        if (o->cause == CAUSE_RATE_LIMIT) break; // all of its origin waits (allot.c)
        file_task_wait(t, "retry", loop_now_ns(t->fetch->loop) + v->wait_ns);
        break;
    case DO_REFRESH: file_places_ask(t, p->place); break;
    case DO_REDIRECT: follow(t, p); break;
    case DO_WHOLE:
        t->whole = true;
        t->restart = true;
        break;
    case DO_RESTART:
        part_tell_retry(t, p, o, 0);
        t->restart = true;
        break;
    case DO_FAIL:
        describe(t, o, v->err, &why);
        if (v->spent) calls_tell_spent(t->fetch->calls);
        if (o->cause == CAUSE_RATE_LIMIT) t->fetch->calls->too_long_ns = v->wait_ns;
        file_task_fail(t, v->err, &why);
        break;
    }
}

static void decide(struct file_task *t, struct part_task *p)
{
    struct fetch *f = t->fetch;
    struct outcome *o = &p->exchange->reply.outcome;
    bool lost = o->cause != CAUSE_NONE && t->whole && !file_task_can_continue(t);
    if (lost) o->body_bytes = 0; // none of them is new when they come again
    if (!lost && file_places_move(t, p, o)) return;
    struct retry_facts facts = {.can_refresh = t->places[0].resolve.needs_request,
                                .decided = p->decisions != t->decisions};
    struct verdict v = retry_decide(&t->retry, &f->policy, &facts, o, &f->rng);
    bool goes_on = v.action == DO_COMPLETE || v.action == DO_REQUEUE;
    if (!goes_on) t->decisions++;
    act(t, p, &v);
    if (lost && !goes_on && ranges_total(&t->done)) t->restart = true;
}

void part_on_exchange(struct post *post)
{
    struct exchange *x = container_of(post, struct exchange, post);
    struct part_task *p = x->owner;
    struct file_task *t = p->file;
    struct fetch *f = t->fetch;
    bool counts = !t->err && !t->restart && !twin_is_second(t, p);
    absorb(t, p);
    if (counts) decide(t, p); // else what becomes of a part does not matter
    if (t->restart) parts_call_back(t);
    exchange_free(x);
    mem_free(p);
    file_task_step(t);
    fetch_schedule(f);
}
