/* Which connection fetches what: for each origin the files that come from it, as sched/order.h
 * wants to see them, and its choices carried out. */
#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/file_task.h"

/* One origin's files and requests, in the order of order.h. */
struct look {
    struct fetch *f;
    struct origin *origin;
    struct file_task **tasks; // by order_file.id
    struct order_file *order;
    struct sched_file *files;
    struct order_running *running;
    struct part_task **parts; // of `running`; NULL: a steal that was asked for
    struct order_view view;
};

static void look_done(struct look *l)
{
    mem_free(l->tasks);
    mem_free(l->order);
    mem_free(l->files);
    mem_free(l->running);
    mem_free(l->parts);
}

static void look_at_running(struct look *l)
{
    const struct fetch *f = l->f;
    l->running = mem_array(f->running + l->origin->cutting + 1, sizeof(*l->running));
    l->parts = mem_array(f->running + l->origin->cutting + 1, sizeof(struct part_task *));
    size_t count = 0;
    list_each (node, &f->tasks) {
        list_each (part, &container_of(node, struct file_task, node)->parts) {
            struct part_task *p = container_of(part, struct part_task, node);
            if (p->origin != l->origin) continue;
            l->parts[count] = p;
            bool stays = p->file->whole; // what it has would be lost: the last to be asked
            l->running[count++] =
                (struct order_running){.rank = stays ? PRIORITY_CRITICAL : p->rank,
                                       .rate = p->rate_bytes_per_s,
                                       .left_bytes = p->range.to - p->counted,
                                       .ending = p->ending};
        }
    }
    for (unsigned i = 0; i < l->origin->cutting; i++)
        l->running[count++] =
            (struct order_running){.ending = true}; // its connection is spoken for
    l->view.running = l->running;
    l->view.running_count = count;
}

/* They would take a connection in a moment, wherever they come from. */
static void count_waiting(struct look *l)
{
    const struct fetch *f = l->f;
    for (size_t c = 0; c < ORDER_CLASSES; c++)
        l->view.waiting[c] = f->unbegun[c];
    list_each (node, &f->tasks) {
        const struct file_task *t = container_of(node, struct file_task, node);
        bool soon = t->state == STATE_RESOLVING || t->state == STATE_RESOLVED ||
                    t->state == STATE_PREPARING;
        l->view.waiting[t->file->priority] += soon && !t->err;
    }
}

static void look_at_files(struct look *l, uint64_t now_ns)
{
    const struct fetch *f = l->f;
    l->tasks = mem_array(f->task_count + 1, sizeof(struct file_task *));
    l->order = mem_array(f->task_count + 1, sizeof(*l->order));
    l->files = mem_array(f->task_count + 1, sizeof(*l->files));
    SCOPED(mem_freep) struct sched_file *views = mem_array(f->task_count + 1, sizeof(*views));
    size_t count = 0;
    list_each (node, &f->tasks) {
        struct file_task *t = container_of(node, struct file_task, node);
        if (file_task_origin(t) != l->origin) continue;
        file_task_hold_back(t);
        struct sched_file *view = &views[count];
        file_task_view(t, view);
        l->order[count] = (struct order_file){.id = count,
                                              .priority = t->file->priority,
                                              .shard = plan_shard_number(t->file->entry->path),
                                              .running = view->running > 0,
                                              .ready = view->ready,
                                              .begun = true,
                                              .left_bytes = t->size - ranges_total(&t->done)};
        l->tasks[count++] = t;
    }
    order_sort(l->order, count, &l->origin->ages, now_ns);
    for (size_t i = 0; i < count; i++)
        l->files[i] = views[l->order[i].id];
    l->view.order = l->order;
    l->view.files = l->files;
    l->view.count = count;
}

static unsigned idlest_shard(const struct fetch *f, unsigned prefer)
{
    unsigned best = prefer;
    for (unsigned i = 0; i < f->shard_count; i++) {
        if (f->load[i] < f->load[best]) best = i;
    }
    return best;
}

static void wait_for(struct look *l, uint64_t wait_ns, uint64_t now_ns)
{
    struct timer *again = &l->f->again;
    l->origin->limited = true;
    if (!timer_is_set(again) || again->at_ns > now_ns + wait_ns) {
        timer_set(l->f->loop, again, now_ns + wait_ns);
    }
}

/* False: the origin does not want another request yet; then `again` is set. */
static bool may_start(struct look *l, uint64_t now_ns)
{
    uint64_t wait_ns = origin_wait_ns(l->origin, now_ns);
    if (wait_ns) wait_for(l, wait_ns, now_ns);
    return !wait_ns;
}

/* ---- an origin that wants no request ---- */

enum { NEWS_S = 2 }; // a wait that was told again is told to people when it grew by more

static void announce(struct look *l, uint64_t until_ns, uint64_t now_ns)
{
    const struct fetch *f = l->f;
    struct origin *o = l->origin;
    bool same = now_ns <= o->held_until_ns;
    o->held_until_ns = until_ns;
    if (same && until_ns <= o->announced_ns + NEWS_S * SECOND_NS) return;
    o->announced_ns = until_ns;
    emit(f->emitter, (struct event){.type = EV_WAIT,
                                    .u.wait = {.origin = o->name,
                                               .wait_ms = (until_ns - now_ns) / MILLI_NS,
                                               .cause = "rate-limit"}});
}

static void give_up(struct look *l, struct file_task *t, uint64_t told_ns)
{
    struct calls *calls = l->f->calls;
    struct why why;
    calls->too_long_ns = told_ns;
    enum err e = calls_explain_wait(calls, l->origin->name, &why);
    file_task_fail(t, e, &why);
    file_task_wait(t, "its end", loop_now_ns(l->f->loop));
}

/* Files that would ask it stay where they are in its queue, or fail when it is too long. What runs
 * goes on: it is ended for nobody who would have to wait. */
static void hold(struct look *l, uint64_t told_ns, uint64_t now_ns)
{
    const uint64_t most_ns = l->f->policy.max_wait_s * SECOND_NS;
    bool too_long = told_ns > most_ns || l->origin->starts.waited_ns > most_ns;
    bool any = false;
    for (size_t i = 0; i < l->view.count; i++) {
        if (!l->files[i].ready || !l->files[i].has_hole) continue;
        any = true;
        if (too_long) give_up(l, l->tasks[l->order[i].id], told_ns);
    }
    wait_for(l, told_ns, now_ns);
    l->origin->held = any && !too_long;
    if (l->origin->held) announce(l, now_ns + told_ns, now_ns);
    l->view.count = 0;
    if (l->view.connections < l->origin->running) {
        l->view.connections = burden_connections(&l->f->burden, l->origin->running);
    }
}

/* ---- what order.h chose ---- */

/* False: there is nothing more to do now. */
static bool carry_out(struct look *l, struct order_choice c, uint64_t now_ns)
{
    struct fetch *f = l->f;
    l->origin->idle = false;
    switch (c.what) {
    case ORDER_NOTHING: l->origin->idle = l->view.running_count < l->view.connections; break;
    case ORDER_FETCH: {
        struct file_task *t = l->tasks[l->order[c.index].id];
        if (!may_start(l, now_ns)) return false;
        if (!slabs_any(f->slabs)) return false; // the next one that comes home brings us back here
        enum priority rank = l->order[c.index].rank;
        return part_start(t, c.range, rank, idlest_shard(f, t->last_shard));
    }
    case ORDER_STEAL: part_cut_longest(l->tasks[l->order[c.index].id], c.range.from); return true;
    case ORDER_END: {
        struct part_task *p = l->parts[c.index];
        if (p->file->whole) return false;
        part_end(p);
        return true;
    }
    }
    return false;
}

/* At most. */
static uint64_t requests_left(const struct fetch *f)
{
    uint64_t total = f->plan->bytes_total;
    uint64_t bytes = f->bytes_present < total ? total - f->bytes_present : 0;
    return bytes / SCHED_PART_BYTES + f->plan->count - f->files_done - f->files_failed;
}

static bool allot_one(struct fetch *f, struct origin *o)
{
    uint64_t now_ns = loop_now_ns(f->loop);
    o->starts.needed = requests_left(f);
    SCOPED(look_done)
    struct look l = {.f = f,
                     .origin = o,
                     .view = {.connections = burden_connections(&f->burden, origin_wanted(o))}};
    look_at_files(&l, now_ns);
    look_at_running(&l);
    count_waiting(&l);
    uint64_t told_ns = starts_told_ns(&o->starts, now_ns);
    o->held = false;
    if (told_ns) hold(&l, told_ns, now_ns);
    return carry_out(&l, order_next(&l.view), now_ns);
}

void fetch_allot(struct fetch *f)
{
    list_each (node, &f->tasks)
        (void)file_task_origin(
            container_of(node, struct file_task, node)); // the new ones are known
    bool any = true;
    while (any) { // where a file's next request goes may change with each
        any = false;
        list_each (node, &f->origins.all) {
            while (!f->stopping && allot_one(f, container_of(node, struct origin, node)))
                any = true;
        }
    }
}
