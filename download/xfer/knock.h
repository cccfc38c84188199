/* knock.h - how long a packet takes to a server and back: one TCP connection that is made and
 * closed again. What answers waits in the same queue as the bytes that come from there, and nothing
 * of ours delays it. Any one thread. */
#ifndef SHARDFETCH_XFER_KNOCK_H
#define SHARDFETCH_XFER_KNOCK_H

#include <stdint.h>

#include "download/base/outcome.h"

/* Where bytes come from: a proxy, where there is one. */
struct door {
    char address[OUTCOME_ADDRESS_MAX]; // numbers; "" = not known
    uint16_t port;
};

enum knock_state {
    KNOCK_WAITING,
    KNOCK_OPEN,
    KNOCK_FAILED, // refused, or no way there
};

struct knock {
    int fd; // can be written to when there is an answer; -1 = none is under way
    uint64_t began_ns;
};

/* Without waiting; fd is -1 when it cannot even be tried. */
void knock_start(struct knock *k, const struct door *to, uint64_t now_ns);
/* How it stands, and for an open one how long it took. */
enum knock_state knock_look(const struct knock *k, uint64_t now_ns, uint64_t *ret_took_ns);
void knock_end(struct knock *k); // also one that could not be tried

#endif
