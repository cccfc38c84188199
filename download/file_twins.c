#include "download/file_twins.h"

#include "download/base/mem.h"

bool twin_is_second(const struct file_task *t, const struct part_task *p)
{
    return t->twin && t->twin->second == p;
}

bool twin_of(const struct file_task *t, const struct part_task *p)
{
    return t->twin && (t->twin->second == p || t->twin->first == p);
}

bool twin_counts(struct file_task *t, const struct part_task *p, uint64_t reached)
{
    if (!twin_is_second(t, p)) return false;
    t->twin->reached = reached;
    return true;
}

void twin_drop(struct file_task *t)
{
    struct twin *w = TAKE(t->twin);
    if (!w) return;
    t->fetch->bytes_hedged += w->reached - w->range.from;
    uint64_t brought = w->first ? w->first->range.to : w->missing; // or will be
    ranges_remove(&t->claimed, brought, w->range.to);
    fs_closep(&w->fd);
    mem_free(w);
}

/* Nobody brings more: what the second has is of use, or not. */
static void settle(struct file_task *t)
{
    const struct twin *w = t->twin;
    bool goes_on = !t->err && !t->restart && !t->parked;
    if (!goes_on || w->reached <= w->missing) twin_drop(t);
}

static bool first_ended(struct file_task *t, const struct part_task *p)
{
    struct twin *w = t->twin;
    w->first = NULL;
    w->missing = p->counted;
    ranges_remove(&t->claimed, p->range.from, p->range.to);
    ranges_add(&t->claimed, p->range.from, p->counted);
    ranges_add(&t->claimed, w->missing, w->range.to);
    if (!w->second) {
        settle(t);
    } else if (w->missing == w->range.to) {
        part_end(w->second);
    }
    return true;
}

bool twin_ended(struct file_task *t, struct part_task *p)
{
    struct twin *w = t->twin;
    if (!w || !twin_of(t, p)) return false;
    if (p == w->first) return first_ended(t, p);
    w->second = NULL;
    if (!w->first) {
        settle(t);
    } else if (w->reached == w->range.to) {
        part_end(w->first);
    } else {
        twin_drop(t);
    }
    return true;
}

static void moved(struct file_task *t)
{
    struct twin *w = TAKE(t->twin);
    t->fetch->bytes_hedged += w->missing - w->range.from;
    part_in_place(t, w->place, w->origin, w->moved);
    part_journal(t, w->moved);
    ranges_remove(&t->claimed, w->reached, w->range.to);
    fs_closep(&w->fd);
    mem_free(w);
}

void twin_step(struct file_task *t)
{
    struct twin *w = t->twin;
    if (!w || w->first || w->second) return;
    if (w->moved.to > w->moved.from) {
        moved(t);
        return;
    }
    w->moved = (struct range){w->missing, w->reached};
    file_job_move(t);
}

uint64_t twin_left(const struct file_task *t)
{
    const struct twin *w = t->twin;
    return w ? w->range.to - w->range.from : 0;
}
