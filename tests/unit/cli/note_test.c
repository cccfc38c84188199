#include "cli/note.h"

#include <criterion/criterion.h>
#include <string.h>

#include "cli/plan_table.h"
#include "download/base/scoped.h"
#include "tests/unit/cli/sample.h"

static const char *const SAID[] = {
    [EV_RUN_START] = NULL,
    [EV_PLAN] = "hf://org/name at 0123456789ab: 3 files, 9.00 GiB, 1.00 GiB there, 8.00 GiB to "
                "fetch into /models/name",
    [EV_PLAN_FILE] = "missing  4.00 GiB  model-00001-of-00002.safetensors",
    [EV_FILE_START] = NULL,
    [EV_PROGRESS] = NULL,
    [EV_RETRY] = "retry   model-00001-of-00002.safetensors at 512 MiB: status 503, attempt 2 in "
                 "1.5 s",
    [EV_WAIT] = "wait    12 s, rate-limit of https://huggingface.co",
    [EV_MIRROR] = "mirror  https://mirror.example: digest, passed over for 3600 s",
    [EV_THROTTLE] = NULL,
    [EV_FILE_DONE] = "done     4.00 GiB  model-00002-of-00002.safetensors  sha256 ok",
    [EV_FILE_FAILED] = "failed  model-00001-of-00002.safetensors: network: host 'cdn.example' "
                       "answered 503",
    [EV_WARNING] = "warning the token from HF_TOKEN was rejected",
    [EV_RESULT] = NULL, // it failed: the last line says it
};

Test(note, every_event_is_told_in_its_words)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < count; i++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 4096);
        enum line_style style = LINE_PLAIN;
        bool told = note_add(&v, &run[i], NOTE_ALL, &b, &style);
        cr_expect_eq(told, SAID[run[i].type] != NULL);
        if (told) cr_expect_str_eq(buf_str(&b), SAID[run[i].type]);
        view_apply(&v, &run[i]);
    }
}

Test(note, without_progress_only_problems_are_told)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < count; i++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 4096);
        enum line_style style = LINE_PLAIN;
        bool problem = run[i].type == EV_WARNING || run[i].type == EV_FILE_FAILED;
        cr_expect_eq(note_add(&v, &run[i], NOTE_PROBLEMS, &b, &style), problem);
    }
}

static void expect_note(struct event e, const char *expected)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 4096);
    enum line_style style = LINE_PLAIN;
    cr_assert(note_add(&v, &e, NOTE_ALL, &b, &style));
    cr_expect_str_eq(buf_str(&b), expected);
}

Test(note, what_was_there_and_what_could_not_be_checked_is_said)
{
    expect_note((struct event){EV_FILE_DONE, .u.file_done = {.file = "a",
                                                             .size = 5,
                                                             .bytes_reused = 5,
                                                             .verified = true,
                                                             .verified_by = "git-sha1"}},
                "present       5 B  a  git-sha1 ok");
    expect_note(
        (struct event){EV_FILE_DONE, .u.file_done = {.file = "a", .size = 5, .bytes_fetched = 5}},
        "done          5 B  a  not verified: the source gives no digest");
    expect_note(
        (struct event){EV_FILE_DONE,
                       .u.file_done = {.file = "empty", .verified = true, .verified_by = "sha256"}},
        "done          0 B  empty  sha256 ok");
    expect_note(
        (struct event){EV_RETRY, .u.retry = {NUMBER_UNKNOWN, 0, 1, 250, "dns", NUMBER_UNKNOWN}},
        "retry   dns, attempt 1 in 0.2 s");
    expect_note((struct event){EV_RETRY, .u.retry = {NUMBER_UNKNOWN, 0, 1, 250, "reset", 206}},
                "retry   reset, attempt 1 in 0.2 s");
    expect_note((struct event){EV_RESULT, .u.result = {.status = "ok",
                                                       .files_done = 2,
                                                       .bytes_fetched = 3 << 20,
                                                       .elapsed_ms = 2000,
                                                       .bytes_reused = 1 << 20}},
                "2 files, 3.00 MiB fetched, 1.00 MiB reused, 2.0 s, 1.50 MiB/s");
    expect_note((struct event){EV_RESULT, .u.result = {.status = "ok",
                                                       .files_done = 1,
                                                       .bytes_fetched = 3 << 20,
                                                       .elapsed_ms = 2000,
                                                       .why_slow = "connection"}},
                "1 files, 3.00 MiB fetched, 2.0 s, 1.50 MiB/s, limited by: connection");
}

Test(note, names_and_messages_cannot_drive_the_terminal)
{
    expect_note((struct event){EV_WARNING, .u.warning = {"x", "a\033[2J\nb\xff\xe2\x80\xae"}},
                "warning a\\x1b[2J\\x0ab\\xff\\xe2\\x80\\xae");
}

Test(plan_table, has_a_row_per_file_and_exact_totals)
{
    struct plan_table t;
    plan_table_init(&t);
    const struct event events[] = {
        {EV_PLAN, .u.plan = {"c0ffee", 2, UINT64_C(282215420474), 7, UINT64_C(282215420467), 9,
                             "/m\n", true}},
        {EV_PLAN_FILE, .u.plan_file = {1, "a b", 4976698672, "sha256:00", "missing", "normal"}},
        {EV_PLAN_FILE, .u.plan_file = {2, "x\t", NUMBER_UNKNOWN, NULL, "partial", "normal"}},
        {EV_WARNING, .u.warning = {"x", "y"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        plan_table_add(&t, &events[i]);
    cr_expect_str_eq(buf_str(&t.rows), "missing      4976698672  sha256    a b\n"
                                       "partial               -  -         x\\x09\n");
    cr_expect_str_eq(buf_str(&t.totals),
                     "2 files, 282215420474 bytes, 7 present, 282215420467 to fetch; disk needed "
                     "282215420467, free 9; gated; commit c0ffee; into /m\\x0a\n");
    plan_table_done(&t);
}
