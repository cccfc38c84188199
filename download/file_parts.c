#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/file_task.h"

#define JOURNAL_STEP_BYTES (UINT64_C(8) << 20) // what a kill may cost per connection

/* The hasher goes along with the part that continues what was hashed. */
static struct hasher *lend_hasher(struct file_task *t, uint64_t from)
{
    bool fits = t->hasher && !t->job_out && hasher_bytes(t->hasher) == from;
    return fits ? TAKE(t->hasher) : NULL;
}

static void on_exchange(struct post *p);

/* Asked to end through the registry. */
static void on_cancel(void *user)
{
    part_end(user);
}

static void begin_tasks(const struct file_task *t, struct part_task *p)
{
    struct tasks *tasks = t->fetch->spine->tasks;
    SCOPED(mem_freep) char *name = mem_printf("from %" PRIu64, p->range.from);
    p->task = task_start(
        tasks,
        &(struct task_spec){
            .name = name, .kind = TASK_PART, .parent = t->task, .cancel = on_cancel, .user = p});
    SCOPED(mem_freep) char *shard = mem_printf("shard %u", p->shard);
    p->attempt = task_start(
        tasks, &(struct task_spec){.name = shard, .kind = TASK_ATTEMPT, .parent = p->task});
}

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

/* With none at all the file cannot be fetched; with some the connections are fewer. */
static unsigned char *take_slab(struct file_task *t)
{
    struct fetch *f = t->fetch;
    unsigned char *slab = slabs_take(f->slabs);
    if (slab || slabs_out(f->slabs)) return slab;
    struct why why;
    enum err e = fail(&why, ERR_MEMORY, "no memory for a connection");
    file_task_fail(t, e, &why);
    file_task_wait(t, "its end", loop_now_ns(f->loop));
    return NULL;
}

static void enter_origin(struct part_task *p, const char *url)
{
    struct fetch *f = p->file->fetch;
    uint64_t now = loop_now_ns(f->loop);
    p->origin = origins_of(&f->origins, url, now);
    p->started_ns = p->last_byte_ns = p->received_ns = now;
    p->origin->running++;
    starts_started(&p->origin->starts, now);
    const char *address = contacts_choose(&p->origin->contacts, now);
    if (address) p->exchange->address = mem_strdup(address);
}

bool part_start(struct file_task *t, struct range range, enum priority rank, unsigned shard)
{
    struct fetch *f = t->fetch;
    struct place *place = file_places_choose(t);
    unsigned char *slab = place ? take_slab(t) : NULL;
    if (!slab) return false;
    struct part_task *p = mem_new(sizeof(*p));
    p->file = t;
    p->range = range;
    p->counted = range.from;
    p->journaled = range.from;
    p->shard = shard;
    p->rank = rank;
    p->decisions = t->decisions;
    p->paced = place->resolve.send_token;
    struct hasher *hasher = lend_hasher(t, range.from);
    p->hashing = hasher != NULL;
    file_sink_init(&p->sink, t->part_fd, t->file->entry->path, range.from, hasher);
    p->sink.sink.slab = slab;

    struct exchange *x = exchange_new(on_exchange, 0);
    x->owner = p;
    x->id = ++f->next_id;
    x->request.url = mem_strdup(place->resolve.url);
    x->request.send_token = place->resolve.send_token;
    x->sink = &p->sink.sink;
    x->from = range.from;
    x->to = range.to;
    x->size = t->size;
    if (!file_task_has_digest(t)) x->if_range = mem_strdup(place->resolve.etag);
    p->exchange = x;
    p->exchange_id = x->id;

    file_places_started(t, place, p);
    begin_tasks(t, p);
    ranges_add(&t->claimed, range.from, range.to);
    list_add_tail(&t->parts, &p->node);
    t->last_shard = shard;
    f->load[shard]++;
    f->running++;
    enter_origin(p, place->resolve.url);
    if (p->paced) pace_started(&f->calls->pace, PACE_RESOLVE, loop_now_ns(f->loop));
    shard_run(f->shards[shard], x);
    return true;
}

/* Bytes up to `reached` are in their place: told to the sets, the counters and, by steps, to the
 * journal. */
static void count(struct file_task *t, struct part_task *p, uint64_t reached, bool last)
{
    if (reached > p->counted) {
        uint64_t fresh = reached - p->counted;
        ranges_add(&t->done, p->counted, reached);
        if (t->place_count > 1) ranges_add(&t->places[p->place].served, p->counted, reached);
        t->fetched += fresh;
        t->fetch->bytes_fetched += fresh;
        t->fetch->bytes_present += fresh;
        p->origin->bytes += fresh;
        p->counted = reached;
    }
    bool due =
        p->counted > p->journaled && (last || p->counted - p->journaled >= JOURNAL_STEP_BYTES);
    if (!due || t->journal_fd < 0) return; // also of a file that failed: the next run goes on
    struct why why;
    enum err e = journal_add(&t->journal, p->journaled, p->counted, &why);
    p->journaled = p->counted;
    if (e) file_task_fail(t, e, &why);
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
    ranges_remove(&t->claimed, end, p->range.to);
    p->range.to = end;
}

const struct part_task *part_largest(const struct file_task *t)
{
    const struct part_task *best = NULL;
    list_each (node, &t->parts) {
        const struct part_task *p = container_of(node, struct part_task, node);
        bool larger = !best || p->range.to - p->counted > best->range.to - best->counted;
        if (larger) best = p;
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

void part_cut_largest(struct file_task *t, uint64_t at)
{
    const struct part_task *largest = part_largest(t);
    list_each (node, &t->parts) {
        struct part_task *p = container_of(node, struct part_task, node);
        if (p != largest || p->cuts) continue;
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

static void leave_origin(struct fetch *f, struct part_task *p)
{
    struct origin *o = p->origin;
    enum cause cause = p->exchange->reply.outcome.cause;
    o->running--;
    o->resting -= p->resting;
    end_stealing(p);
    if (cause == CAUSE_RATE_LIMIT) {
        o->refusals++;
        starts_refused(&o->starts, loop_now_ns(f->loop));
    }
    o->resets += cause == CAUSE_RESET || cause == CAUSE_CONNECT;
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
    if (p->paced) {
        const struct rate_limit *limit = &p->exchange->reply.outcome.rate;
        pace_ended(&f->calls->pace, PACE_RESOLVE, limit, loop_now_ns(f->loop));
    }
    struct hasher *h = file_sink_take_hasher(&p->sink);
    if (h) t->hasher = h;
    learn(t, p->exchange);
    count(t, p, p->exchange->reached, true);
    file_places_ended(t, p);
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
    const struct emitter *em = t->fetch->emitter;
    struct spine *spine = t->fetch->spine;
    spine_move(spine, &spine->connections, RESOURCE_DEGRADED, cause_word(o->cause));
    emit(em, (struct event){
                 .type = EV_RETRY,
                 .u.retry = {.id = t->file->id,
                             .offset = p->counted,
                             .attempt = t->retry.failures,
                             .wait_ms = wait_ns / MILLI_NS,
                             .cause = cause_word(o->cause),
                             .http_status = o->status ? (uint64_t)o->status : NUMBER_UNKNOWN}});
    if (o->cause != CAUSE_RATE_LIMIT) return;
    emit(em,
         (struct event){
             .type = EV_WAIT,
             .u.wait = {.origin = o->host, .wait_ms = wait_ns / MILLI_NS, .cause = "rate-limit"}});
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

static void on_exchange(struct post *post)
{
    struct exchange *x = container_of(post, struct exchange, post);
    struct part_task *p = x->owner;
    struct file_task *t = p->file;
    struct fetch *f = t->fetch;
    absorb(t, p);
    if (!t->err && !t->restart) decide(t, p); // else what becomes of a part does not matter
    if (t->restart) parts_call_back(t);
    exchange_free(x);
    mem_free(p);
    file_task_step(t);
    fetch_schedule(f);
}
