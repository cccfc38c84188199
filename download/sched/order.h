/* order.h - classes of files over sched.h: a class gets all the connections it can use before the
 * next one gets any, and takes them from requests that run for a lower one. Pure.
 *
 *   between classes   critical, high, normal, low. A class that had no connection for a while gets
 *                     one: its first file rises before all others but critical ones, until its
 *                     request ends. So nothing starves
 *   within a class    first shards (embedding and first layers), then what is begun with the least
 *                     left, so that whole files are done early */
#ifndef SHARDFETCH_SCHED_ORDER_H
#define SHARDFETCH_SCHED_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/clock.h"
#include "download/plan/plan.h"
#include "download/sched/sched.h"

#define ORDER_AGE_NS (30 * SECOND_NS) // without a connection, then one file of a class rises

enum { ORDER_CLASSES = PRIORITY_LOW + 1 };

struct order_file {
    size_t id; // the caller's
    enum priority priority;
    unsigned shard; // 0: the first of its model, or no shard at all
    bool running;   // has a connection
    bool ready;     // could use one
    bool begun;     // has a worker's place
    uint64_t left_bytes;
    enum priority rank; // out, by order_sort: the class it counts as now
};

/* Since when each class waits for its first connection; 0 = it does not. Starts as zero. */
struct order_ages {
    uint64_t since_ns[ORDER_CLASSES];
};

/* Brings the ages up to date, sets the ranks and sorts. */
void order_sort(struct order_file *files, size_t count, struct order_ages *ages, uint64_t now_ns);

struct order_running {
    enum priority rank; // that its file had when it was granted
    uint64_t rate;      // bytes/s lately
    uint64_t left_bytes;
    bool ending; // was asked to
};

struct order_view {
    const struct order_file *order; // sorted
    const struct sched_file *files; // the same files in the same order
    size_t count;
    const struct order_running *running;
    size_t running_count;          // connections in use
    unsigned connections;          // wanted
    size_t waiting[ORDER_CLASSES]; // files not in the view that will be ready in a moment
};

enum order_do { ORDER_NOTHING, ORDER_FETCH, ORDER_STEAL, ORDER_END };

struct order_choice {
    enum order_do what;
    size_t index; // FETCH, STEAL: into `files`; END: into `running`, its bytes are kept
    struct range range;
};

/* Asked until it is NOTHING, each choice being carried out before (END: marked `ending`). */
struct order_choice order_next(const struct order_view *v);
/* The request to give up: of the lowest class, the slowest; `count`: none is below `above`. */
size_t order_least(const struct order_running *running, size_t count, enum priority above);

#endif
