/* sim.h - a whole download on a virtual clock: the real sched, order, ramp, starts, tail, retry and
 * throttle over sim_net's network and a disk. It carries out what they decide as the program does,
 * and counts. By seed: the same run each time. */
#ifndef SHARDFETCH_TESTS_SIM_H
#define SHARDFETCH_TESTS_SIM_H

#include "download/base/throttle.h"
#include "download/plan/ranges.h"
#include "download/sched/order.h"
#include "download/sched/ramp.h"
#include "download/sched/retry.h"
#include "download/sched/starts.h"
#include "download/sched/tail.h"
#include "tests/support/sim_net.h"

enum {
    SIM_GROUPS = 4,
    SIM_WORKERS = 8, // files at once
    SIM_TICKS = 2400,
};

/* What is to be fetched and over what; 0 = there is no such thing. */
struct sim_plan {
    const char *name;
    struct sim_line line;
    struct {
        unsigned count;
        uint64_t bytes; // each
        enum priority priority;
        double at;    // seconds: when they are added
        double every; // each so much later than the one before
    } files[SIM_GROUPS];
    struct {
        double rate;  // bytes/s
        double queue; // bytes that may wait for it
    } disk;
    struct {
        uint64_t rate; // bytes/s
        double until;  // seconds; then `next`
        uint64_t next;
    } limit;
    struct {
        double from; // seconds: the connection that has most left then …
        double rate; // … gets this (0.001: it stalls)
    } crawl;
};

struct sim_file {
    uint64_t size;
    enum priority priority;
    uint64_t added_ns, waits_since, wait_until, done_ns;
    struct ranges done, claimed;
    bool active;
    unsigned running;
    struct retry_state retry;
    uint64_t longest_wait; // ns without a connection while it could have had one
};

struct sim_part {
    bool used;
    size_t file;
    enum priority rank;
    struct range range;
    double at;        // how far it is
    uint64_t told;    // … as far as is known to be in its place
    uint64_t counted; // … as far as is in `done`
    double rate;      // lately
    uint64_t started_ns, last_byte_ns, slow_since_ns;
    bool answered; // its first byte was seen
    unsigned twin; // slot + 1 of the one that fetches the same; 0 = none
};

struct sim {
    const struct sim_plan *plan;
    struct sim_net net;
    struct rng rng;
    uint64_t now_ns;
    struct ramp ramp;
    struct starts starts;
    struct order_ages ages;
    struct throttle throttle;
    struct sim_file *files;
    size_t file_count, files_done;
    size_t next[ORDER_CLASSES]; // first one of a class that was not begun
    size_t *active;             // files begun and not done
    size_t active_count;
    struct sim_part parts[SIM_SLOTS];
    unsigned running;
    unsigned wanted;

    uint64_t total_bytes, fetched_bytes, extra_bytes, told_bytes;
    double queued, written; // at the disk
    double first_byte;      // seconds, as is usual
    bool limited;           // in this tick
    unsigned refusals;      // in this tick
    bool stale;             // something happened that the scheduler should see
    bool waits;             // … because requests may not start so fast
    bool idle;              // a connection is free and there is nothing to choose
    bool crawled;

    /* What came of it. */
    unsigned ticks;
    double goodput[SIM_TICKS];       // written, bytes/s in each tick
    unsigned connections[SIM_TICKS]; // wanted
    unsigned requests, evictions, hedges, preempted, failed;
    double idle_while_missing; // connection-seconds
};

/* `pinned` 0: as many as ramp finds. */
void sim_init(struct sim *s, const struct sim_plan *plan, unsigned pinned, uint64_t seed);
void sim_done(struct sim *s);
/* Until all is there, or until that many seconds have passed. True: all is there. */
bool sim_run(struct sim *s, double seconds);
double sim_seconds(const struct sim *s);
/* Mean goodput between two times. */
double sim_goodput(const struct sim *s, double from, double to);
/* The longest time at a stretch, in seconds, in which goodput stayed below `rate`. */
double sim_longest_below(const struct sim *s, double rate, double from, double to);

#endif
