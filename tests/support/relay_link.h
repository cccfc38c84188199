/* relay_link.h - one direction of the link that all connections of a relay share: bytes leave one
 * after the other at its rate (bytes per second, ns of monotonic time). It takes nothing more while
 * RELAY_QUEUE_NS of traffic wait to leave; a taker that was late may catch up on RELAY_CREDIT_NS.
 * Pure: time is an argument. */
#ifndef SHARDFETCH_TESTS_RELAY_LINK_H
#define SHARDFETCH_TESTS_RELAY_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/clock.h"

#define RELAY_QUEUE_NS  MILLI_NS
#define RELAY_CREDIT_NS (5 * MILLI_NS)

struct relay_link {
    uint64_t rate;   // 0 = no limit
    uint64_t due_ns; // when all that it took has left
};

/* Nanoseconds until it takes more; 0 = now. */
uint64_t relay_link_wait_ns(const struct relay_link *l, uint64_t now_ns);
/* It takes `bytes`; returns when the last of them leaves, not before now. */
uint64_t relay_link_take(struct relay_link *l, size_t bytes, uint64_t now_ns);

#endif
