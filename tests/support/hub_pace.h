/* hub_pace.h - when the next slice of a paced body may go, and how large it is (bytes per second,
 * ns of monotonic time). What was sent at a rate is paid for at that rate: the debt is a time,
 * fixed when the slice goes. A rate that changes counts from the next slice on, HUB_SLICE_NS later
 * at most. Pure: time is an argument. One per body, zero at its start. */
#ifndef SHARDFETCH_TESTS_HUB_PACE_H
#define SHARDFETCH_TESTS_HUB_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/clock.h"

/* A slice is what the rate gives in so much time. A sender that was late may catch up with one. */
#define HUB_SLICE_NS (20 * MILLI_NS)

struct hub_pace {
    uint64_t due_ns; // when what was sent is paid for; 0 = nothing was sent
};

/* Nanoseconds until the next slice may go; 0 = now. */
uint64_t hub_pace_wait_ns(const struct hub_pace *p, uint64_t now_ns);
/* How many of `max` bytes go now at `rate` (0 = all, at no cost): at least one of one. */
size_t hub_pace_send(struct hub_pace *p, uint64_t rate, size_t max, uint64_t now_ns);

#endif
