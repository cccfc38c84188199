#include "download/event.h"

#include <criterion/criterion.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/unit/cli/sample.h"

Test(event, every_type_and_status_has_a_word)
{
#define EXPECT_WORD(name, word) cr_expect_str_eq(event_type_word(name), word);
    EVENT_LIST(EXPECT_WORD)
#undef EXPECT_WORD
    cr_expect_str_eq(file_status_word(FILE_NOT_STARTED), "not_started");
    cr_expect_str_eq(file_status_word(FILE_FAILED), "failed");
}

/* A copy of a copy, made after the first's texts were overwritten, shows whether anything still
 * points outside its own block. */
Test(event, a_copy_is_one_block_that_owns_its_texts)
{
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < count; i++) {
        size_t bytes = 0;
        SCOPED(mem_freep) struct event *copy = event_copy(&run[i], &bytes);
        cr_assert_geq(bytes, sizeof(*copy));
        cr_assert_eq(copy->type, run[i].type);
        cr_assert_eq(copy->mono_ms, run[i].mono_ms);
        size_t again_bytes = 0;
        SCOPED(mem_freep) struct event *again = event_copy(copy, &again_bytes);
        cr_assert_eq(again_bytes, bytes);
        /* all but the pointers is the same in both blocks; the texts behind the struct wholly */
        cr_assert_eq(memcmp(copy + 1, again + 1, bytes - sizeof(*copy)), 0, "event %zu", i);
    }
}

static bool inside(const void *p, const struct event *block, size_t bytes)
{
    const char *from = (const char *)block;
    return (const char *)p >= from && (const char *)p < from + bytes;
}

Test(event, a_copy_points_into_itself)
{
    struct event result = {.type = EV_RESULT,
                           .u.result = {.status = "ok", .message = "m", .path = "/p"}};
    size_t bytes;
    SCOPED(mem_freep) struct event *copy = event_copy(&result, &bytes);
    cr_assert_eq(bytes, sizeof(result) + sizeof("ok") + sizeof("m") + sizeof("/p"));
    cr_assert(inside(copy->u.result.status, copy, bytes));
    cr_assert(inside(copy->u.result.message, copy, bytes));
    cr_assert(inside(copy->u.result.path, copy, bytes));
    cr_assert_str_eq(copy->u.result.path, "/p");
    cr_assert_null(copy->u.result.commit);
}

Test(event, a_copy_of_the_result_has_its_origins)
{
    const struct origin_row rows[] = {{"https://a", 1, 2, 3, 4, 5, 6, 7},
                                      {"https://b", 5, 6, 7, 8, 9, 1, 2}};
    struct event result = {.type = EV_RESULT, .u.result = {.origins = rows, .origin_count = 2}};
    size_t bytes;
    SCOPED(mem_freep) struct event *copy = event_copy(&result, &bytes);
    cr_assert(inside(copy->u.result.origins, copy, bytes));
    cr_assert_eq(memcmp(copy->u.result.origins, rows, sizeof(rows)), 0);
}

Test(event, a_copy_of_progress_has_its_files)
{
    size_t count;
    const struct event *run = sample_run(&count);
    const struct event *progress = run;
    while (progress->type != EV_PROGRESS)
        progress++;
    size_t bytes;
    SCOPED(mem_freep) struct event *copy = event_copy(progress, &bytes);
    cr_assert_eq(copy->u.progress.file_count, 2);
    cr_assert(inside(copy->u.progress.files, copy, bytes));
    cr_assert_eq(copy->u.progress.files[1].status, FILE_VERIFYING);
}
