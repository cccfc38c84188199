/* The terminal view as text: events go in, lines come out, at several sizes. */
#include "cli/frame.h"

#include <criterion/criterion.h>
#include <string.h>

#include "cli/columns.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

static void apply(struct view *v, struct event e)
{
    view_apply(v, &e);
}

static void start(struct view *v, uint64_t id, const char *file, uint64_t size)
{
    apply(v, (struct event){
                 EV_FILE_START,
                 .u.file_start = {.id = id, .file = file, .size = size, .priority = "normal"}});
}

static void progress(struct view *v, uint64_t now_ms, uint64_t bytes, const char *waiting_for)
{
    const struct progress_file files[] = {
        {1, bytes / 4, 4 * GIB, 0, 0, FILE_IN_PROGRESS, 0},
        {2, 4 * GIB, 4 * GIB, 0, 0, FILE_VERIFYING, 0},
        {9, 1, 2, 0, 0, FILE_IN_PROGRESS, 0}, // one that was never started
    };
    apply(v, (struct event){EV_PROGRESS, .mono_ms = now_ms,
                            .u.progress = {.status = FILE_IN_PROGRESS,
                                           .completed_files = 3,
                                           .total_files = 15,
                                           .downloaded = bytes + 5 * GIB,
                                           .downloaded_this_session = bytes,
                                           .total = 45 * GIB,
                                           .connections = 8,
                                           .waiting_for = waiting_for,
                                           .files = files,
                                           .file_count = ARRAY_LEN(files)}});
}

/* 400 MiB/s in all, 100 MiB/s of it for the first file, for ten seconds. */
static void given_run(struct view *v)
{
    view_init(v);
    apply(v, (struct event){EV_RUN_START, .u.run_start = {.source = "hf://org/name"}});
    apply(v,
          (struct event){
              EV_PLAN, .u.plan = {.files = 15, .bytes_total = 45 * GIB, .bytes_present = 5 * GIB}});
    start(v, 1, "model-00001-of-00008.safetensors", 4 * GIB);
    start(v, 2, "model-00002-of-00008.safetensors", 4 * GIB);
    for (uint64_t i = 0; i <= 10; i++)
        progress(v, i * 1000, i * 400 * MIB, NULL);
}

static void expect_frame(const struct view *v, struct frame_size size, const char *expected)
{
    struct frame f;
    frame_draw(v, &size, 10000, &f);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < f.count; i++) {
        cr_expect_leq(columns_of(f.lines[i].text), size.width);
        buf_addf(&b, "%s\n", f.lines[i].text);
    }
    frame_done(&f);
    cr_expect_str_eq(buf_str(&b), expected, "width %zu:\n%s", size.width, buf_str(&b));
}

Test(frame, at_80_columns)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    expect_frame(
        &v, (struct frame_size){80, 24, false},
        "model-00001-of-00008.safetensors             24 %  4.00 GiB   100 MiB/s     0:31\n"
        "model-00002-of-00008.safetensors            100 %  4.00 GiB   verifying     0:00\n"
        "[====>                    ]   19 %  45.0 GiB   400 MiB/s     1:33     3/15 files\n");
}

Test(frame, at_200_columns_with_unicode)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    struct frame f;
    frame_draw(&v, &(struct frame_size){200, 24, true}, 10000, &f);
    cr_assert_eq(f.count, 3);
    for (size_t i = 0; i < f.count; i++)
        cr_expect_eq(columns_of(f.lines[i].text), 200);
    cr_expect(strstr(f.lines[2].text, "━━┄┄"), "%s", f.lines[2].text);
    cr_expect_eq(f.lines[0].style, LINE_ACTIVE);
    cr_expect_eq(f.lines[2].style, LINE_TOTAL);
    frame_done(&f);
}

Test(frame, at_40_columns)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    expect_frame(&v, (struct frame_size){40, 24, false},
                 "model-00001-of-00008    24 %   100 MiB/s\n"
                 "model-00002-of-00008   100 %   verifying\n"
                 "[===>               ]   19 %   400 MiB/s\n");
}

Test(frame, at_one_column_and_none)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    expect_frame(&v, (struct frame_size){1, 24, false}, "m\nm\n \n");
    expect_frame(&v, (struct frame_size){1, 24, true}, "m\nm\n┄\n");
    expect_frame(&v, (struct frame_size){0, 24, false}, "");
    expect_frame(&v, (struct frame_size){80, 0, false}, "");
}

Test(frame, no_size_is_too_small_or_too_large)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    for (uint64_t id = 10; id < 300; id++)
        start(&v, id, "目录/model-e\xCC\x81.safetensors", GIB);
    progress(&v, 11000, 4400 * MIB, "rate-limit");
    for (size_t width = 0; width < 130; width++) {
        for (size_t height = 0; height < 70; height++) {
            struct frame f;
            frame_draw(&v, &(struct frame_size){width, height, width % 2 == 0}, 12000, &f);
            cr_assert_leq(f.count, height);
            for (size_t i = 0; i < f.count; i++)
                cr_assert_leq(columns_of(f.lines[i].text), width);
            frame_done(&f);
        }
    }
}

Test(frame, what_has_no_room_is_counted)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    for (uint64_t id = 10; id < 15; id++)
        start(&v, id, "x", NUMBER_UNKNOWN);
    struct frame f;
    frame_draw(&v, &(struct frame_size){80, 6, false}, 10000, &f);
    cr_assert_eq(f.count, 5);
    cr_assert_str_eq(f.lines[3].text, "and 4 more");
    cr_assert_eq(f.lines[4].style, LINE_TOTAL);
    frame_done(&f);
}

Test(frame, before_the_plan_there_is_the_source)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    expect_frame(&v, (struct frame_size){80, 24, false}, "");
    apply(&v, (struct event){EV_RUN_START, .u.run_start = {.source = "hf://a\033/b"}});
    expect_frame(&v, (struct frame_size){80, 24, false}, "looking up hf://a\\x1b/b\n");
    expect_frame(&v, (struct frame_size){14, 24, false}, "looking up hf:\n");
}

Test(frame, says_what_it_waits_for)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    progress(&v, 11000, 4400 * MIB, "rate-limit");
    struct frame f;
    frame_draw(&v, &(struct frame_size){80, 24, false}, 11000, &f);
    cr_assert_eq(f.count, 4);
    cr_assert_str_eq(f.lines[3].text, "waiting: rate-limit");
    frame_done(&f);
}

static void slowed(struct view *v, const char *why_slow)
{
    apply(v, (struct event){EV_PROGRESS, .mono_ms = 10000,
                            .u.progress = {.status = FILE_IN_PROGRESS,
                                           .completed_files = 3,
                                           .total_files = 15,
                                           .downloaded = 4000 * MIB + 5 * GIB,
                                           .downloaded_this_session = 4000 * MIB,
                                           .total = 45 * GIB,
                                           .why_slow = why_slow}});
    for (size_t i = v->file_count; i > 0; i--)
        apply(v, (struct event){EV_FILE_FAILED, .u.file_failed = {.id = v->files[i - 1].id}});
}

/* The word is the last of the line, and the first that goes when there is no room. */
Test(frame, says_what_keeps_it_from_being_faster)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    slowed(&v, "connection");
    expect_frame(
        &v, (struct frame_size){80, 24, false},
        "[==>          ]   19 %  45.0 GiB   400 MiB/s     1:33     3/15 files  connection\n");
    expect_frame(
        &v, (struct frame_size){78, 24, false},
        "[====>                  ]   19 %  45.0 GiB   400 MiB/s     1:33     3/15 files\n");
    slowed(&v, "tls");
    expect_frame(
        &v, (struct frame_size){80, 24, false},
        "[==>          ]   19 %  45.0 GiB   400 MiB/s     1:33     3/15 files         tls\n");
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 512);
    frame_total_text(&v, 10000, &b);
    cr_assert_str_eq(buf_str(&b), "19 %, 8.91 GiB of 45.0 GiB, 400 MiB/s, 1:33 left, 3/15 files, "
                                  "limited by: tls");
}

Test(frame, says_no_cause_beside_what_is_waited_for)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    slowed(&v, "tls");
    memcpy(v.waiting_for, "retry", sizeof("retry"));
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 512);
    frame_total_text(&v, 10000, &b);
    cr_assert_null(strstr(buf_str(&b), "tls"), "%s", buf_str(&b));
    v.waiting_for[0] = '\0';
    v.status = FILE_PAUSED;
    buf_reset(&b);
    frame_total_text(&v, 10000, &b);
    cr_assert_null(strstr(buf_str(&b), "tls"), "%s", buf_str(&b));
}

Test(frame, a_total_that_is_not_known_leaves_its_fields_empty)
{
    SCOPED(view_done) struct view v;
    view_init(&v);
    apply(&v, (struct event){EV_PLAN, .u.plan = {.files = 1, .bytes_total = NUMBER_UNKNOWN}});
    expect_frame(
        &v, (struct frame_size){80, 24, false},
        "[>                        ]                ?       0 B/s     -:--      0/1 files\n");
}

Test(frame, total_text_is_for_logs)
{
    SCOPED(view_done) struct view v;
    given_run(&v);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 512);
    frame_total_text(&v, 10000, &b);
    cr_assert_str_eq(buf_str(&b), "19 %, 8.91 GiB of 45.0 GiB, 400 MiB/s, 1:33 left, 3/15 files");
}
