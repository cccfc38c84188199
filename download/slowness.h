/* slowness.h - what a run saw in the last second, gathered for sched/why_slow.h: some looks at
 * files and connections, then a sample of each I/O shard, and when all have answered a verdict.
 * Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_SLOWNESS_H
#define SHARDFETCH_DOWNLOAD_SLOWNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/loop.h"
#include "download/sched/why_slow.h"

struct fetch;

/* Of one origin. */
struct slow_origin {
    enum slow_tried tried;
    uint64_t bytes;    // it had brought when the second began
    unsigned refusals; // since the last look
};

struct slowness {
    uint64_t began_ns, bytes; // this second, and what had come by then
    /* seen by the looks at it; what is no number of connections is a number of looks */
    unsigned looks, wanted, pressed, refusing, verifying, storing, asked;
    uint64_t running, allowed, resting; // connections
    unsigned refusals;
    bool refused; // and since then nothing has run
    /* told by the shards */
    unsigned awaited; // samples that have yet to come
    unsigned sockets, full;
    uint64_t segments, disordered;
    uint64_t rtt_ns, rtt_best_ns, rtts; // sums, of how many
    struct slow_facts facts;
    /* what follows */
    enum slow_verdict now; // of the second before
    struct slow_tally tally;
};

void slowness_start(struct fetch *f);
/* Four times a second, or more often. */
void slowness_look(struct fetch *f);
/* The last second may be a short one. Waits for the shards. */
void slowness_end(struct fetch *f);
/* Of the whole run; NULL when no byte was wanted. */
const char *slowness_word(const struct fetch *f);

/* From the shards (shard_opts.on_sample). */
void slowness_on_sample(struct post *p);

#endif
