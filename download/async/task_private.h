/* task_private.h - how the registry keeps its tasks, shared by task.c (lives), task_wait.c (who
 * waits) and task_cancel.c (who is asked to end). */
#ifndef SHARDFETCH_ASYNC_TASK_PRIVATE_H
#define SHARDFETCH_ASYNC_TASK_PRIVATE_H

#include "download/async/task.h"

struct task {
    struct list node;     // among its siblings while alive, then in `ended`
    struct list kin;      // in `pending` or `running` while alive
    struct list children; // live ones, oldest first
    struct list waits;
    struct task *parent;
    struct task_info info;
    char *name;
    char *why;
    task_cancel_fn *cancel;
    void *user;
};

struct tasks {
    struct loop *loop;
    struct idmap *ids;
    struct list roots; // live ones without a parent
    struct list pending[TASK_KINDS][TASK_PRIORITIES];
    struct list running[TASK_KINDS]; // all oldest first
    struct list ended;
    size_t ended_count, keep_ended, live;
    struct task_stats stats;
    uint64_t total_ns[TASK_KINDS], ended_of[TASK_KINDS];
};

static inline struct task *task_of_node(struct list *node)
{
    return container_of(node, struct task, node);
}

static inline bool task_is_alive(const struct task *t)
{
    return t->info.state == TASK_PENDING || t->info.state == TASK_RUNNING;
}

/* task_wait.c */
void task_wake_waits(const struct tasks *ts, struct task *t);

#endif
