/* polite.h - a rate that leaves the link to others: from how much longer than at best a packet
 * takes (its time in somebody's queue) it finds the rate that leaves about POLITE_TARGET_NS of
 * queue. The idea is LEDBAT's (RFC 6817), at the receiver (RFC 9840) and for all connections
 * together. With a queue shorter than that and nothing to hold back there is no limit:
 *
 *   free     → limited  the queue is longer: from then on what came is the measure
 *   limited  → limited  longer: less, the more the longer, unless it already shrinks fast enough;
 *                       shorter: a tenth more at most, a fourth when
 *                       there has been none for two seconds, or far below what was too much
 *   limited  → free     for a while it has not come near the limit, whatever holds it back
 *
 * The best time is that of the last five to ten minutes, since routes change. Who comes when a
 * queue is there already takes it for the route until it has once been empty (as with LEDBAT).
 * Pure: time is an argument. One thread. */
#ifndef SHARDFETCH_SCHED_POLITE_H
#define SHARDFETCH_SCHED_POLITE_H

#include <stdint.h>

#include "download/base/clock.h"

#define POLITE_TARGET_NS (60 * MILLI_NS) // LEDBAT++'s; RFC 6817 allows up to 100 ms
#define POLITE_TURN_NS   (250 * MILLI_NS)

/* All zero is free, and nothing known. */
struct polite {
    uint64_t base_ns[2]; // the best of this span of time and of the one before
    uint64_t span_ns;    // when this one began; 0 = never
    uint64_t took_ns;    // the last one; 0 = none
    uint64_t queue_ns;   // as it was at the last turn
    uint64_t turned_ns;  // when that was
    uint64_t queued_ns;  // when there last was one worth the name, while limited
    uint64_t rate;       // bytes per second; 0 = no limit
    uint64_t top;        // the one at which the queue last grew too long
    uint64_t near_ns;    // when what came was last near it
};

/* A packet took so long, at a time when so much came; the new rate. About every POLITE_TURN_NS. */
uint64_t polite_turn(struct polite *p, uint64_t took_ns, uint64_t bytes_per_s, uint64_t now_ns);
/* Packets will be to somewhere else: what is known of times does not hold there. */
void polite_move(struct polite *p);

#endif
