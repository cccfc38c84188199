/* Who waits for a task to end. */
#include "download/async/task_private.h"

static void tell_wait(struct timer *timer)
{
    struct task_wait *w = container_of(timer, struct task_wait, timer);
    struct task_info info;
    bool known = task_find(w->tasks, w->id, &info);
    bool alive = known && (info.state == TASK_PENDING || info.state == TASK_RUNNING);
    list_remove(&w->node);
    w->what = !known ? TASK_FORGOTTEN : alive ? TASK_TIMED_OUT : TASK_ENDED;
    w->done(w, w->what, known ? &info : NULL);
}

void task_wait(struct tasks *ts, struct task_wait *w, struct id id, uint64_t timeout_ns)
{
    struct task *t = idmap_find(ts->ids, id);
    w->tasks = ts;
    w->id = id;
    list_init(&w->node);
    timer_init(&w->timer, tell_wait);
    uint64_t now = loop_now_ns(ts->loop);
    if (!t || !task_is_alive(t)) {
        timer_set(ts->loop, &w->timer, 0);
        return;
    }
    list_add_tail(&t->waits, &w->node);
    if (timeout_ns < UINT64_MAX - now) timer_set(ts->loop, &w->timer, now + timeout_ns);
}

void task_wait_drop(struct task_wait *w)
{
    timer_cancel(&w->timer);
    list_remove(&w->node);
}

void task_wake_waits(const struct tasks *ts, struct task *t)
{
    list_each (node, &t->waits) {
        struct task_wait *w = container_of(node, struct task_wait, node);
        timer_set(ts->loop, &w->timer, 0);
    }
}

enum err task_await(struct tasks *ts, struct id id, struct why *why)
{
    struct task *t = idmap_find(ts->ids, id);
    while (t && task_is_alive(t)) {
        loop_turn(ts->loop);
        t = idmap_find(ts->ids, id);
    }
    if (!t) return fail(why, ERR_INTERNAL, "a task was forgotten while it was waited for");
    return t->info.err ? fail(why, t->info.err, "%s", t->info.why) : OK;
}
