/* The embedded hub under many clients at once while its content, rules and limits change: for
 * ThreadSanitizer. Each request has a socket of its own, half of them through a proxy; each is
 * answered in HTTP, unless a rule hung up on it, and each answer is in the log. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/support/proxy.h"

enum { CLIENTS = 6, ROUNDS = 40, CHANGES = 60, REPLY_MAX = 64 * 1024 };

static struct hub *hub;
static struct proxy *proxy;
static atomic_uint answers, failures;

static unsigned port_of(const char *url)
{
    return (unsigned)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

/* The whole answer to one request on a connection of its own; bytes of it, 0 when it failed. */
static size_t ask(bool through_proxy, const char *path, char *ret)
{
    unsigned port = through_proxy ? proxy_port(proxy) : port_of(hub_endpoint(hub));
    size_t got = 0;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SCOPED(mem_freep)
    char *request = mem_printf("GET %s%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                               through_proxy ? hub_endpoint(hub) : "", path);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) > 0) {
        for (ssize_t n; (n = recv(fd, ret + got, REPLY_MAX - 1 - got, 0)) > 0;) {
            got += (size_t)n;
        }
    }
    close(fd);
    ret[got] = '\0';
    return got;
}

static void *client(void *user)
{
    static const char *const paths[] = {
        "/api/models/org/name",
        "/api/models/org/name/tree/main?recursive=true",
        "/org/name/resolve/main/small.txt",
        "/org/name/resolve/main/big.bin",
        "/org/none/resolve/main/x",
    };
    SCOPED(mem_freep) char *reply = mem_new(REPLY_MAX);
    const size_t *first = user; // each begins with another path
    for (size_t i = 0; i < ROUNDS; i++) {
        const char *path = paths[(*first + i) % ARRAY_LEN(paths)];
        if (ask(i % 2 == 1, path, reply) == 0) continue; // a rule told it to hang up
        atomic_fetch_add(&answers, 1);
        if (strncmp(reply, "HTTP/1.1 ", 9) != 0) atomic_fetch_add(&failures, 1);
    }
    return NULL;
}

static void *changer(void *user)
{
    (void)user;
    struct hub_fault hang = HUB_FAULT_NONE;
    hang.route = HUB_RESOLVE;
    hang.first = 3;
    hang.hang_up = true;
    for (unsigned i = 0; i < CHANGES; i++) {
        SCOPED(mem_freep) char *text = mem_printf("version %u", i);
        hub_add_file(hub, "org/name", "small.txt", text, strlen(text), false);
        hub_add_generated(hub, "org/name", "big.bin", 1000 + i, i, true);
        hub_limit(hub, HUB_BUCKET_API, i % 2 ? 5 : 0, 10);
        hub_add_fault(hub, &hang);
        if (i % 5 == 0) hub_clear_faults(hub);
        hub_expire_urls(hub);
        (void)hub_log_count(hub_log(hub), &(struct hub_log_filter){.finished = true});
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[CLIENTS + 1];
    size_t numbers[CLIENTS + 1];
    struct why why;
    if (hub_start(&(struct hub_options){0}, &hub, &why) != OK ||
        proxy_start(&(struct proxy_options){0}, &proxy, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    for (size_t i = 0; i <= CLIENTS; i++) {
        void *(*run)(void *) = i < CLIENTS ? client : changer;
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, run, &numbers[i]) != 0) return 1;
    }
    for (size_t i = 0; i <= CLIENTS; i++) {
        pthread_join(threads[i], NULL);
    }
    const struct hub_log_filter finished = {.finished = true};
    bool all = hub_log_wait(hub_log(hub), &finished, atomic_load(&answers), 30000);
    printf("%u answers, %zu logged\n", atomic_load(&answers), hub_log_count(hub_log(hub), NULL));
    proxy_free(proxy);
    hub_free(hub);
    return all && atomic_load(&failures) == 0 && atomic_load(&answers) > 0 ? 0 : 1;
}
