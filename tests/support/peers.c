#include "tests/support/peers.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/loopback.h"

struct peer {
    struct peers *all;
    int fd;
    size_t number;
    pthread_t thread;
    struct peer *next;
};

struct peers {
    peer_fn serve;
    void *user;
    int fd, stop_fd;
    unsigned port;
    pthread_t acceptor;
    bool running;
    struct peer *first; // the acceptor's; peers_free's once that has ended
};

SCOPED_FREE(struct peers, peers)

static void *peer_run(void *user)
{
    struct peer *p = user;
    p->all->serve(p->all->user, p->fd, p->number, p->all->stop_fd);
    shutdown(p->fd, SHUT_RDWR);
    return NULL;
}

static void *accept_run(void *user)
{
    struct peers *all = user;
    for (size_t n = 0; loopback_wait(all->fd, POLLIN, all->stop_fd); n++) {
        int fd = accept4(all->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) continue;
        struct peer *p = mem_new(sizeof(*p));
        *p = (struct peer){.all = all, .fd = fd, .number = n, .next = all->first};
        if (pthread_create(&p->thread, NULL, peer_run, p) == 0) {
            all->first = p;
        } else {
            close(fd);
            mem_free(p);
        }
    }
    return NULL;
}

enum err peers_start(peer_fn serve, void *user, struct peers **ret, struct why *why)
{
    SCOPED(peers_freep) struct peers *all = mem_new(sizeof(*all));
    *all = (struct peers){.serve = serve, .user = user, .stop_fd = eventfd(0, EFD_CLOEXEC)};
    all->fd = loopback_listen(&all->port);
    if (all->fd < 0 || all->stop_fd < 0) return fail_errno(why, "cannot listen on 127.0.0.1");
    all->running = pthread_create(&all->acceptor, NULL, accept_run, all) == 0;
    if (!all->running) return fail(why, ERR_INTERNAL, "cannot start a thread");
    *ret = TAKE(all);
    return OK;
}

void peers_free(struct peers *all)
{
    if (!all) return;
    if (all->stop_fd >= 0) eventfd_write(all->stop_fd, 1);
    if (all->running) pthread_join(all->acceptor, NULL);
    for (struct peer *p = all->first, *next; p; p = next) {
        next = p->next;
        pthread_join(p->thread, NULL);
        close(p->fd);
        mem_free(p);
    }
    if (all->fd >= 0) close(all->fd);
    if (all->stop_fd >= 0) close(all->stop_fd);
    mem_free(all);
}

unsigned peers_port(const struct peers *all)
{
    return all->port;
}
