#include "tests/support/relay_window.h"

#include <stdbool.h>

static const uint64_t FIRST_BYTES = UINT64_C(10) * RELAY_SEGMENT; // RFC 6928
static const uint64_t LEAST_BYTES = UINT64_C(2) * RELAY_SEGMENT;  // RFC 5681 §3.1

struct relay_window relay_window_new(uint64_t most)
{
    return (struct relay_window){
        .bytes = FIRST_BYTES < most ? FIRST_BYTES : most, .threshold = most, .most = most};
}

void relay_window_acked(struct relay_window *w, uint64_t bytes, uint64_t under_way)
{
    if (under_way < w->bytes / 2) return;
    bool slow_start = w->bytes < w->threshold;
    w->bytes += slow_start ? bytes : bytes * RELAY_SEGMENT / w->bytes;
    if (slow_start && w->bytes > w->threshold) w->bytes = w->threshold;
    if (w->bytes > w->most) w->bytes = w->most;
}

void relay_window_lost(struct relay_window *w, uint64_t now_ns, uint64_t rtt_ns)
{
    if (now_ns < w->recovery_ns) return;
    w->threshold = w->bytes / 2 > LEAST_BYTES ? w->bytes / 2 : LEAST_BYTES;
    w->bytes = w->threshold;
    w->recovery_ns = now_ns + rtt_ns;
}
