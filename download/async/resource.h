/* resource.h - the state of something that is opened, works, may work badly for a while, and is
 * closed: the connection pool, the hub session, a journal. Pure; one thread.
 *
 *   initialising ─▶ ready ⇄ degraded        any of them ─▶ closing ─▶ closed
 *         └───────────────────┘ */
#ifndef SHARDFETCH_ASYNC_RESOURCE_H
#define SHARDFETCH_ASYNC_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

enum resource_state {
    RESOURCE_INITIALISING,
    RESOURCE_READY,
    RESOURCE_DEGRADED,
    RESOURCE_CLOSING,
    RESOURCE_CLOSED,
};
const char *resource_state_word(enum resource_state s);

enum { RESOURCE_REASON_MAX = 128 };

struct resource {
    const char *name; // static storage
    enum resource_state state;
    char reason[RESOURCE_REASON_MAX]; // of the degraded state; "" = none
    uint64_t since_ns;                // when it came into this state
    unsigned changes;
};

void resource_init(struct resource *r, const char *name, uint64_t now_ns);
/* False, and nothing changes: there is no such way in the picture above. The same state again with
 * another reason is a way of `degraded` only. `reason` may be NULL. */
bool resource_move(struct resource *r, enum resource_state to, const char *reason, uint64_t now_ns);
bool resource_usable(const struct resource *r); // ready or degraded

#endif
