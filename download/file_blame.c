/* file_blame.c - a file whose bytes are of several places is not what its source promises: whose
 * are wrong? Found out by replacing: what the least trusted place sent is fetched again from the
 * others. Then either all is well, and it was that place; or the rest is looked at in the same way,
 * until all is from one place, and that one has been proven wrong by itself.
 *
 *   bytes of an earlier run ─▶ a mirror that was wrong before ─▶ the last mirror ─▶ … ─▶ the own
 * place
 *
 * Every round takes a place away, so there is an end. */
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_places.h"
#include "download/file_task.h"

static void tell(const struct place *p, uint64_t wait_ns)
{
    const struct file_task *t = p->file;
    bool ranged = t->suspected.count > 0;
    emit(t->fetch->emitter,
         (struct event){.type = EV_MIRROR,
                        .u.mirror = {.origin = t->fetch->mirrors.items[p->origin].name,
                                     .id = t->file->id,
                                     .cause = cause_word(CAUSE_DIGEST),
                                     .wait_ms = wait_ns / MILLI_NS,
                                     .offset = ranged ? t->suspected.items[0].from : 0,
                                     .bytes = ranged ? ranges_total(&t->suspected) : t->size}});
}

static void convict(struct place *p)
{
    struct fetch *f = p->file->fetch;
    p->state = PLACE_GONE;
    tell(p, mirrors_wrong(&f->mirrors, p->origin, loop_now_ns(f->loop)));
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

/* These bytes are missing again. */
static void take_out(struct file_task *t, struct ranges *take_bad)
{
    struct fetch *f = t->fetch;
    uint64_t bytes = ranges_total(take_bad);
    const struct range *first = take_bad->items;
    for (size_t i = 0; i < take_bad->count; i++) {
        ranges_remove(&t->done, take_bad->items[i].from, take_bad->items[i].to);
        ranges_remove(&t->claimed, take_bad->items[i].from, take_bad->items[i].to);
    }
    f->bytes_present -= bytes;
    emit(f->emitter, (struct event){.type = EV_RETRY,
                                    .u.retry = {.id = t->file->id,
                                                .offset = first ? first->from : 0,
                                                .attempt = 1,
                                                .cause = cause_word(CAUSE_DIGEST),
                                                .http_status = NUMBER_UNKNOWN}});
    ranges_done(&t->suspected);
    t->suspected = *take_bad;
    *take_bad = (struct ranges){0};
    file_task_new_hasher(t);
    struct why why;
    enum err e = rewrite_journal(t, &why);
    if (e) file_task_fail(t, e, &why);
}

/* Bytes that no place of this run vouches for. */
static bool take_out_earlier(struct file_task *t)
{
    struct ranges earlier = {0};
    for (size_t i = 0; i < t->done.count; i++)
        ranges_add(&earlier, t->done.items[i].from, t->done.items[i].to);
    for (size_t i = 0; i < t->place_count; i++) {
        const struct ranges *served = &t->places[i].served;
        for (size_t k = 0; k < served->count; k++)
            ranges_remove(&earlier, served->items[k].from, served->items[k].to);
    }
    uint64_t bytes = ranges_total(&earlier);
    if (bytes) {
        t->fetch->bytes_reused -= bytes;
        t->reused -= bytes;
        take_out(t, &earlier);
    }
    ranges_done(&earlier);
    return bytes != 0;
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
    ranges_clear(&t->suspected);
    convict(p);
    bool others = false;
    for (size_t i = 0; i < t->place_count; i++) {
        t->places[i].suspect = false;
        others = others || t->places[i].state != PLACE_GONE;
    }
    if (!others) return BLAME_ALL;
    struct ranges all = {0};
    ranges_add(&all, 0, t->size);
    take_out(t, &all);
    ranges_clear(&t->suspected); // it was judged already
    file_places_forget(t);
    return BLAME_AGAIN;
}

enum blame file_blame(struct file_task *t)
{
    if (t->place_count == 1 || t->size == 0) return BLAME_NOBODY;
    t->suspect = NULL; // if it was, then not alone
    enum blame found = BLAME_AGAIN;
    SCOPED(mem_freep) struct place **from = mem_array(t->place_count, sizeof(struct place *));
    if (take_out_earlier(t)) {
        ranges_clear(&t->suspected);
    } else {
        size_t n = serving(t, from);
        struct place *p = n > 1 ? least_trusted(t, from, n) : from[0];
        if (n > 1) {
            p->suspect = true;
            t->suspect = p;
            take_out(t, &p->served);
        } else {
            found = only_one_left(t, p);
        }
    }
    if (found == BLAME_AGAIN && !file_places_choose(t)) file_places_resolve(t);
    return found;
}

void file_blame_settle(struct file_task *t)
{
    if (!t->suspect) return;
    convict(t->suspect);
    t->suspect = NULL;
}
