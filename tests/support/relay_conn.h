/* relay_conn.h - one relayed connection: two sockets and a pipe each way. It does what can be done
 * now without waiting, and says when time alone changes that. One thread. */
#ifndef SHARDFETCH_TESTS_RELAY_CONN_H
#define SHARDFETCH_TESTS_RELAY_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/relay_link.h"
#include "tests/support/relay_pipe.h"

struct relay_conn;

/* One socket: what edge-triggered epoll said, and the pipe that its bytes go into. */
struct relay_end {
    struct relay_conn *conn;
    int fd;
    bool readable, writable;
    struct relay_pipe out; // from this socket to the other
    bool told;             // the other one was told the end
};

enum { RELAY_CLIENT, RELAY_TARGET, RELAY_ENDS };

struct relay_conn {
    struct relay_end end[RELAY_ENDS];
    bool broken; // one side was reset: nothing more is passed on
};

/* Takes both sockets, which do not block. */
struct relay_conn *relay_conn_new(int client, int target, const struct relay_path *path,
                                  uint64_t seed, uint64_t now_ns);
void relay_conn_free(struct relay_conn *c);
/* Gives on what has arrived. */
void relay_conn_give(struct relay_conn *c, uint64_t now_ns);
/* Takes from one end up to `most` bytes for the link; true when it took some. */
bool relay_conn_take(struct relay_conn *c, unsigned end, struct relay_link *l, size_t most,
                     uint64_t now_ns);
/* Both directions have ended, or it is broken. */
bool relay_conn_over(const struct relay_conn *c);
uint64_t relay_conn_next_ns(const struct relay_conn *c, uint64_t now_ns);
/* It has bytes for this link, and room. */
bool relay_conn_wants(const struct relay_conn *c, unsigned end, uint64_t now_ns);

#endif
