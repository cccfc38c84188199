/* relay_window.h - how many bytes one sender may have under way, as Reno's congestion control has
 * it (RFC 5681, the half that a proxy can play): ten segments at first (RFC 6928), one more for
 * each that was acknowledged up to the threshold, then one more per round trip; a loss halves it,
 * once per round trip however many segments were lost. An acknowledgement counts only while the
 * sender uses at least half of what it may, so that idling does not open the window. Pure. */
#ifndef SHARDFETCH_TESTS_RELAY_WINDOW_H
#define SHARDFETCH_TESTS_RELAY_WINDOW_H

#include <stdint.h>

enum { RELAY_SEGMENT = 1448 }; // payload of a full Ethernet frame with timestamps

struct relay_window {
    uint64_t bytes;       // may be under way
    uint64_t threshold;   // of slow start
    uint64_t most;        // the other end's buffer
    uint64_t recovery_ns; // until then a loss is one we know of
};

struct relay_window relay_window_new(uint64_t most);
void relay_window_acked(struct relay_window *w, uint64_t bytes, uint64_t under_way);
/* A segment sent at `now_ns` was lost; the sender knows one round trip later what became of the
 * others. */
void relay_window_lost(struct relay_window *w, uint64_t now_ns, uint64_t rtt_ns);

#endif
