#include "cli/view.h"

#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "tests/unit/cli/sample.h"

Test(view, follows_a_run)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < count && run[i].type != EV_FILE_DONE; i++)
        view_apply(&v, &run[i]);
    cr_assert(v.planned);
    cr_assert_str_eq(v.source, "hf://org/name");
    cr_assert_eq(v.file_count, 2);
    cr_assert_eq(v.files[1].status, FILE_VERIFYING);
    cr_assert_eq(v.files_done, 1);
    cr_assert_eq(v.files_total, 3);
    for (size_t i = 0; i < count; i++) {
        if (run[i].type == EV_FILE_DONE) view_apply(&v, &run[i]);
    }
    cr_assert_eq(v.files_done, 2);
    cr_assert_eq(v.file_count, 1);
    cr_assert_null(view_find(&v, 2));
    cr_assert_not_null(view_find(&v, 1));
}

Test(view, survives_extremes_in_any_order)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    size_t count;
    const struct event *run = sample_extremes(&count);
    for (size_t i = count; i-- > 0;)
        view_apply(&v, &run[i]);
    for (size_t i = 0; i < count; i++)
        view_apply(&v, &run[i]);
    cr_assert_eq(v.file_count, 0);
}

Test(view, a_file_that_starts_twice_is_one)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    struct event e = {EV_FILE_START, .u.file_start = {.id = 7, .file = "x\033y"}};
    view_apply(&v, &e);
    view_apply(&v, &e);
    cr_assert_eq(v.file_count, 1);
    cr_assert_str_eq(v.files[0].name, "x\\x1by");
}
