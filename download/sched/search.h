/* search.h - what to do about goodput that fell to a crawl: other addresses first, then a quarter
 * of the connections, and a quarter of those. Either something of it brings goodput back, or fewer
 * only bring less, and then the number was not the cause. Pure; ramp.h's helper. */
#ifndef SHARDFETCH_SCHED_SEARCH_H
#define SHARDFETCH_SCHED_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

struct search {
    unsigned from;      // connections before
    double crawl_rate;  // bytes/s that they brought
    double wanted_rate; // that means it is over
    unsigned now;       // connections now
    double rate;        // of the level before this one
    uint64_t since_ns;  // when this level began
};

enum search_result {
    SEARCH_GOES_ON,
    SEARCH_FEWER, // `now` is another number
    SEARCH_FOUND, // with `now`
    SEARCH_LOST,  // it was not the number
};

/* Begins with `now` connections; `elsewhere`: as many as before, at other addresses. */
void search_begin(struct search *s, unsigned connections, double rate, double best_rate,
                  bool elsewhere, uint64_t now_ns);
/* `rate`: what this level brings since it settled. */
enum search_result search_step(struct search *s, double rate, uint64_t now_ns);
/* So few tell nothing. */
bool search_has_room(unsigned connections);

#endif
