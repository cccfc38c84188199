#include "download/calls.h"

#include <inttypes.h>

#include "download/base/clock.h"
#include "download/base/mem.h"

enum { ANNOUNCE_WAIT_NS = 500 * 1000 * 1000 }; // shorter waits are not worth an event

static void start_waiting(struct calls *cs);

static void end_call(struct call *c, enum err e)
{
    c->err = e;
    task_end(c->calls->spine->tasks, c->task, e, NULL);
    c->done(c);
}

static void retry_later(struct call *c, uint64_t wait_ns)
{
    struct calls *cs = c->calls;
    const struct outcome *o = &c->exchange->reply.outcome;
    emit(cs->emitter, (struct event){.type = EV_RETRY,
                                     .u.retry = {.id = c->file_id,
                                                 .attempt = c->retry.failures,
                                                 .wait_ms = wait_ns / MILLI_NS,
                                                 .cause = cause_word(o->cause),
                                                 .http_status = o->status ? (uint64_t)o->status
                                                                          : NUMBER_UNKNOWN}});
    if (o->cause == CAUSE_RATE_LIMIT) calls_announce_wait(cs, wait_ns);
    spine_move(cs->spine, &cs->spine->session, RESOURCE_DEGRADED, cause_word(o->cause));
    list_add_tail(&cs->delayed, &c->node);
    timer_set(cs->loop, &c->timer, loop_now_ns(cs->loop) + wait_ns);
}

static void on_reply(struct post *p)
{
    struct exchange *x = container_of(p, struct exchange, post);
    struct call *c = x->owner;
    struct calls *cs = c->calls;
    cs->running--;
    task_end(cs->spine->tasks, c->attempt, retry_error(&x->reply.outcome), NULL);
    if (x->reply.outcome.cause == CAUSE_NONE) {
        spine_move(cs->spine, &cs->spine->session, RESOURCE_READY, NULL);
    }
    pace_ended(&cs->pace, c->kind, &x->reply.outcome.rate, loop_now_ns(cs->loop));
    struct retry_facts facts = {.is_call = true};
    struct retry_policy policy = cs->policy;
    if (c->once) policy.budget = NULL; // it is not asked again
    struct verdict v = retry_decide(&c->retry, &policy, &facts, &x->reply.outcome, &cs->rng);
    bool refused = x->reply.outcome.cause == CAUSE_RATE_LIMIT;
    if (refused) pace_refused(&cs->pace, c->kind, v.wait_ns, loop_now_ns(cs->loop));
    if (cs->stopping) v = (struct verdict){.action = DO_FAIL, .err = ERR_CANCELLED};
    if (v.spent) calls_tell_spent(cs);
    bool again = v.action == DO_RETRY && !c->once;
    if (again) {
        retry_later(c, v.wait_ns);
    } else if (v.action == DO_COMPLETE || x->reply.outcome.cause == CAUSE_STATUS) {
        end_call(c, OK); // the source finds the words for a status
    } else {
        if (v.err == ERR_RATE_LIMITED) cs->too_long_ns = v.wait_ns;
        enum err once = v.action == DO_RETRY ? retry_error(&x->reply.outcome) : ERR_CANCELLED;
        end_call(c, v.action == DO_FAIL ? v.err : once);
    }
    start_waiting(cs);
}

static const char *what_of(const struct call *c)
{
    return c->request.label ? c->request.label : "where a file is";
}

static void start(struct calls *cs, struct call *c)
{
    struct exchange *x = exchange_new(on_reply, c->request.body_max);
    x->owner = c;
    x->id = ++cs->next_id;
    x->timeout_s = cs->timeout_s;
    request_copy(&c->request, &x->request);
    exchange_free(c->exchange);
    c->exchange = x;
    cs->running++;
    const struct task_spec spec = {
        .name = what_of(c), .kind = TASK_ATTEMPT, .group = "calls", .parent = c->task};
    c->attempt = task_start(cs->spine->tasks, &spec);
    pace_started(&cs->pace, c->kind, loop_now_ns(cs->loop));
    shard_run(cs->shard, x);
}

void calls_announce_wait(struct calls *cs, uint64_t wait_ns)
{
    uint64_t now = loop_now_ns(cs->loop);
    if (wait_ns < ANNOUNCE_WAIT_NS || now < cs->announced_until_ns) return;
    cs->announced_until_ns = now + wait_ns;
    spine_move(cs->spine, &cs->spine->session, RESOURCE_DEGRADED, cause_word(CAUSE_RATE_LIMIT));
    emit(cs->emitter, (struct event){.type = EV_WAIT,
                                     .u.wait = {.origin = cs->origin,
                                                .wait_ms = wait_ns / MILLI_NS,
                                                .cause = "rate-limit"}});
}

void calls_tell_spent(struct calls *cs)
{
    struct retry_budget *b = cs->policy.budget;
    if (b->told) return;
    b->told = true;
    SCOPED(mem_freep)
    char *text = mem_printf("%u requests in all were tried again and brought nothing: until some "
                            "do, none is tried twice",
                            b->capacity);
    emit_warning(cs->emitter, "retries-spent", text);
}

bool calls_may_wait(struct calls *cs, uint64_t wait_ns)
{
    if (wait_ns <= cs->policy.max_wait_s * SECOND_NS) return true;
    cs->too_long_ns = wait_ns;
    return false;
}

enum err calls_explain_wait(const struct calls *cs, const char *origin, struct why *why)
{
    return fail(why, ERR_RATE_LIMITED,
                "%s allows no request for %" PRIu64 " s, longer than --max-wait; try again then",
                origin, (cs->too_long_ns + SECOND_NS - 1) / SECOND_NS);
}

/* `done` comes from the loop. */
static void on_too_long(struct timer *t)
{
    struct call *c = container_of(t, struct call, timer);
    exchange_free(c->exchange);
    c->exchange = NULL;
    end_call(c, ERR_RATE_LIMITED);
}

static void start_waiting(struct calls *cs)
{
    uint64_t now = loop_now_ns(cs->loop);
    uint64_t soonest = UINT64_MAX;
    bool told = false;
    if (control_paused(cs->spine->control)) return;
    list_each_safe (node, &cs->waiting) {
        if (cs->running >= CALLS_AT_ONCE) return;
        struct call *c = container_of(node, struct call, node);
        uint64_t wait = pace_wait_ns(&cs->pace, c->kind, now);
        bool allowed = calls_may_wait(cs, wait);
        if (wait && allowed) {
            if (wait < soonest) told = pace_told_ns(&cs->pace, c->kind, now) > 0;
            if (wait < soonest) soonest = wait;
            continue;
        }
        list_remove(node);
        if (allowed) {
            start(cs, c);
        } else {
            c->timer.fire = on_too_long;
            timer_set(cs->loop, &c->timer, now);
        }
    }
    if (soonest == UINT64_MAX) return;
    if (told) calls_announce_wait(cs, soonest);
    timer_set(cs->loop, &cs->timer, now + soonest);
}

static void on_pace(struct timer *t)
{
    start_waiting(container_of(t, struct calls, timer));
}

static void on_retry(struct timer *t)
{
    struct call *c = container_of(t, struct call, timer);
    list_remove(&c->node);
    list_add_tail(&c->calls->waiting, &c->node);
    start_waiting(c->calls);
}

static enum err on_control(void *user, const void *value, struct why *why)
{
    struct calls *cs = user;
    (void)why; // nothing here fails
    switch (*(const enum control *)value) {
    case CONTROL_GO: start_waiting(cs); break;
    case CONTROL_PAUSE: timer_cancel(&cs->timer); break;
    case CONTROL_STOP: calls_stop(cs); break;
    }
    return OK;
}

void calls_init(struct calls *cs)
{
    cs->control = callback_on_next(cs->spine->control, on_control, cs);
    cs->stopping = control_stopping(cs->spine->control);
    rng_seed(&cs->rng);
    list_init(&cs->waiting);
    list_init(&cs->delayed);
    timer_init(&cs->timer, on_pace);
}

/* A call that waits for its turn or its retry is cancelled by its own timer, so that `done` still
 * comes from the loop. */
static void on_cancel(struct timer *t)
{
    end_call(container_of(t, struct call, timer), ERR_CANCELLED);
}

void calls_done(struct calls *cs)
{
    callback_remove(cs->spine->control, cs->control);
    timer_cancel(&cs->timer);
}

void calls_stop(struct calls *cs)
{
    if (cs->stopping) return;
    cs->stopping = true;
    timer_cancel(&cs->timer);
    list_splice(&cs->waiting, &cs->delayed);
    struct list *node;
    while ((node = list_pop(&cs->waiting))) {
        struct call *c = container_of(node, struct call, node);
        timer_cancel(&c->timer);
        c->timer.fire = on_cancel;
        timer_set(cs->loop, &c->timer, 0);
    }
    shard_cancel_all(cs->shard);
}

void call_init(struct call *c, enum pace_kind kind, call_fn *done)
{
    *c = (struct call){.kind = kind, .done = done, .file_id = NUMBER_UNKNOWN};
    list_init(&c->node);
    timer_init(&c->timer, on_retry);
}

void calls_send(struct calls *cs, struct call *c)
{
    c->calls = cs;
    c->retry = (struct retry_state){0};
    const struct task_spec spec = {
        .name = what_of(c), .kind = TASK_CALL, .group = "calls", .parent = c->parent};
    c->task = task_start(cs->spine->tasks, &spec);
    timer_cancel(&c->timer);
    timer_init(&c->timer, cs->stopping ? on_cancel : on_retry);
    if (!cs->stopping) list_add_tail(&cs->delayed, &c->node);
    timer_set(cs->loop, &c->timer, 0);
}

void call_cancel(struct call *c)
{
    if (id_is_none(c->task) || !c->calls) return;
    bool waits = timer_is_set(&c->timer) || !list_empty(&c->node);
    if (waits) {
        list_remove(&c->node);
        timer_cancel(&c->timer);
        c->timer.fire = on_cancel;
        timer_set(c->calls->loop, &c->timer, 0);
    } else if (c->exchange) {
        shard_cut(c->calls->shard, c->exchange->id, 0);
    }
}

void calls_on_cut(struct post *p)
{
    mem_free(container_of(p, struct shard_cut, post));
}

const char *calls_waiting_for(const struct calls *cs)
{
    if (cs->running) return NULL;
    if (timer_is_set(&cs->timer)) return "rate-limit";
    return list_empty(&cs->delayed) ? NULL : "retry";
}

bool calls_are_refused(const struct calls *cs)
{
    if (timer_is_set(&cs->timer)) return true;
    list_each (node, &cs->delayed) {
        const struct call *c = container_of(node, struct call, node);
        if (c->exchange->reply.outcome.cause == CAUSE_RATE_LIMIT) return true;
    }
    return false;
}

enum err call_explain(const struct call *c, const struct source *s, const char *path,
                      struct why *why)
{
    if (c->err == ERR_RATE_LIMITED && !c->exchange)
        return calls_explain_wait(c->calls, c->calls->origin, why);
    if (c->err == ERR_CANCELLED || !c->exchange) return fail(why, c->err, "stopped");
    return source_explain(s, path, &c->exchange->reply.outcome, why);
}

void call_done(struct call *c)
{
    timer_cancel(&c->timer);
    list_remove(&c->node);
    request_done(&c->request);
    exchange_free(c->exchange);
    c->exchange = NULL;
}
