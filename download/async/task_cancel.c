#include <string.h>

#include "download/async/task_private.h"

/* ---- cancelling: asking may end tasks, so it starts anew after each ---- */

static struct task *first_to_ask(struct list *siblings, const char *group)
{
    list_each (node, siblings) {
        struct task *t = task_of_node(node);
        bool all = !group || (t->info.group && strcmp(t->info.group, group) == 0);
        struct task *below = first_to_ask(&t->children, all ? NULL : group);
        if (below) return below;
        if (all && t->cancel && !t->info.cancelling) return t;
    }
    return NULL;
}

static void ask(struct task *t)
{
    t->info.cancelling = true;
    t->cancel(t->user);
}

static size_t cancel_in(struct list *siblings, const char *group)
{
    size_t count = 0;
    for (struct task *t = first_to_ask(siblings, group); t; t = first_to_ask(siblings, group)) {
        ask(t);
        count++;
    }
    return count;
}

size_t tasks_cancel_group(struct tasks *ts, const char *group)
{
    return cancel_in(&ts->roots, group);
}

size_t tasks_cancel_all(struct tasks *ts)
{
    return cancel_in(&ts->roots, NULL);
}

size_t task_cancel(struct tasks *ts, struct id id)
{
    struct task *t = idmap_find(ts->ids, id);
    if (!t || !task_is_alive(t)) return 0;
    size_t count = cancel_in(&t->children, NULL);
    t = idmap_find(ts->ids, id);
    if (!t || !task_is_alive(t) || !t->cancel || t->info.cancelling) return count;
    ask(t);
    return count + 1;
}
