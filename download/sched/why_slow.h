/* why_slow.h - what keeps a run from being faster, as one word a second. Pure: facts of that second
 * in, a verdict out. The first rule that holds decides; causes of our own come first, because they
 * are certain and hide all others:
 *
 *   nothing       no byte was wanted: all are there, or the run is paused
 *   limit-rate    0.9 of our rate limit came, or it held connections back a quarter of their time
 *   polite        the same of the limit that leaves the link to others, or half of it came: it
 *                 swings around what the link carries
 *   disk, hash,   an I/O shard was at work nine tenths of its time, or a quarter and the kernel had
 *   tls, cpu      half a window of unread bytes for most connections: what it spent most of that
 *                 time with. cpu is receiving without TLS
 *   pressure      the same, and for half of its work it had no processor; or it had time left and
 *                 the machine's pressure took connections away for half of the second
 *   refused       an origin refused something, or that is waited out, or the number of connections
 *                 is what an earlier refusal left
 *   disk, hash    half of the connections had nothing to fetch, since files were being prepared and
 *                 published, or verified
 *   origin        nothing came, and it has yet to answer
 *   link          nothing came though it had answered, or nobody could be asked
 *   connection    more connections brought more as far as they were tried. Also when no other
 *                 number was tried yet, or may be (--connections), and packets do not queue
 *   link          more brought no more, and packets queue or come out of order, or several origins
 *                 are like that at once
 *   origin        more brought no more, and none of that; or more brought less
 *
 * Packets out of order count only where none of the kernel's buffers is full: it drops from those
 * itself. Whether packets queue shows in the round trips of our own packets: those of what is
 * received grow also where a sender makes pauses.
 *
 * What it cannot know: a receiver sees neither the sender's window nor its losses, so a policer
 * of the link that drops without a queue looks like the origin's cap, and two origins with caps of
 * their own look like the link. A TCP window too small for the distance is a cap of each connection
 * like any other. With one number of connections for ever an origin's cap on all of them looks like
 * a cap on each. */
#ifndef SHARDFETCH_SCHED_WHY_SLOW_H
#define SHARDFETCH_SCHED_WHY_SLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "download/sched/ramp.h"

/* name, word in events */
#define SLOW_LIST(X)                                                                               \
    X(SLOW_PRESSURE, "pressure")                                                                   \
    X(SLOW_LIMIT_RATE, "limit-rate")                                                               \
    X(SLOW_POLITE, "polite")                                                                       \
    X(SLOW_REFUSED, "refused")                                                                     \
    X(SLOW_DISK, "disk")                                                                           \
    X(SLOW_HASH, "hash")                                                                           \
    X(SLOW_TLS, "tls")                                                                             \
    X(SLOW_CPU, "cpu")                                                                             \
    X(SLOW_CONNECTION, "connection")                                                               \
    X(SLOW_LINK, "link")                                                                           \
    X(SLOW_ORIGIN, "origin")

enum slow_verdict {
#define SLOW_ENUM(name, word) name,
    SLOW_LIST(SLOW_ENUM)
#undef SLOW_ENUM
        SLOW_VERDICTS,
    SLOW_NOTHING = SLOW_VERDICTS,
};
const char *slow_word(enum slow_verdict v); // NULL for SLOW_NOTHING

/* What other numbers of connections brought, as the controller found out. */
enum slow_tried {
    TRIED_NOTHING,
    TRIED_GREW,     // more brought more
    TRIED_FLAT,     // more brought no more
    TRIED_PUNISHED, // more brought less
    TRIED_REFUSED,  // more were refused
};
/* The controller's advice has changed its number of connections, from one cause to another. */
enum slow_tried slow_learn(enum slow_tried known, enum ramp_cause was, enum ramp_cause is);

/* Shares are ‰. */
struct slow_facts {
    uint64_t span_ns; // that they are of, about a second
    bool wanted;      // bytes were missing, and the run was not paused
    uint64_t bytes;   // that came into their place
    bool came;        // any at all, also if not there yet
    /* what we hold back */
    uint64_t limit_bytes_per_s; // 0 = no limit
    bool polite;                // it is for the link's sake
    unsigned resting;           // of the connections' time: held back by it
    unsigned pressed;           // of the time: fewer connections than the controllers want
    /* what is refused */
    unsigned refusals;
    unsigned refusing; // of the time: nothing ran because a refusal is waited out
    /* the busiest I/O shard, of its thread's time */
    unsigned busy;    // not waiting for sockets
    unsigned delayed; // at work, but without a processor
    unsigned writing, hashing;
    unsigned full; // of all connections: half a window or more is unread
    bool tls;      // most of what came came by TLS
    /* files */
    unsigned idle;               // of the connections that were allowed: nothing to fetch
    unsigned verifying, storing; // of the time: such jobs were out
    /* beyond us */
    bool asked; // a request is out that has no answer yet
    enum slow_tried tried;
    unsigned flat_origins;        // how many bring bytes and are TRIED_FLAT
    unsigned disorder;            // of the segments that came: out of their order
    uint64_t rtt_ns, rtt_best_ns; // of what we sent: lately, and at its best; 0 = not known
};

enum slow_verdict slow_verdict(const struct slow_facts *f);

/* Verdicts of a run. All zero is empty. */
struct slow_tally {
    uint64_t ns[SLOW_VERDICTS];
    uint64_t last[SLOW_VERDICTS]; // which one in the row was the last of its kind
    uint64_t count;
};
void slow_tally_add(struct slow_tally *t, enum slow_verdict v, uint64_t span_ns);
/* The one of most of the time, of several the latest; SLOW_NOTHING when there is none. */
enum slow_verdict slow_tally_most(const struct slow_tally *t);

#endif
