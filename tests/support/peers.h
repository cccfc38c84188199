/* peers.h - accepts connections on loopback and runs each in a thread of its own, until stopped. */
#ifndef SHARDFETCH_TESTS_PEERS_H
#define SHARDFETCH_TESTS_PEERS_H

#include <stddef.h>

#include "download/base/err.h"

struct peers;

/* Serves the n-th connection (from 0); returns when it is done with it, at the latest once
 * `stop_fd` is readable. The descriptor is closed by the caller. */
typedef void (*peer_fn)(void *user, int fd, size_t n, int stop_fd);

NODISCARD enum err peers_start(peer_fn serve, void *user, struct peers **ret, struct why *why);
/* Ends all connections and frees. NULL is fine. */
void peers_free(struct peers *all);
unsigned peers_port(const struct peers *all);

#endif
