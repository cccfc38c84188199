#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/file_twins.h"

/* Less than a kill may cost anyway: smaller files have no journal. */
#define JOURNAL_MIN_BYTES (UINT64_C(8) << 20)

/* Smaller ones are written at once: that a disk is full shows as early without a reservation. */
#define RESERVE_MIN_BYTES (UINT64_C(1) << 20)

static void note_journal(const struct file_job *fj)
{
    struct spine *spine = fj->file->fetch->spine;
    struct resource *journal = &spine->journal;
    if (fj->journal_doubted) {
        spine_move(spine, journal, RESOURCE_DEGRADED, "does not fit its partial");
    } else if (fj->file->journal_fd >= 0) {
        spine_move(spine, journal, RESOURCE_READY, NULL);
    }
}

static void done(struct job *j)
{
    struct file_job *fj = container_of(j, struct file_job, job);
    struct file_task *t = fj->file;
    struct fetch *f = t->fetch;
    t->job_out = false;
    note_journal(fj);
    task_end(f->spine->tasks, fj->task, fj->err, &fj->why);
    if (fj->err) file_task_fail(t, fj->err, &fj->why);
    file_task_step(t);
    fetch_schedule(f);
}

static void submit(struct file_task *t, const char *what, job_fn *work)
{
    t->job = (struct file_job){.job = {.work = work, .done = done}, .file = t};
    t->job.task =
        task_start(t->fetch->spine->tasks,
                   &(struct task_spec){.name = what, .kind = TASK_JOB, .parent = t->task});
    t->job_out = true;
    pool_run(t->fetch->pool, &t->job.job);
}

static struct file_job *of(struct job *j)
{
    return container_of(j, struct file_job, job);
}

/* What an earlier run left of it, by its journal. */
static enum err read_journal(struct file_task *t, uint64_t inode, bool part_is_whole,
                             struct why *why)
{
    enum err e = dest_open_journal(t->fetch->dest, &t->names, &t->journal_fd, why);
    if (!e) {
        struct journal_binding binding = {t->names.id, t->size, inode};
        e = journal_open(&t->journal, t->journal_fd, &binding, &t->done, why);
    }
    bool vouched = t->names.identity != NULL; // a digest or a strong validator decides later
    if (e || (vouched && part_is_whole)) return e;
    t->job.journal_doubted = ranges_total(&t->done) > 0;
    ranges_clear(&t->done);
    return journal_restart(&t->journal, why);
}

/* Part file and journal, what they hold, and the space for the rest. */
static void prepare(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    const char *name = t->file->entry->path;
    struct fs_stamp part;
    fj->err = dest_open_part(t->fetch->dest, &t->names, &t->part_fd, &fj->why);
    if (!fj->err) fj->err = fs_stat_fd(t->part_fd, &part, &fj->why);
    if (fj->err) return;
    bool known = t->size != TO_THE_END;
    if (known && t->size >= JOURNAL_MIN_BYTES) {
        fj->err = read_journal(t, part.inode, part.size == t->size, &fj->why);
    }
    if (!fj->err && !known && ftruncate(t->part_fd, 0)) {
        fj->err = fail_errno(&fj->why, "cannot empty the partial of '%s'", name);
    }
    bool worth_it = part.size > t->size || t->size >= RESERVE_MIN_BYTES;
    if (!fj->err && known && part.size != t->size && worth_it) {
        fj->err = fs_reserve(t->part_fd, t->size, name, &fj->why);
    }
}

void file_job_prepare(struct file_task *t)
{
    submit(t, "prepare", prepare);
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
    submit(t, "open", open_final);
}

static void hash(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    const struct catch_up c = {.fd = t->part_fd,
                               .name = t->file->entry->path,
                               .hasher = t->hasher,
                               .to = t->hash_to,
                               .slab = j->scratch};
    fj->err = file_sink_catch_up(&c, &fj->why);
}

void file_job_hash(struct file_task *t, uint64_t to)
{
    t->hash_to = to;
    submit(t, "hash", hash);
}

static void move(struct job *j)
{
    struct file_job *fj = of(j);
    const struct file_task *t = fj->file;
    const struct twin *w = t->twin;
    const char *name = t->file->entry->path;
    for (uint64_t at = w->moved.from; at < w->moved.to && !fj->err;) {
        uint64_t left = w->moved.to - at;
        size_t len = left < SLAB_BYTES ? (size_t)left : SLAB_BYTES;
        fj->err = fs_read_at(w->fd, j->scratch, &len, at, name, &fj->why);
        if (!fj->err) fj->err = fs_write_at(t->part_fd, j->scratch, len, at, name, &fj->why);
        at += len;
    }
}

void file_job_move(struct file_task *t)
{
    submit(t, "move", move);
}

/* ---- what changed ---- */

static enum err print_range(const struct file_task *t, const struct range *r, unsigned char *block,
                            struct why *why)
{
    struct prints *p = t->prints;
    for (uint64_t at = r->from; at < r->to; at += PRINT_BLOCK_BYTES) {
        uint64_t left = r->to - at;
        size_t len = left < PRINT_BLOCK_BYTES ? (size_t)left : PRINT_BLOCK_BYTES;
        enum err e = fs_read_at(t->part_fd, block, &len, at, t->file->entry->path, why);
        if (e) return e;
        p->items[p->count++] = crc32c(block, len);
    }
    return OK;
}

static void print(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    for (size_t i = 0; i < t->suspected.count && !fj->err; i++)
        fj->err = print_range(t, &t->suspected.items[i], j->scratch, &fj->why);
}

void file_job_print(struct file_task *t, struct prints *ret)
{
    size_t blocks = 0;
    for (size_t i = 0; i < t->suspected.count; i++) {
        uint64_t len = t->suspected.items[i].to - t->suspected.items[i].from;
        blocks += (size_t)((len + PRINT_BLOCK_BYTES - 1) / PRINT_BLOCK_BYTES);
    }
    mem_free(ret->items);
    *ret = (struct prints){.items = mem_array(blocks + 1, sizeof(*ret->items))};
    t->prints = ret;
    submit(t, "compare", print);
}

static void publish(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    struct fetch *f = t->fetch;
    fj->err = fs_stat_fd(t->part_fd, &t->stamp, &fj->why);
    if (!fj->err && t->stamp.size != t->size) {
        fj->err = fail(&fj->why, ERR_DISK, "the partial of '%s' changed its size meanwhile",
                       t->file->entry->path);
    }
    if (fj->err) return;
    fj->err = dest_publish(f->dest, &t->names, f->commit, t->part_fd, &t->stamp, &fj->why);
}

void file_job_publish(struct file_task *t)
{
    submit(t, "publish", publish);
}

static void link_only(struct job *j)
{
    struct file_job *fj = of(j);
    struct file_task *t = fj->file;
    if (t->names.link_rel) fj->err = dest_link(t->fetch->dest, &t->names, &fj->why);
}

void file_job_link(struct file_task *t)
{
    submit(t, "link", link_only);
}
