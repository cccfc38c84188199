#include <criterion/criterion.h>
#include <string.h>

#include "download/async/task.h"

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

TestSuite(task_cancel, .init = begin, .fini = finish);

static const struct id ROOT = {0};

static struct task_info info_of(struct id id)
{
    struct task_info info;
    cr_assert(task_find(tasks, id, &info));
    return info;
}

static char asked[64];

struct owned {
    struct id id;
    char letter;
    bool ends_at_once;
};

static void on_cancel(void *user)
{
    struct owned *o = user;
    size_t len = strlen(asked);
    asked[len] = o->letter;
    if (o->ends_at_once) task_end(tasks, o->id, ERR_CANCELLED, NULL);
}

static void own(struct owned *o, char letter, const char *group, struct id parent, bool at_once)
{
    *o = (struct owned){.letter = letter, .ends_at_once = at_once};
    o->id = task_start(tasks, &(struct task_spec){.name = "x",
                                                  .kind = TASK_FILE,
                                                  .group = group,
                                                  .parent = parent,
                                                  .cancel = on_cancel,
                                                  .user = o});
}

static void family(struct owned o[4], bool at_once)
{
    memset(asked, 0, sizeof(asked));
    own(&o[0], 'r', "run", ROOT, at_once);
    own(&o[1], 'a', "files", o[0].id, at_once);
    own(&o[2], 'p', NULL, o[1].id, at_once);
    own(&o[3], 'b', "files", o[0].id, at_once);
}

Test(task_cancel, children_are_asked_before_their_parents_and_each_once)
{
    for (int at_once = 0; at_once < 2; at_once++) {
        struct owned o[4];
        family(o, at_once);
        cr_expect_eq(task_cancel(tasks, o[1].id), 2);
        cr_expect_str_eq(asked, "pa");
        cr_expect_eq(tasks_cancel_all(tasks), 2);
        cr_expect_str_eq(asked, "pabr");
        cr_expect_eq(tasks_cancel_all(tasks), 0, "nobody is asked twice");
        cr_expect_eq(tasks_live(tasks), at_once ? 0 : 4);
        for (int i = 0; i < 4 && !at_once; i++) {
            static const int ORDER[] = {2, 1, 3, 0};
            cr_expect(info_of(o[ORDER[i]].id).cancelling);
            task_end(tasks, o[ORDER[i]].id, ERR_CANCELLED, NULL);
        }
    }
}

Test(task_cancel, a_group_is_cancelled_with_all_that_is_below_it)
{
    struct owned o[4];
    family(o, true);
    cr_expect_eq(tasks_in_group(tasks, "files"), 2);
    cr_expect_eq(tasks_cancel_group(tasks, "files"), 3);
    cr_expect_str_eq(asked, "pab");
    cr_expect_eq(tasks_live(tasks), 1);
    cr_expect_eq(tasks_cancel_group(tasks, "nobody"), 0);
}

/* A file that ends with its last part, in a registry that keeps nothing of what has ended. */
struct file_of_one {
    struct tasks *tasks;
    struct id file, part;
};

static void end_both(void *user)
{
    struct file_of_one *f = user;
    task_end(f->tasks, f->part, ERR_CANCELLED, NULL);
    task_end(f->tasks, f->file, ERR_CANCELLED, NULL);
}

static void never_asked(void *user)
{
    (void)user;
    cr_expect_fail("it ended before its turn");
}

Test(task_cancel, who_ends_and_is_forgotten_with_its_children_is_not_asked)
{
    struct file_of_one f = {.tasks = tasks_new(loop, 0)};
    f.file = task_start(f.tasks, &(struct task_spec){.kind = TASK_FILE, .cancel = never_asked});
    f.part = task_start(
        f.tasks,
        &(struct task_spec){.kind = TASK_PART, .parent = f.file, .cancel = end_both, .user = &f});
    cr_expect_eq(task_cancel(f.tasks, f.file), 1);
    cr_expect_eq(tasks_live(f.tasks), 0);
    tasks_free(f.tasks);
}

static struct owned late;

static void begin_another(void *user)
{
    (void)user;
    own(&late, 'l', NULL, ROOT, true);
}

Test(task_cancel, who_begins_while_all_are_cancelled_is_asked_too)
{
    memset(asked, 0, sizeof(asked));
    struct id id = task_start(tasks, &(struct task_spec){.cancel = begin_another});
    cr_expect_eq(tasks_cancel_all(tasks), 2);
    cr_expect_str_eq(asked, "l");
    cr_expect_eq(tasks_live(tasks), 1);
    cr_expect(info_of(id).cancelling);
}

Test(task_cancel, what_cannot_be_asked_is_left_alone)
{
    struct id id = task_start(tasks, &(struct task_spec){.name = "x", .kind = TASK_JOB});
    cr_expect_eq(task_cancel(tasks, id), 0);
    cr_expect_eq(tasks_cancel_all(tasks), 0);
    cr_expect_eq(info_of(id).state, TASK_RUNNING);
}
