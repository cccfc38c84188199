#include "download/file_places_private.h"

#include <assert.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_task.h"

/* Smaller files come from one place: a second question costs as much as it could bring. */
#define WORTH_BYTES (UINT64_C(16) << 20)

void file_places_init(struct file_task *t)
{
    struct fetch *f = t->fetch;
    t->place_count = source_places(f->source, t->file->entry);
    t->places = mem_array(t->place_count, sizeof(*t->places));
    for (size_t i = 0; i < t->place_count; i++) {
        struct place *p = &t->places[i];
        SCOPED(mem_freep) char *name = source_place_name(f->source, t->file->entry, i);
        p->file = t;
        p->origin = mirrors_add(&f->mirrors, name);
        if (p->origin == MIRRORS_NONE) { // the own one shares its record with whoever was last
            p->origin = MIRRORS_MAX - 1;
            p->state = i ? PLACE_GONE : PLACE_UNASKED;
        }
    }
}

void file_places_done(struct file_task *t)
{
    for (size_t i = 0; i < t->place_count; i++) {
        struct place *p = &t->places[i];
        if (p->call.done) call_done(&p->call);
        resolve_done(&p->resolve);
        ranges_done(&p->served);
    }
    mem_free(t->places);
}

void file_places_forget(struct file_task *t)
{
    for (size_t i = 0; i < t->place_count; i++)
        ranges_clear(&t->places[i].served);
    file_blame_forget(t);
}

/* ---- which ---- */

bool place_is_own(const struct place *p)
{
    return p == &p->file->places[0];
}

bool place_is_out(const struct place *p)
{
    const struct fetch *f = p->file->fetch;
    return mirrors_out(&f->mirrors, p->origin, loop_now_ns(f->loop));
}

static bool any_in_state(const struct file_task *t, enum place_state state)
{
    for (size_t i = 0; i < t->place_count; i++) {
        if (t->places[i].state == state && !t->places[i].suspect) return true;
    }
    return false;
}

struct place *places_best(const struct file_task *t, enum place_state a, enum place_state b)
{
    struct fetch *f = t->fetch;
    SCOPED(mem_freep) unsigned *origins = mem_array(t->place_count, sizeof(*origins));
    SCOPED(mem_freep) struct place **places = mem_array(t->place_count, sizeof(struct place *));
    size_t n = 0;
    for (size_t i = 0; i < t->place_count; i++) {
        struct place *p = &t->places[i];
        if ((p->state != a && p->state != b) || p->suspect) continue;
        origins[n] = p->origin;
        places[n++] = p;
    }
    if (n == 0) return NULL;
    return places[mirrors_choose(&f->mirrors, origins, n, loop_now_ns(f->loop))];
}

bool places_others(const struct file_task *t, const struct place *but)
{
    size_t most = (t->fetch->settings->retries + 1) * t->place_count;
    for (size_t i = 0; i < t->place_count && t->failovers < most; i++) {
        const struct place *p = &t->places[i];
        if (p != but && p->state != PLACE_GONE && !p->suspect && !place_is_out(p)) return true;
    }
    return false;
}

struct place *file_places_choose(const struct file_task *t)
{
    struct place *own = &t->places[0];
    if (t->place_count == 1 || t->whole) return own->state == PLACE_READY ? own : NULL;
    struct place *p = places_best(t, PLACE_READY, PLACE_READY);
    if (!p || !place_is_out(p) || !any_in_state(t, PLACE_ASKING)) return p;
    return NULL; // one that is well may be about to answer
}

struct place *file_places_other(const struct file_task *t, size_t but)
{
    for (size_t i = 0; i < t->place_count && !t->whole; i++) {
        struct place *p = &t->places[i];
        if (i != but && p->state == PLACE_READY && !p->suspect && !place_is_out(p)) return p;
    }
    return NULL;
}

uint64_t file_places_wait_ns(const struct file_task *t, uint64_t now_ns)
{
    struct fetch *f = t->fetch;
    const struct place *p = file_places_choose(t);
    if (!p) return 0;
    const struct mirror *m = &f->mirrors.items[p->origin];
    bool told = t->place_count > 1 && m->told && m->out_until_ns > now_ns;
    uint64_t told_ns = told ? m->out_until_ns - now_ns : 0;
    uint64_t bucket_ns =
        p->resolve.send_token ? pace_told_ns(&f->calls->pace, PACE_RESOLVE, now_ns) : 0;
    return told_ns > bucket_ns ? told_ns : bucket_ns;
}

/* ---- asking ---- */

bool file_places_unsettled(const struct file_task *t)
{
    return t->place_count == 1 && t->places[0].state == PLACE_ASKING;
}

const char *file_places_told(const struct file_task *t, uint64_t *ret_count)
{
    const struct place *most = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < t->place_count; i++) {
        const struct place *p = &t->places[i];
        if (!p->bytes) continue;
        ++*ret_count;
        if (!most || p->bytes > most->bytes) most = p;
    }
    return most ? t->fetch->mirrors.items[most->origin].name : NULL;
}

void place_tell_out(const struct place *p, const char *cause, uint64_t wait_ns)
{
    const struct file_task *t = p->file;
    if (!wait_ns || t->place_count == 1) return;
    emit(t->fetch->emitter,
         (struct event){.type = EV_MIRROR,
                        .u.mirror = {.origin = t->fetch->mirrors.items[p->origin].name,
                                     .id = t->file->id,
                                     .cause = cause,
                                     .wait_ms = wait_ns / MILLI_NS,
                                     .offset = NUMBER_UNKNOWN,
                                     .bytes = NUMBER_UNKNOWN}});
}

void place_drop(struct place *p, const char *cause)
{
    const struct file_task *t = p->file;
    p->state = PLACE_GONE;
    emit(t->fetch->emitter,
         (struct event){.type = EV_MIRROR,
                        .u.mirror = {.origin = t->fetch->mirrors.items[p->origin].name,
                                     .id = t->file->id,
                                     .cause = cause,
                                     .wait_ms = NUMBER_UNKNOWN,
                                     .offset = NUMBER_UNKNOWN,
                                     .bytes = NUMBER_UNKNOWN}});
}

void places_ask_next(struct file_task *t)
{
    bool some = any_in_state(t, PLACE_READY) || any_in_state(t, PLACE_ASKING);
    if (!t->err && !some) file_places_resolve(t);
}

static void ready(struct place *p)
{
    struct file_task *t = p->file;
    p->state = PLACE_READY;
    if (t->size == TO_THE_END) t->size = p->resolve.size;
    if (t->state == STATE_RESOLVING) t->state = STATE_RESOLVED;
}

static enum mirror_move move_of(const struct place *p, enum err e)
{
    const struct call *c = &p->call;
    if (e == ERR_CANCELLED || !c->exchange) return MOVE_NOT;
    enum mirror_move m = mirrors_move(&c->exchange->reply.outcome, place_is_own(p));
    return m == MOVE_NOT && !place_is_own(p) ? MOVE_DROP : m; // its answer was no good
}

static void refused(struct place *p, enum err e, const struct why *why)
{
    struct file_task *t = p->file;
    struct fetch *f = t->fetch;
    p->state = PLACE_UNASKED;
    if (t->err || t->state >= STATE_PUBLISHING) return;
    enum mirror_move move = move_of(p, e);
    if (place_is_own(p) && (move != MOVE_ELSEWHERE || !places_others(t, p))) {
        file_task_fail(t, e, why);
        return;
    }
    if (move == MOVE_DROP) place_drop(p, e == ERR_INTEGRITY ? "differs" : err_word(e));
    if (move == MOVE_ELSEWHERE) {
        const struct outcome *o = &p->call.exchange->reply.outcome;
        struct mirror_facts facts = {.started_ns = p->asked_ns,
                                     .now_ns = loop_now_ns(f->loop),
                                     .wait_s = outcome_told_wait_s(o)};
        t->failovers++;
        place_tell_out(p, cause_word(o->cause), mirrors_failed(&f->mirrors, p->origin, &facts));
    }
    places_ask_next(t);
}

static void send_resolve(struct place *p);

static void on_resolve(struct call *c)
{
    struct place *p = container_of(c, struct place, call);
    struct file_task *t = p->file;
    struct fetch *f = t->fetch;
    t->asking--;
    enum resolve_step step = RESOLVE_READY;
    struct why why = {""};
    const struct listing_entry *entry = t->file->entry;
    enum err e = c->err;
    if (e) {
        e = call_explain(c, f->source, entry->path, &why);
    } else {
        e = resolve_reply(f->source, entry, &p->resolve, &c->exchange->reply, &step, &why);
    }
    if (!e && step == RESOLVE_AGAIN) {
        send_resolve(p);
        return;
    }
    task_end(f->spine->tasks, p->resolving, e, &why);
    if (e) {
        refused(p, e, &why);
    } else {
        ready(p);
    }
    file_task_step(t);
    fetch_schedule(f);
}

static void send_resolve(struct place *p)
{
    struct file_task *t = p->file;
    call_done(&p->call);
    call_init(&p->call, place_is_own(p) ? PACE_RESOLVE : PACE_NONE, on_resolve);
    p->call.file_id = t->file->id;
    p->call.parent = p->resolving;
    p->call.once = !place_is_own(p) || places_others(t, p);
    resolve_request(&p->resolve, &p->call.request);
    t->asking++;
    calls_send(t->fetch->calls, &p->call);
}

/* Several parts may find at once that their URL has expired: one question serves all. */
static void begin_resolving(struct place *p)
{
    const struct file_task *t = p->file;
    const char *name =
        place_is_own(p) ? t->file->entry->path : t->fetch->mirrors.items[p->origin].name;
    p->resolving =
        task_start(t->fetch->spine->tasks,
                   &(struct task_spec){.name = name, .kind = TASK_RESOLVE, .parent = t->task});
}

void file_places_ask(struct file_task *t, size_t place)
{
    struct place *p = &t->places[place];
    if (p->state == PLACE_ASKING) return;
    p->state = PLACE_ASKING;
    p->asked++;
    p->asked_ns = loop_now_ns(t->fetch->loop);
    resolve_done(&p->resolve);
    struct why why;
    enum err e = resolve_start(t->fetch->source, t->file->entry, place, &p->resolve, &why);
    if (!p->call.done) call_init(&p->call, PACE_RESOLVE, on_resolve);
    if (e) {
        refused(p, e, &why);
    } else if (p->resolve.needs_request && t->size != 0) {
        begin_resolving(p);
        send_resolve(p);
    } else {
        ready(p); // final already, or nothing to ask for
    }
}

/* Whoever is suspected gets another chance, now that nobody else is left. */
static struct place *acquitted(struct file_task *t)
{
    for (size_t i = 0; i < t->place_count; i++)
        t->places[i].suspect = false;
    file_blame_forget(t);
    return places_best(t, PLACE_UNASKED, PLACE_READY);
}

void file_places_resolve(struct file_task *t)
{
    if (t->state != STATE_FETCHING) t->state = STATE_RESOLVING;
    if (t->place_count == 1) {
        file_places_ask(t, 0);
        return;
    }
    const struct place *best = places_best(t, PLACE_UNASKED, PLACE_READY);
    if (!best && any_in_state(t, PLACE_ASKING)) return;
    if (!best) best = acquitted(t);
    if (!best && any_in_state(t, PLACE_ASKING)) return; // one of those just acquitted
    if (best) {
        file_places_ask(t, (size_t)(best - t->places));
        return;
    }
    struct why why;
    enum err e = fail(&why, ERR_INTEGRITY, "no origin is left that sends '%s' as it is listed",
                      t->file->entry->path);
    file_task_fail(t, e, &why);
}

void file_places_look(struct file_task *t)
{
    const struct fetch *f = t->fetch;
    if (t->place_count == 1 || t->err || f->stopping || t->whole) return;
    const struct place *now = places_best(t, PLACE_READY, PLACE_READY);
    bool worth = t->size != TO_THE_END && t->size >= WORTH_BYTES && f->settings->connections > 1;
    bool in_need = !now || place_is_out(now);
    for (size_t i = 0; i < t->place_count && (worth || in_need); i++) {
        const struct place *p = &t->places[i];
        bool ask = p->state == PLACE_UNASKED && !p->suspect && !place_is_out(p);
        if (ask) file_places_ask(t, i);
    }
}

void file_places_call_back(struct file_task *t)
{
    for (size_t i = 0; i < t->place_count; i++) {
        if (t->places[i].state == PLACE_ASKING) call_cancel(&t->places[i].call);
    }
}
