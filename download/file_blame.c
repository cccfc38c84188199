/* file_blame.c - a file whose bytes are of several places is not what its source promises: whose
 * are wrong? Found out by replacing: what the least trusted place sent is fetched again from the
 * others. Then either all is well, and it was that place; or the rest is looked at in the same way,
 * until all is from one place, and that one has been proven wrong by itself.
 *
 *   bytes of an earlier run, a mirror that was wrong before, the last mirror, …, the own place
 *
 * Every round takes a place away, so there is an end. Prints of the suspected bytes, taken before
 * and after, tell where in them the wrong ones were. */
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_places.h"
#include "download/file_task.h"

/* From where to where the prints differ; all of what was suspected when they do not. */
static struct range wrong_bytes(const struct file_task *t)
{
    struct range wrong = {UINT64_MAX, 0};
    size_t k = 0;
    for (size_t i = 0; i < t->suspected.count; i++) {
        const struct range *r = &t->suspected.items[i];
        for (uint64_t at = r->from; at < r->to; at += PRINT_BLOCK_BYTES, k++) {
            bool same = k < t->before.count && k < t->after.count &&
                        t->before.items[k] == t->after.items[k];
            if (same) continue;
            uint64_t end = r->to - at < PRINT_BLOCK_BYTES ? r->to : at + PRINT_BLOCK_BYTES;
            if (at < wrong.from) wrong.from = at;
            if (end > wrong.to) wrong.to = end;
        }
    }
    if (wrong.to) return wrong;
    size_t n = t->suspected.count;
    if (n == 0) return (struct range){0, t->size};
    return (struct range){t->suspected.items[0].from, t->suspected.items[n - 1].to};
}

static void convict(struct place *p)
{
    struct file_task *t = p->file;
    struct fetch *f = t->fetch;
    uint64_t wait_ns = mirrors_wrong(&f->mirrors, p->origin, loop_now_ns(f->loop));
    struct range wrong = wrong_bytes(t);
    p->state = PLACE_GONE;
    emit(f->emitter, (struct event){.type = EV_MIRROR,
                                    .u.mirror = {.origin = f->mirrors.items[p->origin].name,
                                                 .id = t->file->id,
                                                 .cause = cause_word(CAUSE_DIGEST),
                                                 .wait_ms = wait_ns / MILLI_NS,
                                                 .offset = wrong.from,
                                                 .bytes = wrong.to - wrong.from}});
}

/* The journal says what is there, not what was. */
static enum err rewrite_journal(struct file_task *t, struct why *why)
{
    if (t->journal_fd < 0) return OK;
    enum err e = journal_restart(&t->journal, why);
    for (size_t i = 0; !e && i < t->done.count; i++)
        e = journal_add(&t->journal, t->done.items[i].from, t->done.items[i].to, why);
    return e;
}

void file_blame_forget(struct file_task *t)
{
    ranges_clear(&t->suspected);
    t->suspect = NULL;
    t->inquest = INQUEST_NONE;
}

/* What is suspected is missing again. */
static void take_out(struct file_task *t)
{
    struct fetch *f = t->fetch;
    const struct range *first = t->suspected.items;
    for (size_t i = 0; i < t->suspected.count; i++) {
        ranges_remove(&t->done, t->suspected.items[i].from, t->suspected.items[i].to);
        ranges_remove(&t->claimed, t->suspected.items[i].from, t->suspected.items[i].to);
    }
    f->bytes_present -= ranges_total(&t->suspected);
    emit(f->emitter, (struct event){.type = EV_RETRY,
                                    .u.retry = {.id = t->file->id,
                                                .offset = first ? first->from : 0,
                                                .attempt = 1,
                                                .cause = cause_word(CAUSE_DIGEST),
                                                .http_status = NUMBER_UNKNOWN}});
    file_task_new_hasher(t);
    struct why why;
    enum err e = rewrite_journal(t, &why);
    if (e) file_task_fail(t, e, &why);
    if (!e && !file_places_choose(t)) file_places_resolve(t);
}

/* Bytes that no place of this run vouches for: fetched again, whoever was wrong then. */
static bool take_out_earlier(struct file_task *t)
{
    for (size_t i = 0; i < t->done.count; i++)
        ranges_add(&t->suspected, t->done.items[i].from, t->done.items[i].to);
    for (size_t i = 0; i < t->place_count; i++) {
        const struct ranges *served = &t->places[i].served;
        for (size_t k = 0; k < served->count; k++)
            ranges_remove(&t->suspected, served->items[k].from, served->items[k].to);
    }
    uint64_t bytes = ranges_total(&t->suspected);
    if (bytes == 0) return false;
    t->fetch->bytes_reused -= bytes;
    t->reused -= bytes;
    take_out(t);
    file_blame_forget(t);
    return true;
}

/* Places that the bytes are from, by preference. */
static size_t serving(struct file_task *t, struct place **ret)
{
    size_t n = 0;
    for (size_t i = 0; i < t->place_count; i++) {
        if (t->places[i].served.count) ret[n++] = &t->places[i];
    }
    return n;
}

static struct place *least_trusted(const struct file_task *t, struct place *const *places, size_t n)
{
    SCOPED(mem_freep) unsigned *origins = mem_array(n, sizeof(*origins));
    for (size_t i = 0; i < n; i++)
        origins[i] = places[i]->origin;
    return places[mirrors_least_trusted(&t->fetch->mirrors, origins, n)];
}

/* All is from `p`: that one it is. The others get their chance, all bytes anew. */
static enum blame only_one_left(struct file_task *t, struct place *p)
{
    convict(p);
    bool others = false;
    for (size_t i = 0; i < t->place_count; i++) {
        t->places[i].suspect = false;
        others = others || t->places[i].state != PLACE_GONE;
    }
    if (!others) return BLAME_ALL;
    ranges_add(&t->suspected, 0, t->size);
    take_out(t);
    file_blame_forget(t); // it was judged already
    file_places_forget(t);
    return BLAME_AGAIN;
}

enum blame file_blame(struct file_task *t)
{
    if (t->place_count == 1 || t->size == 0) return BLAME_NOBODY;
    file_blame_forget(t); // whoever it was, not alone
    if (take_out_earlier(t)) return BLAME_AGAIN;
    SCOPED(mem_freep) struct place **from = mem_array(t->place_count, sizeof(struct place *));
    size_t n = serving(t, from);
    if (n == 1) return only_one_left(t, from[0]);
    t->suspect = least_trusted(t, from, n);
    t->suspect->suspect = true;
    ranges_done(&t->suspected);
    t->suspected = t->suspect->served;
    t->suspect->served = (struct ranges){0};
    t->inquest = INQUEST_BEFORE;
    file_job_print(t, &t->before);
    return BLAME_AGAIN;
}

bool file_blame_settle(struct file_task *t)
{
    if (t->inquest != INQUEST_AGAIN) return false;
    t->inquest = INQUEST_AFTER;
    file_job_print(t, &t->after);
    return true;
}

bool file_blame_step(struct file_task *t)
{
    switch (t->inquest) {
    case INQUEST_NONE:
    case INQUEST_AGAIN: return false;
    case INQUEST_BEFORE:
        t->inquest = INQUEST_AGAIN;
        take_out(t);
        return true;
    case INQUEST_AFTER:
        convict(t->suspect);
        file_blame_forget(t);
        return false;
    }
    return false;
}

void file_blame_done(struct file_task *t)
{
    ranges_done(&t->suspected);
    mem_free(t->before.items);
    mem_free(t->after.items);
}
