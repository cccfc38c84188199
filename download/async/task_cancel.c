/* Who is asked to end. Asking may end, forget and begin tasks, so a round notes the ids of all that
 * are to be asked and looks each up again; rounds follow until one finds nobody. */
#include "download/async/task_private.h"
#include "download/base/mem.h"
#include "download/base/str.h"

struct round {
    struct id *ids; // children before their parents
    size_t count;
};

/* `group` NULL: all. A group's task goes with all that is below it. */
static void note(const struct task *t, const char *group, struct round *r)
{
    const char *below = str_eq(t->info.group, group) ? NULL : group;
    list_each (node, &t->children)
        note(task_of_node(node), below, r);
    if (!below && t->cancel && !t->info.cancelling) r->ids[r->count++] = t->info.id;
}

static size_t ask_each(const struct tasks *ts, const struct round *r)
{
    size_t asked = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct task *t = idmap_find(ts->ids, r->ids[i]);
        if (!t || !task_is_alive(t) || t->info.cancelling) continue;
        t->info.cancelling = true;
        t->cancel(t->user);
        asked++;
    }
    return asked;
}

size_t tasks_cancel_group(struct tasks *ts, const char *group)
{
    size_t asked = 0;
    struct round r;
    do {
        r = (struct round){.ids = mem_array(ts->live, sizeof(*r.ids))};
        list_each (node, &ts->roots)
            note(task_of_node(node), group, &r);
        asked += ask_each(ts, &r);
        mem_free(r.ids);
    } while (r.count);
    return asked;
}

size_t tasks_cancel_all(struct tasks *ts)
{
    return tasks_cancel_group(ts, NULL);
}

size_t task_cancel(struct tasks *ts, struct id id)
{
    size_t asked = 0;
    struct round r;
    do {
        const struct task *t = idmap_find(ts->ids, id);
        if (!t || !task_is_alive(t)) break;
        r = (struct round){.ids = mem_array(ts->live, sizeof(*r.ids))};
        note(t, NULL, &r);
        asked += ask_each(ts, &r);
        mem_free(r.ids);
    } while (r.count);
    return asked;
}
