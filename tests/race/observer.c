/* Observers under ThreadSanitizer: one thread tells, three observers read at their own pace, one of
 * them into a pipe whose reader goes away, and the end interrupts them. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/jsonl_stream.h"
#include "cli/live.h"
#include "cli/plain.h"
#include "download/base/clock.h"

enum { ROUNDS = 50, EVENTS = 200 };

static atomic_uint broken;

static void on_broken(void *user, int error)
{
    (void)user;
    (void)error;
    atomic_fetch_add(&broken, 1);
}

/* Reads a little, then is gone; a stream that ends at once may have left nothing to read. */
static void *read_some(void *user)
{
    const int *fd = user;
    char bytes[4096];
    ssize_t got = read(*fd, bytes, sizeof(bytes));
    close(*fd);
    return got >= 0 ? NULL : user;
}

static struct event progress_at(uint64_t ms)
{
    return (struct event){.type = EV_PROGRESS,
                          .mono_ms = ms,
                          .u.progress = {.downloaded = ms, .total = EVENTS, .total_files = 1}};
}

static void tell_all(struct observer *const *observers, size_t count, const struct event *e)
{
    for (size_t i = 0; i < count; i++)
        observer_tell(observers[i], e);
}

static void tell_run(struct observer *const *observers, size_t count)
{
    static const struct event WARNING = {EV_WARNING, .u.warning = {"code", "a message"}};
    static const struct event RESULT = {EV_RESULT, .u.result = {.status = "ok"}};
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct event progress = progress_at(i);
        tell_all(observers, count, &progress);
        tell_all(observers, count, &WARNING);
    }
    tell_all(observers, count, &RESULT);
}

static struct observer *start_observer(const struct observer_ops *ops, void *user, size_t bytes)
{
    return observer_start(&(struct observer_opts){
        .ops = ops,
        .user = user,
        .stream = {.ops = &EVENT_VALUES, .policy = STREAM_COALESCE, .max_bytes = bytes}});
}

static bool round_of(int null_fd, uint64_t wait_ms)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    struct jsonl_stream stream;
    struct live live;
    struct plain plain;
    jsonl_stream_init(&stream, fds[1], "0123456789abcdef", on_broken, NULL);
    live_init(&live, null_fd, true, NOTE_ALL);
    plain_init(&plain, null_fd, NOTE_ALL);
    struct observer *observers[] = {
        start_observer(&JSONL_STREAM_OPS, &stream, EVENT_BOX_BYTES),
        start_observer(&LIVE_OPS, &live, EVENT_BOX_BYTES),
        start_observer(&PLAIN_OPS, &plain, EVENTS), // too small for all
    };
    pthread_t reader;
    pthread_create(&reader, NULL, read_some, &fds[0]);
    tell_run(observers, 3);
    bool good = true;
    for (size_t i = 0; i < 3; i++)
        good = observer_end(observers[i], clock_now_ns() + wait_ms * MILLI_NS) && good;
    for (size_t i = 0; i < 3; i++)
        observer_free(observers[i]);
    jsonl_stream_done(&stream);
    close(fds[1]); // a reader that got nothing waits for this
    void *failed = NULL;
    pthread_join(reader, &failed);
    live_done(&live);
    plain_done(&plain);
    return good && !failed;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        if (round_of(null_fd, i % 2 ? 20000 : 0)) continue;
        fprintf(stderr, "round %u went wrong\n", (unsigned)i);
        return 1;
    }
    close(null_fd);
    printf("%u of %d streams broke\n", atomic_load(&broken), ROUNDS);
    return 0;
}
