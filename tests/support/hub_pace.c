#include "tests/support/hub_pace.h"

uint64_t hub_pace_wait_ns(const struct hub_pace *p, uint64_t now_ns)
{
    return p->due_ns > now_ns ? p->due_ns - now_ns : 0;
}

size_t hub_pace_send(struct hub_pace *p, uint64_t rate, size_t max, uint64_t now_ns)
{
    if (!rate) return max;
    uint64_t slice = rate / (SECOND_NS / HUB_SLICE_NS);
    if (slice == 0) slice = 1;
    uint64_t n = max < slice ? max : slice;
    uint64_t earliest = now_ns > HUB_SLICE_NS ? now_ns - HUB_SLICE_NS : 0;
    if (p->due_ns == 0) earliest = now_ns; // nobody is late with the first slice
    uint64_t from_ns = p->due_ns > earliest ? p->due_ns : earliest;
    p->due_ns = from_ns + (n * SECOND_NS + rate - 1) / rate;
    return (size_t)n;
}
