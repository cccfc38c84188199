/* hub_server.h - sockets and threads of one origin of the embedded hub, over libmicrohttpd: one
 * thread per connection, so that delays, stalls and paced bodies are straight-line code. Everything
 * that waits watches the hub's stop_fd and the client's hanging up. */
#ifndef SHARDFETCH_TESTS_HUB_SERVER_H
#define SHARDFETCH_TESTS_HUB_SERVER_H

#include "tests/support/hub_pace.h"
#include "tests/support/hub_state.h"

struct hub_server;

/* Listens on 127.0.0.1, port of the system's choice, unless the options say [::1]. */
NODISCARD enum err hub_server_start(struct hub *h, enum hub_origin origin, struct hub_server **ret,
                                    struct why *why);
unsigned hub_server_port(const struct hub_server *s);
/* The hub's stop_fd must be readable by then. NULL is fine. */
void hub_server_stop(struct hub_server *s);

/* One body on its way: hub_body.c. */
struct hub_body {
    struct hub *hub;
    const struct hub_reply *reply;
    int fd; // of the connection
    uint64_t log_id;
    struct hub_pace pace;
    bool counted; // in hub->bodies
};
enum { HUB_BODY_ERROR = -2, HUB_BODY_END = -1 };
/* Up to `max` bytes at `pos` of the body into `buf`, after the waiting the rules ask for; or
 * HUB_BODY_ERROR: close the connection. */
long hub_body_read(struct hub_body *b, uint64_t pos, char *buf, size_t max);
void hub_body_done(struct hub_body *b);
/* Waits; false when the client hung up or the hub ends. `ms` UINT64_MAX = until then. */
bool hub_wait_ms(const struct hub *h, int fd, uint64_t ms);

#endif
