#include "download/async/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

enum { TURN_POSTS = 256 }; // in one turn, so that timers come to their turn whoever posts

struct loop {
    /* any thread */
    struct mailbox *posts;
    int wake_fd;
    atomic_uint raised;
    bool is_virtual;
    /* loop's thread */
    struct list timers; // ascending at_ns
    struct list watches;
    uint64_t now_ns;
    bool more; // posts were left for the next turn
    raised_fn *on_raise;
    void *on_raise_user;
};

/* write(2) and an atomic flag only: signal handlers come here. */
static void wake(void *user)
{
    struct loop *l = user;
    uint64_t one = 1;
    int saved = errno;
    ssize_t ignored = write(l->wake_fd, &one, sizeof(one)); // full counter = already awake
    (void)ignored;
    errno = saved;
}

enum err loop_new(struct loop **ret, struct why *why)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return fail(why, ERR_INTERNAL, "cannot make an eventfd: %s", strerror(errno));
    struct loop *l = mem_new(sizeof(*l));
    l->wake_fd = fd;
    l->posts = mailbox_new(&(struct mailbox_opts){.wake = wake, .wake_user = l});
    list_init(&l->timers);
    list_init(&l->watches);
    l->now_ns = clock_now_ns();
    *ret = l;
    return OK;
}

enum err loop_new_virtual(struct loop **ret, struct why *why)
{
    enum err e = loop_new(ret, why);
    if (e) return e;
    (*ret)->is_virtual = true;
    (*ret)->now_ns = SECOND_NS; // as good as any, and not 0, which means "never" to many
    return OK;
}

void loop_free(struct loop *l)
{
    if (!l) return;
    mailbox_free(l->posts);
    close(l->wake_fd);
    mem_free(l);
}

bool loop_post(struct loop *l, struct post *take_p)
{
    return mailbox_put(l->posts, &take_p->message, NULL) == PUT_OK;
}

void loop_close(struct loop *l)
{
    mailbox_close(l->posts);
}

void loop_raise(struct loop *l, unsigned bits)
{
    atomic_fetch_or(&l->raised, bits);
    wake(l);
}

void loop_on_raise(struct loop *l, raised_fn *fn, void *user)
{
    l->on_raise = fn;
    l->on_raise_user = user;
}

uint64_t loop_now_ns(const struct loop *l)
{
    return l->now_ns;
}

void timer_init(struct timer *t, timer_fn *fire)
{
    list_init(&t->node);
    t->fire = fire;
}

static uint64_t next_timer_ns(const struct loop *l)
{
    if (list_empty(&l->timers)) return UINT64_MAX;
    return container_of(l->timers.next, struct timer, node)->at_ns;
}

void timer_set(struct loop *l, struct timer *t, uint64_t at_ns)
{
    timer_cancel(t);
    t->at_ns = at_ns;
    struct list *after = l->timers.prev; // from the end: most are set for later than the others
    if (at_ns < next_timer_ns(l)) after = &l->timers;
    while (after != &l->timers && container_of(after, struct timer, node)->at_ns > at_ns)
        after = after->prev;
    list_add_head(after, &t->node);
}

void timer_cancel(struct timer *t)
{
    list_remove(&t->node);
}

bool timer_is_set(const struct timer *t)
{
    return !list_empty(&t->node);
}

void watch_set(struct loop *l, struct watch *w, int fd, watch_fn *fire)
{
    *w = (struct watch){.fd = fd, .fire = fire};
    list_add_tail(&l->watches, &w->node);
}

void watch_cancel(struct watch *w)
{
    list_remove(&w->node);
}

static int wait_ms(const struct loop *l)
{
    uint64_t at = l->more ? 0 : next_timer_ns(l);
    if (at == UINT64_MAX) return -1;
    uint64_t now = clock_now_ns();
    if (at <= now) return 0;
    uint64_t ms = (at - now + MILLI_NS - 1) / MILLI_NS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void run_timers(struct loop *l)
{
    struct list due;
    list_init(&due);
    list_each_safe (node, &l->timers) {
        if (container_of(node, struct timer, node)->at_ns > l->now_ns) break;
        list_remove(node);
        list_add_tail(&due, node);
    }
    struct list *node;
    while ((node = list_pop(&due))) {
        struct timer *t = container_of(node, struct timer, node);
        t->fire(t);
    }
}

static bool deliver_raised(struct loop *l)
{
    unsigned bits = atomic_exchange(&l->raised, 0);
    if (bits && l->on_raise) l->on_raise(l->on_raise_user, bits);
    return bits != 0;
}

/* At most that many posts; false: there was nothing. */
static bool drain(struct loop *l, size_t most)
{
    bool any = deliver_raised(l);
    struct message *m = NULL;
    size_t count = 0;
    while (count < most && (m = mailbox_take(l->posts))) {
        struct post *p = container_of(m, struct post, message);
        p->deliver(p);
        count++;
    }
    l->more = count == most;
    return any || count;
}

void loop_drain(struct loop *l)
{
    drain(l, SIZE_MAX);
    run_timers(l);
}

static void turn_virtual(struct loop *l)
{
    uint64_t at = next_timer_ns(l);
    if (!drain(l, TURN_POSTS) && at != UINT64_MAX && at > l->now_ns) l->now_ns = at;
    run_timers(l);
}

/* ---- descriptors ---- */

enum { FDS_OURS = 2 }; // the wake-up, and the one of loop_turn_with

struct fds {
    struct pollfd items[FDS_OURS + LOOP_WATCHES_MAX];
    nfds_t count;
};

/* `fd` < 0 is none: poll(2) ignores it. */
static void collect(const struct loop *l, int fd, struct fds *ret)
{
    *ret = (struct fds){.items = {{.fd = l->wake_fd, .events = POLLIN}, {fd, POLLIN, 0}},
                        .count = FDS_OURS};
    list_each (node, &l->watches) {
        assert(ret->count < ARRAY_LEN(ret->items));
        int watched = container_of(node, struct watch, node)->fd;
        ret->items[ret->count++] = (struct pollfd){.fd = watched, .events = POLLOUT};
    }
}

static void wait_for_any(const struct loop *l, struct fds *fds)
{
    if (poll(fds->items, fds->count, wait_ms(l)) <= 0 || !fds->items[0].revents) return;
    uint64_t ignored;
    ssize_t n = read(l->wake_fd, &ignored, sizeof(ignored)); // only to reset the counter
    (void)n;
}

static bool happened(const struct fds *fds, int fd)
{
    for (nfds_t i = FDS_OURS; i < fds->count; i++) {
        if (fds->items[i].fd == fd && fds->items[i].revents) return true;
    }
    return false;
}

/* Each may cancel others. */
static void run_watches(struct loop *l, const struct fds *fds)
{
    struct list due;
    list_init(&due);
    list_each_safe (node, &l->watches) {
        if (!happened(fds, container_of(node, struct watch, node)->fd)) continue;
        list_remove(node);
        list_add_tail(&due, node);
    }
    struct list *node;
    while ((node = list_pop(&due))) {
        struct watch *w = container_of(node, struct watch, node);
        w->fire(w);
    }
}

/* ---- turns ---- */

/* Watched ones first: what posts and timers end is not in the way of what has happened. */
static void turn(struct loop *l, struct fds *fds)
{
    wait_for_any(l, fds);
    l->now_ns = clock_now_ns();
    run_watches(l, fds);
    drain(l, TURN_POSTS);
    run_timers(l);
}

void loop_turn(struct loop *l)
{
    if (l->is_virtual) {
        turn_virtual(l);
        return;
    }
    struct fds fds;
    collect(l, -1, &fds);
    turn(l, &fds);
}

bool loop_turn_with(struct loop *l, int fd)
{
    struct fds fds;
    collect(l, fd, &fds);
    turn(l, &fds);
    return fds.items[1].revents != 0;
}
