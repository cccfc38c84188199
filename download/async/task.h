/* task.h - the registry of everything that runs: what it is, whose it is, since when, how it ended.
 * A task's owner does the work and ends it, exactly once: done, failed or cancelled. The registry
 * starts, joins, finds, waits, cancels and counts. One thread: the loop's.
 *
 *   pending ──▶ running ──▶ done | failed | cancelled      (ended ones stay until forgotten)
 *
 * A live task at the end of a run is a bug, and is named. */
#ifndef SHARDFETCH_ASYNC_TASK_H
#define SHARDFETCH_ASYNC_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/loop.h"
#include "download/base/idmap.h"

/* name, word */
#define TASK_KIND_LIST(X)                                                                          \
    X(TASK_RUN, "run")                                                                             \
    X(TASK_FILE, "file")                                                                           \
    X(TASK_PART, "part")                                                                           \
    X(TASK_ATTEMPT, "attempt")                                                                     \
    X(TASK_CALL, "call")                                                                           \
    X(TASK_RESOLVE, "resolve")                                                                     \
    X(TASK_JOB, "job")                                                                             \
    X(TASK_TIMER, "timer")                                                                         \
    X(TASK_OBSERVER, "observer")

enum task_kind {
#define TASK_KIND_ENUM(name, word) name,
    TASK_KIND_LIST(TASK_KIND_ENUM)
#undef TASK_KIND_ENUM
};
enum { TASK_KINDS = TASK_OBSERVER + 1, TASK_PRIORITIES = 4 };

enum task_state { TASK_PENDING, TASK_RUNNING, TASK_DONE, TASK_FAILED, TASK_CANCELLED };
enum { TASK_STATES = TASK_CANCELLED + 1 };

const char *task_kind_word(enum task_kind k);
const char *task_state_word(enum task_state s);

/* Asked once to come to its end: the owner ends the task, now or later. */
typedef void task_cancel_fn(void *user);

struct task_spec {
    const char *name; // copied; "config.json", "model.safetensors@33554432"
    enum task_kind kind;
    const char *group;      // static storage, or NULL
    unsigned priority;      // 0 = first … TASK_PRIORITIES - 1
    struct id parent;       // alive; none: a root
    bool pending;           // waits for task_begin
    task_cancel_fn *cancel; // NULL: it cannot be asked, only waited for
    void *user;
};

/* A view, until the registry changes. */
struct task_info {
    struct id id, parent;
    const char *name, *group;
    enum task_kind kind;
    enum task_state state;
    unsigned priority;
    unsigned depth;                     // below its root
    uint64_t made_ns, start_ns, end_ns; // loop's time; 0 = not yet
    bool cancelling;                    // was asked to end
    enum err err;
    const char *why; // "" when there is none
};

struct tasks;

/* Ended tasks beyond `keep_ended` are forgotten, oldest first (their numbers stay in the stats). */
struct tasks *tasks_new(struct loop *l, size_t keep_ended);
/* Live tasks are forgotten with it; every wait has been told or dropped. NULL is fine. */
void tasks_free(struct tasks *ts);

/* ---- for owners ---- */

struct id task_start(struct tasks *ts, const struct task_spec *spec);
/* The live task of that name and kind if there is one (false: joined), else a new one (true). */
bool task_start_or_join(struct tasks *ts, const struct task_spec *spec, struct id *ret_id);
void task_begin(struct tasks *ts, struct id id); // pending → running
/* The pending task of a kind that is next: smallest priority, then the oldest. None: no such. */
struct id task_next_pending(const struct tasks *ts, enum task_kind kind);
/* OK: done. ERR_CANCELLED: cancelled. Else failed. Its children must have ended. */
void task_end(struct tasks *ts, struct id id, enum err e, const struct why *why);

/* ---- for everybody on the loop's thread ---- */

bool task_find(const struct tasks *ts, struct id id, struct task_info *ret); // false: forgotten
struct id task_by_name(const struct tasks *ts, enum task_kind kind, const char *name); // live ones
size_t tasks_live(const struct tasks *ts);
/* OK, or ERR_INTERNAL with the names of the first few tasks below this one that are alive. */
NODISCARD enum err task_all_below_ended(const struct tasks *ts, struct id id, struct why *why);

/* The same of all there are. */
NODISCARD enum err tasks_all_ended(const struct tasks *ts, struct why *why);

/* How many were asked; children are asked before their parents, each at most once. What begins
 * meanwhile is asked after them. */
size_t task_cancel(struct tasks *ts, struct id id);
size_t tasks_cancel_group(struct tasks *ts, const char *group); // and what is below its tasks
size_t tasks_cancel_all(struct tasks *ts);

enum task_waited { TASK_ENDED, TASK_TIMED_OUT, TASK_FORGOTTEN };
struct task_wait;
/* From the loop, once. `info` (NULL when forgotten) lives for the call. */
typedef void task_waited_fn(struct task_wait *w, enum task_waited what,
                            const struct task_info *info);
/* The owner's memory until `done` ran, or it was dropped. */
struct task_wait {
    task_waited_fn *done;
    /* private */
    struct tasks *tasks;
    struct id id;
    struct timer timer;
    struct list node;
    enum task_waited what;
};
/* A task that has ended already is told from the next turn. A time-out does not cancel the task.
 * `timeout_ns` UINT64_MAX: for ever. */
void task_wait(struct tasks *ts, struct task_wait *w, struct id id, uint64_t timeout_ns);
void task_wait_drop(struct task_wait *w); // `done` will not come
/* Turns the loop until the task has ended; its error. For the control thread's outermost calls. */
enum err task_await(struct tasks *ts, struct id id, struct why *why);

/* Every live task, parents before children, in order of their making. `fn` must not change the
 * registry. */
typedef void task_visit_fn(void *user, const struct task_info *info);
void tasks_walk(const struct tasks *ts, task_visit_fn *fn, void *user);

struct task_stats {
    uint64_t by_state[TASK_STATES];
    uint64_t by_kind[TASK_KINDS]; // live and ended
    uint64_t by_priority[TASK_PRIORITIES];
    uint64_t mean_ns[TASK_KINDS]; // running to end, of ended ones; 0 = none
};
struct task_stats tasks_stats(const struct tasks *ts);
/* Live and ended-and-kept ones of a group. */
size_t tasks_in_group(const struct tasks *ts, const char *group);
/* Forgets what ended longer ago than `age_ns`; how many. */
size_t tasks_forget(struct tasks *ts, uint64_t age_ns);

#endif
