/* Is what arrived the file that was promised, may it be continued, and how does it begin anew? */
#include <unistd.h>

#include "download/base/mem.h"
#include "download/file_twins.h"

bool file_task_has_digest(const struct file_task *t)
{
    return t->file->entry->digest.kind != DIGEST_NONE;
}

void file_task_new_hasher(struct file_task *t)
{
    hasher_free(t->hasher);
    t->hasher = hasher_new(t->file->entry->digest.kind, t->size == TO_THE_END ? 0 : t->size);
}

/* Its origin knows ranges, and something would tell two versions apart. */
bool file_task_can_continue(const struct file_task *t)
{
    return t->retry.wholes == 0 && (file_task_has_digest(t) || t->places[0].resolve.etag);
}

/* ---- anew ---- */

static void uncount(struct file_task *t)
{
    struct fetch *f = t->fetch;
    f->bytes_present -= ranges_total(&t->done);
    f->bytes_reused -= t->reused;
    t->reused = 0;
    ranges_clear(&t->done);
    ranges_clear(&t->claimed);
    file_places_forget(t);
}

/* What a probe learned belongs to the version that is gone, and so does the name it is vouched for
 * by. (A listing gives no validators.) */
static void forget_version(struct file_task *t)
{
    struct listing_entry *e = t->file->entry;
    if (file_task_has_digest(t) || !e->etag) return;
    mem_free(e->etag);
    e->etag = NULL;
    e->size = SIZE_NOT_KNOWN;
    mem_free(t->names.identity);
    t->names.identity = NULL;
}

static enum err empty(struct file_task *t, struct why *why)
{
    enum err e = t->journal_fd >= 0 ? journal_restart(&t->journal, why) : OK;
    if (e || t->file->entry->size != SIZE_NOT_KNOWN) return e;
    if (!ftruncate(t->part_fd, 0)) return OK;
    return fail_errno(why, "cannot empty the partial of '%s'", t->file->entry->path);
}

void file_task_begin_anew(struct file_task *t)
{
    struct why why;
    t->restart = false;
    twin_drop(t);
    uncount(t);
    if (!t->whole) forget_version(t);
    t->size = t->file->entry->size;
    file_task_new_hasher(t);
    enum err e = empty(t, &why);
    if (e) {
        file_task_fail(t, e, &why);
    } else if (t->whole) {
        mem_free(t->places[0].resolve.etag); // in one piece no two versions meet
        t->places[0].resolve.etag = NULL;
    } else {
        file_places_resolve(t); // a new look: URL, size, validator
    }
}

/* ---- the end ---- */

static enum err wrong_digest(const struct file_task *t, const struct digest *actual,
                             struct why *why)
{
    char expected[DIGEST_TEXT_MAX];
    char got[DIGEST_TEXT_MAX];
    digest_print(&t->file->entry->digest, expected);
    digest_print(actual, got);
    return fail(why, ERR_INTEGRITY, "'%s' is not what its source promises: expected %s, got %s",
                t->file->entry->path, expected, got);
}

static void digest_failed(struct file_task *t, const struct digest *actual)
{
    struct fetch *f = t->fetch;
    struct outcome o = {.cause = CAUSE_DIGEST};
    struct retry_facts facts = {0};
    enum blame blame = file_blame(t);
    if (blame == BLAME_AGAIN) return;
    struct verdict v = retry_decide(&t->retry, &f->policy, &facts, &o, &f->rng);
    struct why why;
    enum err e = wrong_digest(t, actual, &why);
    if (v.action == DO_RESTART && blame == BLAME_NOBODY) {
        emit(f->emitter, (struct event){.type = EV_RETRY,
                                        .u.retry = {.id = t->file->id,
                                                    .attempt = 1,
                                                    .cause = cause_word(CAUSE_DIGEST),
                                                    .http_status = NUMBER_UNKNOWN}});
        file_task_begin_anew(t);
        return;
    }
    dest_drop_part(f->dest, &t->names);
    file_task_fail(t, e, &why);
}

static void publish(struct file_task *t)
{
    t->state = STATE_PUBLISHING;
    file_job_publish(t);
}

/* The digest of what is there; false: it cannot be had, and the file has failed. */
static bool finish_digest(struct file_task *t, struct digest *ret)
{
    if (t->hasher && hasher_finish(t->hasher, ret)) return true;
    struct why why;
    enum err e =
        fail(&why, ERR_INTERNAL, "the digest of '%s' cannot be computed", t->file->entry->path);
    file_task_fail(t, e, &why);
    return false;
}

void file_task_check(struct file_task *t)
{
    bool was_right = t->inquest == INQUEST_AFTER;
    if (file_blame_step(t)) return;
    if (was_right || !file_task_has_digest(t)) {
        publish(t);
        return;
    }
    if (t->hasher && hasher_bytes(t->hasher) != t->size) return;
    struct digest actual;
    if (!finish_digest(t, &actual)) return;
    if (!digest_equal(&actual, &t->file->entry->digest)) {
        digest_failed(t, &actual);
    } else if (!file_blame_settle(t)) {
        publish(t);
    }
}
