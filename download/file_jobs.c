#include <inttypes.h>
#include <string.h>

#include "download/file_task.h"

static void done(struct job *j)
{
    struct file_job *fj = container_of(j, struct file_job, job);
    struct file_task *t = fj->file;
    struct fetch *f = t->fetch;
    t->job_out = false;
    if (fj->err) file_task_fail(t, fj->err, &fj->why);
    file_task_step(t);
    fetch_schedule(f);
}

static void submit(struct file_task *t, job_fn *work)
{
    t->job = (struct file_job){.job = {.work = work, .done = done}, .file = t};
    t->job_out = true;
    pool_run(t->fetch->pool, &t->job.job);
}

static struct file_job *of(struct job *j)
{
    return container_of(j, struct file_job, job);
}

/* Part file and journal, what they hold, and the space for the rest. */
static void prepare(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    struct fs_stamp part;
    struct why *why = &fj->why;
    fj->err = dest_open_part(t->fetch->dest, &t->names, &t->part_fd, &t->journal_fd, why);
    if (!fj->err) fj->err = fs_stat_fd(t->part_fd, &part, why);
    if (fj->err) return;
    uint64_t size = t->size == TO_THE_END ? 0 : t->size;
    fj->err =
        journal_open(&t->journal, t->journal_fd, t->names.id, size, part.inode, &t->done, why);
    if (fj->err) return;
    bool vouched = t->names.identity != NULL; // a digest or a strong validator decides later
    bool whole_file = part.size == size && size > 0;
    if (!vouched || !whole_file) {
        ranges_clear(&t->done);
        fj->err = journal_restart(&t->journal, why);
    }
    if (!fj->err && size && !whole_file) {
        fj->err = fs_reserve(t->part_fd, size, t->file->entry->path, why);
    }
}

void file_job_prepare(struct file_task *t)
{
    submit(t, prepare);
}

/* What cannot be opened is fetched as if it were missing. */
static void open_final(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    enum err e = dest_open_final(t->fetch->dest, &t->names, &t->part_fd, NULL);
    if (!e && fs_stat_fd(t->part_fd, &t->stamp, NULL)) fs_closep(&t->part_fd);
}

void file_job_open_final(struct file_task *t)
{
    submit(t, open_final);
}

static void hash(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    fj->err = file_sink_catch_up(t->part_fd, t->file->entry->path, t->hasher, t->hash_to, &fj->why);
}

void file_job_hash(struct file_task *t, uint64_t to)
{
    t->hash_to = to;
    submit(t, hash);
}

static void publish(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    struct fetch *f = t->fetch;
    fj->err = dest_publish(f->dest, &t->names, f->commit, t->part_fd, &t->stamp, &fj->why);
}

void file_job_publish(struct file_task *t)
{
    submit(t, publish);
}

static void link_only(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    if (t->names.link_rel) fj->err = dest_link(t->fetch->dest, &t->names, &fj->why);
}

void file_job_link(struct file_task *t)
{
    submit(t, link_only);
}
