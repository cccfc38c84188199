#include "download/async/task_private.h"

#include <assert.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "download/base/str.h"

const char *task_kind_word(enum task_kind k)
{
    static const char *const WORDS[] = {
#define KIND_WORD(name, word) [name] = word,
        TASK_KIND_LIST(KIND_WORD)
#undef KIND_WORD
    };
    return WORDS[k];
}

const char *task_state_word(enum task_state s)
{
    static const char *const WORDS[] = {[TASK_PENDING] = "pending",
                                        [TASK_RUNNING] = "running",
                                        [TASK_DONE] = "done",
                                        [TASK_FAILED] = "failed",
                                        [TASK_CANCELLED] = "cancelled"};
    return WORDS[s];
}

struct tasks *tasks_new(struct loop *l, size_t keep_ended)
{
    struct tasks *ts = mem_new(sizeof(*ts));
    ts->loop = l;
    ts->keep_ended = keep_ended;
    ts->ids = idmap_new();
    list_init(&ts->roots);
    list_init(&ts->ended);
    for (size_t k = 0; k < TASK_KINDS; k++) {
        list_init(&ts->running[k]);
        for (size_t p = 0; p < TASK_PRIORITIES; p++)
            list_init(&ts->pending[k][p]);
    }
    return ts;
}

/* ---- forgetting ---- */

static void forget(struct tasks *ts, struct task *t)
{
    list_remove(&t->node);
    ts->ended_count--;
    idmap_remove(ts->ids, t->info.id);
    list_each_safe (node, &t->waits)
        list_remove(node); // their timers are set
    mem_free(t->name);
    mem_free(t->why);
    mem_free(t);
}

size_t tasks_forget(struct tasks *ts, uint64_t age_ns)
{
    uint64_t now = loop_now_ns(ts->loop);
    size_t count = 0;
    while (!list_empty(&ts->ended)) {
        struct task *t = task_of_node(ts->ended.next);
        if (now - t->info.end_ns <= age_ns) break;
        forget(ts, t);
        count++;
    }
    return count;
}

static void drop_live(struct tasks *ts, struct list *siblings)
{
    while (!list_empty(siblings)) {
        struct task *t = task_of_node(siblings->next);
        drop_live(ts, &t->children);
        list_remove(&t->kin);
        ts->ended_count++;
        forget(ts, t);
    }
}

void tasks_free(struct tasks *ts)
{
    if (!ts) return;
    drop_live(ts, &ts->roots);
    while (!list_empty(&ts->ended))
        forget(ts, task_of_node(ts->ended.next));
    idmap_free(ts->ids);
    mem_free(ts);
}

/* ---- lives ---- */

static void set_state(struct tasks *ts, struct task *t, enum task_state state)
{
    ts->stats.by_state[t->info.state]--;
    t->info.state = state;
    ts->stats.by_state[state]++;
}

static struct list *kin_of(struct tasks *ts, const struct task *t)
{
    const struct task_info *i = &t->info;
    return i->state == TASK_PENDING ? &ts->pending[i->kind][i->priority] : &ts->running[i->kind];
}

struct id task_start(struct tasks *ts, const struct task_spec *spec)
{
    struct task *parent = idmap_find(ts->ids, spec->parent);
    assert(id_is_none(spec->parent) || (parent && task_is_alive(parent)));
    assert(spec->priority < TASK_PRIORITIES);
    struct task *t = mem_new(sizeof(*t));
    uint64_t now = loop_now_ns(ts->loop);
    t->name = mem_strdup(spec->name ? spec->name : "");
    t->cancel = spec->cancel;
    t->user = spec->user;
    t->parent = parent;
    list_init(&t->children);
    list_init(&t->waits);
    t->info = (struct task_info){.id = idmap_add(ts->ids, t),
                                 .parent = spec->parent,
                                 .name = t->name,
                                 .group = spec->group,
                                 .kind = spec->kind,
                                 .state = spec->pending ? TASK_PENDING : TASK_RUNNING,
                                 .priority = spec->priority,
                                 .depth = parent ? parent->info.depth + 1 : 0,
                                 .made_ns = now,
                                 .start_ns = spec->pending ? 0 : now,
                                 .why = ""};
    list_add_tail(parent ? &parent->children : &ts->roots, &t->node);
    list_add_tail(kin_of(ts, t), &t->kin);
    ts->live++;
    ts->stats.by_state[t->info.state]++;
    ts->stats.by_kind[spec->kind]++;
    ts->stats.by_priority[spec->priority]++;
    return t->info.id;
}

static struct id named(const struct list *kin, const char *name)
{
    list_each (node, kin) {
        const struct task *t = container_of(node, struct task, kin);
        if (str_eq(t->name, name)) return t->info.id;
    }
    return (struct id){0};
}

struct id task_by_name(const struct tasks *ts, enum task_kind kind, const char *name)
{
    struct id id = named(&ts->running[kind], name);
    for (size_t p = 0; id_is_none(id) && p < TASK_PRIORITIES; p++)
        id = named(&ts->pending[kind][p], name);
    return id;
}

bool task_start_or_join(struct tasks *ts, const struct task_spec *spec, struct id *ret_id)
{
    struct id there = task_by_name(ts, spec->kind, spec->name);
    *ret_id = id_is_none(there) ? task_start(ts, spec) : there;
    return id_is_none(there);
}

void task_begin(struct tasks *ts, struct id id)
{
    struct task *t = idmap_find(ts->ids, id);
    assert(t && t->info.state == TASK_PENDING);
    set_state(ts, t, TASK_RUNNING);
    list_remove(&t->kin);
    list_add_tail(kin_of(ts, t), &t->kin);
    t->info.start_ns = loop_now_ns(ts->loop);
}

struct id task_next_pending(const struct tasks *ts, enum task_kind kind)
{
    for (size_t p = 0; p < TASK_PRIORITIES; p++) {
        const struct list *waiting = &ts->pending[kind][p];
        if (!list_empty(waiting)) return container_of(waiting->next, struct task, kin)->info.id;
    }
    return (struct id){0};
}

void task_end(struct tasks *ts, struct id id, enum err e, const struct why *why)
{
    struct task *t = idmap_find(ts->ids, id);
    assert(t && task_is_alive(t) && list_empty(&t->children));
    enum task_state state = e == OK ? TASK_DONE : e == ERR_CANCELLED ? TASK_CANCELLED : TASK_FAILED;
    set_state(ts, t, state);
    t->info.end_ns = loop_now_ns(ts->loop);
    t->info.err = e;
    if (e && why) {
        t->why = mem_strdup(why->text);
        t->info.why = t->why;
    }
    if (t->info.start_ns) {
        ts->total_ns[t->info.kind] += t->info.end_ns - t->info.start_ns;
        ts->ended_of[t->info.kind]++;
    }
    list_remove(&t->kin);
    list_remove(&t->node);
    list_add_tail(&ts->ended, &t->node);
    ts->live--;
    ts->ended_count++;
    task_wake_waits(ts, t);
    if (ts->ended_count > ts->keep_ended) forget(ts, task_of_node(ts->ended.next));
}

/* ---- questions ---- */

bool task_find(const struct tasks *ts, struct id id, struct task_info *ret)
{
    const struct task *t = idmap_find(ts->ids, id);
    if (t) *ret = t->info;
    return t != NULL;
}

size_t tasks_live(const struct tasks *ts)
{
    return ts->live;
}

static void visit(const struct task *t, task_visit_fn *fn, void *user)
{
    fn(user, &t->info);
    list_each (node, &t->children)
        visit(task_of_node(node), fn, user);
}

void tasks_walk(const struct tasks *ts, task_visit_fn *fn, void *user)
{
    list_each (node, &ts->roots)
        visit(task_of_node(node), fn, user);
}

static void name_it(void *user, const struct task_info *t)
{
    struct buf *b = user;
    if (b->len > WHY_MAX / 2) return;
    buf_addf(b, "%s%s '%s'", b->len ? ", " : "", task_kind_word(t->kind), t->name);
}

enum err task_all_below_ended(const struct tasks *ts, struct id id, struct why *why)
{
    struct task *t = idmap_find(ts->ids, id);
    if (!t || list_empty(&t->children)) return OK;
    struct buf b;
    buf_init(&b, WHY_MAX);
    list_each (node, &t->children)
        visit(task_of_node(node), name_it, &b);
    enum err e =
        fail(why, ERR_INTERNAL, "'%s' has ended, but not all of it: %s", t->name, buf_str(&b));
    buf_done(&b);
    return e;
}

enum err tasks_all_ended(const struct tasks *ts, struct why *why)
{
    if (list_empty(&ts->roots)) return OK;
    struct buf b;
    buf_init(&b, WHY_MAX);
    list_each (node, &ts->roots)
        visit(task_of_node(node), name_it, &b);
    enum err e = fail(why, ERR_INTERNAL, "still alive at the end: %s", buf_str(&b));
    buf_done(&b);
    return e;
}

static size_t group_in(const struct task *t, const char *group)
{
    size_t count = str_eq(t->info.group, group);
    list_each (node, &t->children)
        count += group_in(task_of_node(node), group);
    return count;
}

size_t tasks_in_group(const struct tasks *ts, const char *group)
{
    size_t count = 0;
    list_each (node, &ts->roots)
        count += group_in(task_of_node(node), group);
    list_each (node, &ts->ended)
        count += group_in(task_of_node(node), group);
    return count;
}

struct task_stats tasks_stats(const struct tasks *ts)
{
    struct task_stats s = ts->stats;
    for (size_t i = 0; i < TASK_KINDS; i++)
        s.mean_ns[i] = ts->ended_of[i] ? ts->total_ns[i] / ts->ended_of[i] : 0;
    return s;
}
