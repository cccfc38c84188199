#include "download/async/task.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "tests/unit/async/number.h"

enum { KEEP = 8 };
static struct loop *loop;
static struct tasks *tasks;

static void begin(void)
{
    cr_assert_eq(loop_new_virtual(&loop, NULL), OK);
    tasks = tasks_new(loop, KEEP);
}

static void finish(void)
{
    tasks_free(tasks);
    loop_free(loop);
}

TestSuite(task, .init = begin, .fini = finish);

static struct id start(const char *name, enum task_kind kind, struct id parent)
{
    return task_start(tasks, &(struct task_spec){.name = name, .kind = kind, .parent = parent});
}

static const struct id ROOT = {0};

static struct task_info info_of(struct id id)
{
    struct task_info info;
    cr_assert(task_find(tasks, id, &info));
    return info;
}

Test(task, a_life_from_pending_to_done)
{
    struct id id = task_start(tasks, &(struct task_spec){.name = "config.json",
                                                         .kind = TASK_FILE,
                                                         .group = "files",
                                                         .priority = 2,
                                                         .pending = true});
    struct task_info t = info_of(id);
    cr_expect(t.state == TASK_PENDING && t.start_ns == 0 && t.made_ns == loop_now_ns(loop));
    cr_expect_str_eq(t.name, "config.json");
    cr_expect_str_eq(t.group, "files");
    cr_expect_eq(t.priority, 2);
    pass_time(loop, SECOND_NS);
    task_begin(tasks, id);
    t = info_of(id);
    cr_expect(t.state == TASK_RUNNING && t.start_ns == loop_now_ns(loop));
    pass_time(loop, 2 * SECOND_NS);
    task_end(tasks, id, OK, NULL);
    t = info_of(id);
    cr_expect(t.state == TASK_DONE && t.end_ns - t.start_ns == 2 * SECOND_NS);
    cr_expect_eq(tasks_live(tasks), 0);
}

Test(task, the_error_says_how_it_ended)
{
    static const struct {
        enum err err;
        enum task_state state;
    } CASES[] = {{OK, TASK_DONE}, {ERR_CANCELLED, TASK_CANCELLED}, {ERR_DISK, TASK_FAILED}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct id id = start("x", TASK_JOB, ROOT);
        struct why why = {"the reason"};
        task_end(tasks, id, CASES[i].err, &why);
        struct task_info t = info_of(id);
        cr_expect_eq(t.state, CASES[i].state);
        cr_expect_eq(t.err, CASES[i].err);
        cr_expect_str_eq(t.why, CASES[i].err ? "the reason" : "");
    }
}

Test(task, a_task_ends_exactly_once, .signal = SIGABRT)
{
    struct id id = start("x", TASK_JOB, ROOT);
    task_end(tasks, id, OK, NULL);
    task_end(tasks, id, OK, NULL);
}

Test(task, a_parent_does_not_end_before_its_children, .signal = SIGABRT)
{
    struct id parent = start("x", TASK_FILE, ROOT);
    start("y", TASK_PART, parent);
    task_end(tasks, parent, OK, NULL);
}

Test(task, nothing_begins_below_what_has_ended, .signal = SIGABRT)
{
    struct id parent = start("x", TASK_FILE, ROOT);
    task_end(tasks, parent, OK, NULL);
    start("y", TASK_PART, parent);
}

Test(task, a_priority_is_one_of_the_levels, .signal = SIGABRT)
{
    task_start(tasks, &(struct task_spec){.name = "x", .priority = TASK_PRIORITIES});
}

Test(task, what_is_still_alive_below_an_end_is_named)
{
    struct id run = start("org/name", TASK_RUN, ROOT);
    cr_expect_eq(task_all_below_ended(tasks, run, NULL), OK);
    struct id file = start("a.bin", TASK_FILE, run);
    struct id part = start("from 0", TASK_PART, file);
    start("elsewhere", TASK_OBSERVER, ROOT);
    struct why why;
    cr_expect_eq(task_all_below_ended(tasks, run, &why), ERR_INTERNAL);
    cr_expect_str_eq(why.text,
                     "'org/name' has ended, but not all of it: file 'a.bin', part 'from 0'");
    task_end(tasks, part, OK, NULL);
    task_end(tasks, file, OK, NULL);
    cr_expect_eq(task_all_below_ended(tasks, run, &why), OK);
}

Test(task, what_is_still_alive_at_the_end_is_named)
{
    cr_expect_eq(tasks_all_ended(tasks, NULL), OK);
    struct id run = start("org/name", TASK_RUN, ROOT);
    struct id reader = start("--json", TASK_OBSERVER, ROOT);
    struct why why;
    cr_expect_eq(tasks_all_ended(tasks, &why), ERR_INTERNAL);
    cr_expect_str_eq(why.text, "still alive at the end: run 'org/name', observer '--json'");
    task_end(tasks, run, OK, NULL);
    task_end(tasks, reader, OK, NULL);
    cr_expect_eq(tasks_all_ended(tasks, &why), OK);
}

Test(task, an_id_never_finds_a_later_task)
{
    struct id old = start("old", TASK_JOB, ROOT);
    task_end(tasks, old, OK, NULL);
    cr_expect_eq(tasks_forget(tasks, UINT64_MAX), 0);
    pass_time(loop, SECOND_NS);
    cr_expect_eq(tasks_forget(tasks, 0), 1);
    struct id now = start("now", TASK_JOB, ROOT);
    cr_expect_eq(now.slot, old.slot);
    struct task_info t;
    cr_expect_not(task_find(tasks, old, &t));
    cr_expect_eq(task_cancel(tasks, old), 0);
}

Test(task, who_wants_what_runs_already_joins_it)
{
    const struct task_spec spec = {.name = "a.bin", .kind = TASK_RESOLVE};
    struct id first;
    struct id second;
    cr_expect(task_start_or_join(tasks, &spec, &first));
    cr_expect_not(task_start_or_join(tasks, &spec, &second));
    cr_expect(id_equal(first, second));
    const struct task_spec other = {.name = "a.bin", .kind = TASK_FILE};
    cr_expect(task_start_or_join(tasks, &other, &second), "of another kind it is another one");
    task_end(tasks, first, OK, NULL);
    cr_expect(task_start_or_join(tasks, &spec, &second), "what has ended is not joined");
    cr_expect(id_equal(task_by_name(tasks, TASK_RESOLVE, "a.bin"), second));
    cr_expect(id_is_none(task_by_name(tasks, TASK_RESOLVE, "b.bin")));
}

Test(task, priorities_decide_which_pending_one_is_next)
{
    static const unsigned PRIORITIES[] = {2, 0, 3, 0, 1};
    struct id ids[ARRAY_LEN(PRIORITIES)];
    for (size_t i = 0; i < ARRAY_LEN(PRIORITIES); i++) {
        ids[i] = task_start(
            tasks, &(struct task_spec){
                       .name = "x", .kind = TASK_FILE, .priority = PRIORITIES[i], .pending = true});
    }
    start("running", TASK_FILE, ROOT);
    static const size_t ORDER[] = {1, 3, 4, 0, 2};
    for (size_t i = 0; i < ARRAY_LEN(ORDER); i++) {
        struct id next = task_next_pending(tasks, TASK_FILE);
        cr_assert(id_equal(next, ids[ORDER[i]]), "at %zu", i);
        task_begin(tasks, next);
    }
    cr_expect(id_is_none(task_next_pending(tasks, TASK_FILE)));
}

/* ---- waiting ---- */

struct waited {
    struct task_wait wait;
    unsigned told;
    enum task_waited what;
    enum task_state state;
};

static void on_waited(struct task_wait *w, enum task_waited what, const struct task_info *info)
{
    struct waited *it = container_of(w, struct waited, wait);
    it->told++;
    it->what = what;
    it->state = info ? info->state : TASK_PENDING;
}

static void wait_for(struct waited *w, struct id id, uint64_t timeout_ns)
{
    *w = (struct waited){.wait = {.done = on_waited}};
    task_wait(tasks, &w->wait, id, timeout_ns);
    cr_expect_eq(w->told, 0, "never from inside the call that asked for it");
}

Test(task, all_who_wait_are_told_how_it_ended)
{
    struct id id = start("x", TASK_JOB, ROOT);
    struct waited a;
    struct waited b;
    wait_for(&a, id, UINT64_MAX);
    wait_for(&b, id, 3600 * SECOND_NS);
    task_end(tasks, id, ERR_NETWORK, NULL);
    cr_expect_eq(a.told, 0, "from the loop");
    loop_turn(loop);
    cr_expect(a.told == 1 && a.what == TASK_ENDED && a.state == TASK_FAILED);
    cr_expect(b.told == 1 && b.what == TASK_ENDED);
    struct waited late;
    wait_for(&late, id, UINT64_MAX);
    loop_turn(loop);
    cr_expect(late.told == 1 && late.what == TASK_ENDED && late.state == TASK_FAILED);
}

Test(task, a_time_out_does_not_cancel)
{
    struct id id = start("x", TASK_JOB, ROOT);
    struct waited w;
    wait_for(&w, id, SECOND_NS);
    pass_time(loop, 2 * SECOND_NS);
    cr_expect(w.told == 1 && w.what == TASK_TIMED_OUT && w.state == TASK_RUNNING);
    struct task_info t = info_of(id);
    cr_expect(t.state == TASK_RUNNING && !t.cancelling);
    task_end(tasks, id, OK, NULL);
    loop_turn(loop);
    cr_expect_eq(w.told, 1);
}

Test(task, who_waits_for_a_forgotten_one_is_told_that)
{
    struct id id = start("x", TASK_JOB, ROOT);
    struct waited w;
    wait_for(&w, id, UINT64_MAX);
    task_end(tasks, id, OK, NULL);
    for (int i = 0; i < KEEP; i++)
        task_end(tasks, start("y", TASK_JOB, ROOT), OK, NULL); // pushes it out before the turn
    struct task_info t;
    cr_expect_not(task_find(tasks, id, &t));
    loop_turn(loop);
    cr_expect(w.told == 1 && w.what == TASK_FORGOTTEN);
    wait_for(&w, id, UINT64_MAX);
    loop_turn(loop);
    cr_expect(w.told == 1 && w.what == TASK_FORGOTTEN);
}

Test(task, a_dropped_wait_is_told_nothing)
{
    struct id id = start("x", TASK_JOB, ROOT);
    struct waited w;
    wait_for(&w, id, SECOND_NS);
    task_wait_drop(&w.wait);
    task_end(tasks, id, OK, NULL);
    pass_time(loop, 2 * SECOND_NS);
    cr_expect_eq(w.told, 0);
}

struct ending {
    struct timer timer;
    struct id id;
};

static void end_it(struct timer *t)
{
    struct why why = {"too bad"};
    task_end(tasks, container_of(t, struct ending, timer)->id, ERR_DISK, &why);
}

Test(task, awaiting_turns_the_loop_until_the_end)
{
    struct ending e = {.id = start("x", TASK_JOB, ROOT)};
    timer_init(&e.timer, end_it);
    timer_set(loop, &e.timer, loop_now_ns(loop) + SECOND_NS);
    struct why why;
    cr_expect_eq(task_await(tasks, e.id, &why), ERR_DISK);
    cr_expect_str_eq(why.text, "too bad");
    cr_expect_eq(task_await(tasks, e.id, &why), ERR_DISK, "also when it has ended");
}

/* ---- looking around ---- */

struct seen {
    char text[128];
};

static void see(void *user, const struct task_info *t)
{
    struct seen *s = user;
    size_t len = strlen(s->text);
    snprintf(s->text + len, sizeof(s->text) - len, "%u%s ", t->depth, t->name);
}

Test(task, a_walk_shows_parents_before_children_in_the_order_of_their_making)
{
    struct id run = start("run", TASK_RUN, ROOT);
    struct id a = start("a", TASK_FILE, run);
    start("b", TASK_FILE, run);
    start("a1", TASK_PART, a);
    struct id a2 = start("a2", TASK_PART, a);
    start("o", TASK_OBSERVER, ROOT);
    struct seen s = {""};
    tasks_walk(tasks, see, &s);
    cr_expect_str_eq(s.text, "0run 1a 2a1 2a2 1b 0o ");
    task_end(tasks, a2, OK, NULL);
    s = (struct seen){""};
    tasks_walk(tasks, see, &s);
    cr_expect_str_eq(s.text, "0run 1a 2a1 1b 0o ", "only live ones");
}

Test(task, numbers_outlive_what_is_forgotten)
{
    for (int i = 0; i < 3 * KEEP; i++) {
        struct id id = start("x", TASK_JOB, ROOT);
        pass_time(loop, SECOND_NS);
        task_end(tasks, id, i % 3 ? OK : ERR_NETWORK, NULL);
    }
    start("y", TASK_FILE, ROOT);
    struct task_stats s = tasks_stats(tasks);
    cr_expect_eq(s.by_state[TASK_DONE], 2 * KEEP);
    cr_expect_eq(s.by_state[TASK_FAILED], KEEP);
    cr_expect_eq(s.by_state[TASK_RUNNING], 1);
    cr_expect_eq(s.by_kind[TASK_JOB], 3 * KEEP);
    cr_expect_eq(s.mean_ns[TASK_JOB], SECOND_NS);
    cr_expect_eq(s.mean_ns[TASK_FILE], 0, "none has ended");
    cr_expect_eq(tasks_forget(tasks, 3 * SECOND_NS + 1), KEEP - 4, "those that ended before");
}

Test(task, the_oldest_is_forgotten_when_too_many_have_ended)
{
    struct id ids[KEEP + 2];
    struct task_info t;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        ids[i] = start("x", TASK_JOB, ROOT);
        task_end(tasks, ids[i], OK, NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        cr_expect_eq(task_find(tasks, ids[i], &t), i >= 2, "at %zu", i);
}
