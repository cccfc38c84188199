#include "download/async/observer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "cli/jsonl_stream.h"
#include "download/base/clock.h"
#include "download/base/json.h"
#include "download/base/scoped.h"
#include "tests/unit/cli/sample.h"

/* ---- a reader that stops at its first event until it is let go ---- */

struct gate {
    sem_t entered;
    sem_t opened;
    bool once;
    unsigned seen[EV_RESULT + 1]; // observer's thread, read after it has ended
    uint64_t last_downloaded;
    struct stream_loss loss;
};

static void gate_event(void *user, const void *value, const struct stream_loss *loss)
{
    struct gate *g = user;
    const struct event *e = value;
    if (!g->once) {
        g->once = true;
        sem_post(&g->entered);
        sem_wait(&g->opened);
    }
    g->seen[e->type]++;
    if (e->type == EV_PROGRESS) g->last_downloaded = e->u.progress.downloaded;
    if (e->type == EV_RESULT) g->loss = *loss;
}

static void gate_interrupt(void *user)
{
    struct gate *g = user;
    sem_post(&g->opened);
}

static const struct observer_ops GATE_OPS = {.value = gate_event, .interrupt = gate_interrupt};

static struct observer *start_observer(const struct observer_ops *ops, void *user, size_t bytes)
{
    return observer_start(&(struct observer_opts){
        .ops = ops,
        .user = user,
        .stream = {.ops = &EVENT_VALUES, .policy = STREAM_COALESCE, .max_bytes = bytes}});
}

static bool stop_observer(struct observer *o, uint64_t deadline_ns)
{
    bool ended = observer_end(o, deadline_ns);
    if (ended) observer_free(o);
    return ended;
}

static const struct event FIRST = {
    EV_RUN_START, .u.run_start = {"0", "get", "x", NULL, "h", "1", "1", "1", "1", 1}};
static const struct event WARNING = {EV_WARNING, .u.warning = {"code", "message"}};
static const struct event RESULT = {EV_RESULT, .u.result = {.status = "ok"}};

static uint64_t in_ms(uint64_t ms)
{
    return clock_now_ns() + ms * MILLI_NS;
}

/* Started, told the first event, and stuck in it. */
static struct observer *stuck(struct gate *g, size_t box_bytes)
{
    sem_init(&g->entered, 0, 0);
    sem_init(&g->opened, 0, 0);
    struct observer *o = start_observer(&GATE_OPS, g, box_bytes);
    observer_tell(o, &FIRST);
    sem_wait(&g->entered);
    return o;
}

Test(observer, progress_is_coalesced_to_the_newest)
{
    struct gate g = {0};
    struct observer *o = stuck(&g, EVENT_BOX_BYTES);
    for (uint64_t i = 1; i <= 100; i++) {
        struct event progress = sample_progress(i, i);
        observer_tell(o, &progress);
    }
    observer_tell(o, &RESULT);
    sem_post(&g.opened);
    cr_assert(stop_observer(o, in_ms(20000)));
    cr_assert_eq(g.seen[EV_PROGRESS], 1);
    cr_assert_eq(g.last_downloaded, 100);
    cr_assert_eq(g.loss.coalesced, 99);
    cr_assert_eq(g.loss.dropped, 0);
}

Test(observer, a_full_box_drops_and_counts_but_takes_the_result)
{
    struct gate g = {0};
    struct observer *o = stuck(&g, 4096);
    for (unsigned i = 0; i < 1000; i++)
        observer_tell(o, &WARNING);
    observer_tell(o, &RESULT);
    sem_post(&g.opened);
    cr_assert(stop_observer(o, in_ms(20000)));
    cr_assert_eq(g.seen[EV_RESULT], 1);
    cr_assert_gt(g.seen[EV_WARNING], 0);
    cr_assert_lt(g.seen[EV_WARNING], 1000);
    cr_assert_eq(g.loss.dropped + g.seen[EV_WARNING], 1000);
}

Test(observer, stop_gives_up_on_a_reader_that_does_not_read)
{
    struct gate g = {0};
    struct observer *o = stuck(&g, EVENT_BOX_BYTES);
    observer_tell(o, &RESULT);
    cr_assert(stop_observer(o, in_ms(1)), "the interrupt ends it");
    cr_assert_eq(g.seen[EV_RESULT], 1);
}

static uint64_t count_tick(void *user, uint64_t now_ns)
{
    sem_post(user);
    return now_ns + MILLI_NS;
}

static void ignore_event(void *user, const void *e, const struct stream_loss *loss)
{
    (void)user;
    (void)e;
    (void)loss;
}

Test(observer, ticks_come_without_events)
{
    static const struct observer_ops OPS = {.value = ignore_event, .tick = count_tick};
    sem_t ticks;
    sem_init(&ticks, 0, 0);
    struct observer *o = start_observer(&OPS, &ticks, EVENT_BOX_BYTES);
    for (unsigned i = 0; i < 3; i++)
        sem_wait(&ticks);
    cr_assert(stop_observer(o, in_ms(20000)));
}

/* ---- the JSON stream as an observer, over a pipe ---- */

struct broken {
    atomic_int error;
};

static void on_broken(void *user, int error)
{
    struct broken *b = user;
    atomic_store(&b->error, error);
}

struct piped {
    int read_fd, write_fd;
    struct broken broken;
    struct jsonl_stream stream;
    struct observer *observer;
};

static void start(struct piped *p, int fd)
{
    signal(SIGPIPE, SIG_IGN);
    p->write_fd = fd;
    jsonl_stream_init(&p->stream, fd, "0123456789abcdef", on_broken, &p->broken);
    p->observer = start_observer(&JSONL_STREAM_OPS, &p->stream, EVENT_BOX_BYTES);
}

static void start_pipe(struct piped *p)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    p->read_fd = ends[0];
    start(p, ends[1]);
}

static void finish(struct piped *p)
{
    jsonl_stream_done(&p->stream);
    close(p->write_fd);
}

static size_t drain(int fd, struct buf *ret)
{
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) > 0)
        buf_add(ret, chunk, (size_t)n);
    return ret->len;
}

/* Checks `seq` of every line and returns how many there are. */
static uint64_t count_lines(const struct buf *b)
{
    uint64_t seq = 0;
    for (const char *at = b->data, *end; (end = strchr(at, '\n')); at = end + 1) {
        SCOPED(json_doc_freep) struct json_doc *doc = NULL;
        cr_assert_eq(json_parse(at, (size_t)(end - at), &doc, NULL), OK);
        uint64_t found = 0;
        cr_assert(json_u64(json_get(json_root(doc), "seq"), &found));
        cr_assert_eq(found, ++seq);
    }
    return seq;
}

Test(jsonl_stream, numbers_what_it_writes_without_gaps)
{
    struct piped p = {0};
    start_pipe(&p);
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < count; i++)
        observer_tell(p.observer, &run[i]);
    cr_assert(stop_observer(p.observer, in_ms(20000)));
    finish(&p);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    drain(p.read_fd, &b);
    cr_assert_eq(count_lines(&b), count);
    cr_assert_eq(atomic_load(&p.broken.error), 0);
}

/* A reader that reads nothing: the pipe fills (64 KiB), the teller never waits, the stop ends. */
Test(jsonl_stream, a_slow_reader_never_slows_the_teller)
{
    struct piped p = {0};
    start_pipe(&p);
    for (unsigned i = 0; i < 5000; i++)
        observer_tell(p.observer, &WARNING);
    observer_tell(p.observer, &RESULT);
    cr_assert(stop_observer(p.observer, in_ms(50)));
    cr_assert_eq(p.stream.writer.error, ECANCELED);
    cr_assert_eq(atomic_load(&p.broken.error), 0, "giving up is no broken stream");
    finish(&p);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    drain(p.read_fd, &b);
    char *last = memrchr(b.data, '\n', b.len);
    last[1] = '\0';
    cr_assert_eq(count_lines(&b), p.stream.seq);
    cr_assert_lt(p.stream.seq, 5000);
}

Test(jsonl_stream, a_reader_that_went_away_is_told_once)
{
    struct piped p = {0};
    start_pipe(&p);
    close(p.read_fd);
    observer_tell(p.observer, &FIRST);
    observer_tell(p.observer, &WARNING);
    cr_assert(stop_observer(p.observer, in_ms(20000)));
    cr_assert_eq(atomic_load(&p.broken.error), EPIPE);
    cr_assert_eq(p.stream.seq, 0);
    finish(&p);
}

Test(jsonl_stream, a_full_device_is_told)
{
    struct piped p = {0};
    start(&p, open("/dev/full", O_WRONLY | O_CLOEXEC));
    observer_tell(p.observer, &FIRST);
    cr_assert(stop_observer(p.observer, in_ms(20000)));
    cr_assert_eq(atomic_load(&p.broken.error), ENOSPC);
    finish(&p);
}
