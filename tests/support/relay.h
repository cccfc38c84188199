/* relay.h - a long link on one machine: forwards TCP connections to one address, late, at a shared
 * rate and with losses, as relay_pipe.h models them; both directions alike. One thread of its own
 * (epoll), so start it after fork(2).
 *
 * The bytes are untouched, and the end of each direction is passed on by itself (half-close). Not
 * late: a reset, which is passed on at once, and the accepting of a connection (its first bytes pay
 * for the handshake). What it has not taken from a socket waits there, in SOCKET_BYTES. */
#ifndef SHARDFETCH_TESTS_RELAY_H
#define SHARDFETCH_TESTS_RELAY_H

#include <stdint.h>

#include "download/base/err.h"
#include "download/base/scoped.h"

/* All zero but the target: as fast as it goes. */
struct relay_options {
    const char *target;   // "127.0.0.1:8080"; IPv4
    const char *listen;   // address; NULL = 127.0.0.1
    uint64_t delay_ns;    // one way; a round trip takes twice that
    uint64_t rate;        // bytes per second and direction, all connections together; 0 = any
    unsigned loss_ppm;    // segments of a million that are lost; at most a million
    uint64_t queue_bytes; // receive buffer of a connection and direction; 0 = twice what the rate
                          // gives in a round trip
    uint64_t seed;        // of the losses
};

struct relay;

NODISCARD enum err relay_start(const struct relay_options *o, struct relay **ret, struct why *why);
/* Resets what is still open. NULL is fine. */
void relay_free(struct relay *r);
SCOPED_FREE(struct relay, relay)

/* "ADDRESS:PORT", the port being of the system's choice. */
const char *relay_address(const struct relay *r);

#endif
