#include "download/rate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/base/str.h"

enum {
    TEXT_MAX = 64,    // a number and a suffix need fewer
    EVENTS_MAX = 4096 // bytes; one event is at most 16 + 256, inotify(7)
};

struct rate_file {
    char *path;
    const char *name; // in `path`, without its directory
    struct throttle *rate;
    struct loop *loop;
    const struct emitter *emitter;
    int watch_fd; // inotify
    int stop_fd;  // eventfd
    pthread_t thread;
    bool runs;
};

/* The rate in the file. Any thread. */
static enum err read_rate(const char *path, uint64_t *ret, struct why *why)
{
    SCOPED(fs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char text[TEXT_MAX];
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (len < 0) {
        return fail(why, ERR_USAGE, "cannot read a rate from '%s': %s", path, strerror(errno));
    }
    text[len] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    uint64_t rate = 0;
    if (!str_eq(text, "none") && !str_bytes(text, &rate)) {
        return fail(why, ERR_USAGE, "'%s' says neither a rate like 50M nor none", path);
    }
    *ret = rate;
    return OK;
}

/* ---- the thread that waits ---- */

struct told {
    struct post post;
    const struct emitter *emitter;
    struct why why;
};

static void tell(struct post *p)
{
    struct told *t = container_of(p, struct told, post);
    emit_warning(t->emitter, "limit-rate", t->why.text);
    mem_free(t);
}

static void read_again(const struct rate_file *f)
{
    uint64_t rate = 0;
    struct why why;
    if (!read_rate(f->path, &rate, &why)) {
        throttle_set_rate(f->rate, rate, clock_now_ns());
        return;
    }
    struct told *t = mem_new(sizeof(*t));
    *t = (struct told){.post = {.deliver = tell}, .emitter = f->emitter, .why = why};
    if (!loop_post(f->loop, &t->post)) mem_free(t);
}

/* Was it our file? An overflow has no name and may have been. */
static bool concerns(const struct rate_file *f, const char *events, size_t len)
{
    for (size_t at = 0; at + sizeof(struct inotify_event) <= len;) {
        struct inotify_event e;
        memcpy(&e, events + at, sizeof(e));
        const char *name = e.len ? events + at + sizeof(e) : "";
        if ((e.mask & IN_Q_OVERFLOW) || str_eq(name, f->name)) return true;
        at += sizeof(e) + e.len;
    }
    return false;
}

static void *wait_for_it(void *user)
{
    struct rate_file *f = user;
    struct pollfd fds[] = {{f->watch_fd, POLLIN, 0}, {f->stop_fd, POLLIN, 0}};
    for (;;) {
        if (poll(fds, ARRAY_LEN(fds), -1) < 0) continue; // EINTR
        if (fds[1].revents) return NULL;
        char events[EVENTS_MAX];
        ssize_t len = read(f->watch_fd, events, sizeof(events));
        if (len > 0 && concerns(f, events, (size_t)len)) read_again(f);
    }
}

/* The directory is watched: editors put another file in the place of the old one. */
static enum err watch(struct rate_file *f, struct why *why)
{
    SCOPED(mem_freep) char *dir = mem_strdup(f->path);
    dir[f->name - f->path] = '\0';
    const uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR;
    f->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    f->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (f->watch_fd < 0 || f->stop_fd < 0 ||
        inotify_add_watch(f->watch_fd, dir[0] ? dir : ".", changes) < 0) {
        return fail(why, ERR_INTERNAL, "cannot watch '%s': %s", f->path, strerror(errno));
    }
    return OK;
}

enum err rate_file_open(const struct rate_file_opts *opts, struct rate_file **ret, struct why *why)
{
    uint64_t rate = 0;
    enum err e = read_rate(opts->path, &rate, why); // a wrong path says so first
    if (e) return e;
    struct rate_file *f = mem_new(sizeof(*f));
    *f = (struct rate_file){.path = mem_strdup(opts->path),
                            .rate = opts->rate,
                            .loop = opts->loop,
                            .emitter = opts->emitter,
                            .watch_fd = -1,
                            .stop_fd = -1};
    const char *slash = strrchr(f->path, '/');
    f->name = slash ? slash + 1 : f->path;
    e = watch(f, why);
    if (!e) e = read_rate(f->path, &rate, why); // what was written before the watch
    if (!e) {
        throttle_set_rate(f->rate, rate, clock_now_ns());
        f->runs = pthread_create(&f->thread, NULL, wait_for_it, f) == 0;
        if (!f->runs) e = fail(why, ERR_INTERNAL, "cannot start a thread");
    }
    if (e) {
        rate_file_close(f);
        return e;
    }
    *ret = f;
    return OK;
}

void rate_file_close(struct rate_file *f)
{
    if (!f) return;
    if (f->runs) {
        eventfd_write(f->stop_fd, 1);
        pthread_join(f->thread, NULL);
    }
    fs_closep(&f->watch_fd);
    fs_closep(&f->stop_fd);
    mem_free(f->path);
    mem_free(f);
}
