/* What reaches the terminal, byte by byte, and what a log gets. */
#include "cli/live.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/plain.h"
#include "download/base/scoped.h"
#include "tests/unit/cli/sample.h"

static const struct stream_loss NO_LOSS = {0, 0};

static void pipe_of(int ret[2])
{
    cr_assert_eq(pipe2(ret, O_CLOEXEC), 0);
}

/* All that was written, after the write end is closed. */
static void read_all(int fd, struct buf *ret)
{
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) > 0)
        buf_add(ret, chunk, (size_t)n);
    close(fd);
}

static void draw(struct term *t, const char *a, const char *b)
{
    char first[64];
    char second[64];
    snprintf(first, sizeof(first), "%s", a);
    snprintf(second, sizeof(second), "%s", b ? b : "");
    struct frame f = {.lines = {{LINE_PLAIN, first}, {LINE_TOTAL, second}}, .count = b ? 2 : 1};
    term_draw(t, &f, 79);
}

Test(term, redraws_in_place_and_scrolls_above)
{
    int fds[2];
    pipe_of(fds);
    struct term t;
    term_init(&t, fds[1], false);
    draw(&t, "one", "two");
    term_scroll(&t, LINE_GOOD, "done x");
    draw(&t, "three", NULL);
    term_draw(&t, &(struct frame){.count = 0}, 79);
    term_done(&t);
    close(fds[1]);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 4096);
    read_all(fds[0], &b);
    cr_assert_str_eq(buf_str(&b), "one\033[K\ntwo\033[K\n\033[J"
                                  "\r\033[2Adone x\033[K\nthree\033[K\n\033[J"
                                  "\r\033[1A\033[J");
}

Test(term, colors_only_when_told)
{
    int fds[2];
    pipe_of(fds);
    struct term t;
    term_init(&t, fds[1], true);
    term_scroll(&t, LINE_BAD, "x");
    draw(&t, "y", NULL);
    term_done(&t);
    close(fds[1]);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 4096);
    read_all(fds[0], &b);
    cr_assert_str_eq(buf_str(&b), "\033[31mx\033[m\033[K\ny\033[K\n\033[J");
}

Test(term, a_window_that_became_narrower_has_wrapped_what_was_drawn)
{
    int fds[2];
    pipe_of(fds);
    struct term t;
    term_init(&t, fds[1], false);
    draw(&t, "0123456789012345678901234567890123456789", "x");
    term_draw(&t, &(struct frame){.count = 0}, 19);
    term_done(&t);
    close(fds[1]);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 4096);
    read_all(fds[0], &b);
    cr_assert(strstr(buf_str(&b), "\r\033[3A\033[J"),
              "40 columns are two rows of 20, and one more");
}

Test(term, without_a_window_the_variables_say_its_size)
{
    int fds[2];
    pipe_of(fds);
    struct term t;
    term_init(&t, fds[1], false);
    struct frame_size size;
    unsetenv("COLUMNS");
    unsetenv("LINES");
    term_size(&t, &size);
    cr_expect(size.width == 79 && size.height == 23);
    setenv("COLUMNS", "120", 1);
    setenv("LINES", "bad", 1);
    term_size(&t, &size);
    cr_expect(size.width == 119 && size.height == 23);
    term_done(&t);
}

static void tell_run(const struct observer_ops *ops, void *user)
{
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < count; i++)
        ops->value(user, &run[i], &NO_LOSS);
}

Test(live, leaves_only_the_lines_that_stay)
{
    int fds[2];
    pipe_of(fds);
    struct live l;
    live_init(&l, fds[1], false, NOTE_ALL);
    tell_run(&LIVE_OPS, &l);
    cr_expect_eq(LIVE_OPS.tick(&l, UINT64_MAX / 2), UINT64_MAX,
                 "nothing is drawn after the result");
    live_done(&l);
    close(fds[1]);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 16);
    read_all(fds[0], &b);
    cr_expect(strstr(buf_str(&b), "done     4.00 GiB  model-00002-of-00002.safetensors"));
    cr_expect(strstr(buf_str(&b), "failed  model-00001"));
    char *end = strstr(buf_str(&b), "warning the token");
    cr_assert(end);
    cr_expect_str_eq(strchr(end, '\n'), "\n\033[J");
}

Test(live, draws_at_most_ten_times_a_second)
{
    int fds[2];
    pipe_of(fds);
    struct live l;
    live_init(&l, fds[1], false, NOTE_ALL);
    struct event e = {EV_PLAN, .u.plan = {.files = 1, .bytes_total = 5, .bytes_to_fetch = 5}};
    LIVE_OPS.value(&l, &e, &NO_LOSS);
    const uint64_t start = UINT64_MAX / 2;
    unsigned drawn = 0;
    uint64_t last_ns = 0;
    for (uint64_t ms = 0; ms < 1000; ms++) {
        struct event progress = sample_progress(ms, ms);
        LIVE_OPS.value(&l, &progress, &NO_LOSS);
        LIVE_OPS.tick(&l, start + ms * 1000000);
        if (l.drawn_ns != last_ns) drawn++;
        last_ns = l.drawn_ns;
    }
    live_done(&l);
    close(fds[0]);
    close(fds[1]);
    cr_expect_eq(drawn, 10);
}

Test(plain, is_lines_without_escapes)
{
    int fds[2];
    pipe_of(fds);
    struct plain p;
    plain_init(&p, fds[1], NOTE_ALL);
    tell_run(&PLAIN_OPS, &p);
    for (uint64_t s = 1; s <= 12; s++) { // progress every second, a line every five
        struct event e = sample_progress(1000 * s, s << 20);
        PLAIN_OPS.value(&p, &e, &NO_LOSS);
    }
    plain_done(&p);
    close(fds[1]);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 16);
    read_all(fds[0], &b);
    unsigned totals = 0;
    for (const char *at = buf_str(&b); (at = strstr(at, " of 9.00 GiB, ")); at++)
        totals++;
    cr_expect_eq(totals, 2, "%s", buf_str(&b));
    cr_expect_not(strchr(buf_str(&b), '\033'));
    cr_expect(strstr(buf_str(&b), "warning the token from HF_TOKEN was rejected\n"));
}
