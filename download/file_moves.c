/* file_moves.c - what becomes of a file's places by what its parts meet there: a place that is not
 * well is left for another, a mirror that does not have the file is dropped, and the own place's
 * refusals stay the answer (retry.c). */
#include "download/base/clock.h"
#include "download/file_places_private.h"
#include "download/file_task.h"

void file_places_started(struct file_task *t, const struct place *place, struct part_task *p)
{
    p->place = (size_t)(place - t->places);
    p->asked = place->asked;
    p->started_ns = loop_now_ns(t->fetch->loop);
    mirrors_started(&t->fetch->mirrors, place->origin);
}

void file_places_ended(struct file_task *t, const struct part_task *p)
{
    struct fetch *f = t->fetch;
    struct place *place = &t->places[p->place];
    const struct outcome *o = &p->exchange->reply.outcome;
    bool failed = mirrors_move(o, p->place == 0) == MOVE_ELSEWHERE;
    bool refused = o->cause == CAUSE_RATE_LIMIT;
    uint64_t told_s = refused ? retry_asked_wait_ns(o) / SECOND_NS : outcome_told_wait_s(o);
    struct mirror_facts facts = {.started_ns = p->started_ns,
                                 .now_ns = loop_now_ns(f->loop),
                                 .bytes = p->exchange->reached - p->exchange->from,
                                 .failed = failed,
                                 .wait_s = failed ? told_s : 0};
    contacts_note(&f->contacts[place->origin], o);
    place->bytes += facts.bytes;
    if (facts.bytes) {
        place->refreshes = 0;
        t->failovers = 0;
    }
    place_tell_out(place, cause_word(o->cause), mirrors_ended(&f->mirrors, place->origin, &facts));
}

bool file_places_crawls(const struct file_task *t, const struct part_task *p)
{
    const struct fetch *f = t->fetch;
    const struct place *place = &t->places[p->place];
    uint64_t now = loop_now_ns(f->loop);
    if (t->place_count == 1 || t->whole || t->err) return false;
    const struct place *other = places_best(t, PLACE_READY, PLACE_READY);
    return other && other != place &&
           mirrors_crawls(&f->mirrors, place->origin, p->counted - p->range.from,
                          now - p->started_ns, now);
}

/* The mirror's URL has expired: a new one, a few times. */
static bool refresh(struct file_task *t, const struct part_task *p, const struct outcome *o)
{
    struct place *place = &t->places[p->place];
    bool refusal = o->cause == CAUSE_STATUS && (o->status == 401 || o->status == 403);
    if (!refusal || !place->resolve.needs_request || place->refreshes >= RETRY_MAX_REFRESHES) {
        return false;
    }
    place->refreshes++;
    file_places_ask(t, p->place);
    return true;
}

static bool follow(struct file_task *t, const struct part_task *p)
{
    struct place *place = &t->places[p->place];
    const char *location = headers_get(&p->exchange->reply.headers, "Location");
    return location && resolve_redirect(t->fetch->source, t->file->entry, &place->resolve, location,
                                        NULL) == OK;
}

/* Something is wrong between us and a mirror. */
static void move_from_mirror(struct file_task *t, const struct part_task *p,
                             const struct outcome *o)
{
    struct place *place = &t->places[p->place];
    bool stale = p->asked != place->asked || place->state != PLACE_READY;
    if (stale || refresh(t, p, o)) return;
    if (o->cause == CAUSE_REDIRECT && follow(t, p)) {
        place->asked++; // what others were told before counts no more
        return;
    }
    place_drop(place, cause_word(o->cause));
    places_ask_next(t);
}

bool file_places_move(struct file_task *t, const struct part_task *p, const struct outcome *o)
{
    if (t->place_count == 1 || t->whole) return false;
    enum mirror_move move = mirrors_move(o, p->place == 0);
    switch (move) {
    case MOVE_NOT: return false;
    case MOVE_DROP: move_from_mirror(t, p, o); return true;
    case MOVE_ELSEWHERE: break;
    }
    if (!places_others(t, &t->places[p->place])) return false;
    t->failovers++;
    part_tell_retry(t, p, o, 0);
    file_places_look(t);
    return true;
}
