#include "tests/support/relay_link.h"

uint64_t relay_link_wait_ns(const struct relay_link *l, uint64_t now_ns)
{
    if (!l->rate || l->due_ns <= now_ns + RELAY_QUEUE_NS) return 0;
    return l->due_ns - now_ns - RELAY_QUEUE_NS;
}

uint64_t relay_link_take(struct relay_link *l, size_t bytes, uint64_t now_ns)
{
    if (!l->rate) return now_ns;
    uint64_t earliest = now_ns > RELAY_CREDIT_NS ? now_ns - RELAY_CREDIT_NS : 0;
    uint64_t from_ns = l->due_ns > earliest ? l->due_ns : earliest;
    l->due_ns = from_ns + (uint64_t)bytes * SECOND_NS / l->rate;
    return l->due_ns > now_ns ? l->due_ns : now_ns;
}
