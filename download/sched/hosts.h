/* hosts.h - what was learned of servers, as a text that outlives the run: a first line that says
 * what it is, then one line for each origin,
 *
 *   shardfetch hosts 1
 *   https://cdn.example:8443 24 32 1767225600 1767222000
 *
 * with the connections that were good, the ceiling (0 = none) and until when it counts, and when
 * it was last seen (seconds since 1970). Nothing of a URL but its origin gets in.
 * A line that is anything else counts for nothing, and so does one of more than a day ago: whoever
 * wrote it, a run only begins as if it knew less. Pure: time is an argument. */
#ifndef SHARDFETCH_SCHED_HOSTS_H
#define SHARDFETCH_SCHED_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/buf.h"
#include "download/base/outcome.h"
#include "download/sched/ramp.h"

enum {
    HOSTS_MAX = 256,
    HOST_ORIGIN_MAX = OUTCOME_HOST_MAX + sizeof("https://"),
    HOSTS_TEXT_MAX = 128 * 1024, // of all of them
};

struct host {
    char origin[HOST_ORIGIN_MAX]; // "https://host", with the port unless it is the scheme's
    unsigned connections;         // 1..RAMP_MOST
    unsigned ceiling;             // likewise; 0 = none
    uint64_t until_s;             // of the ceiling
    uint64_t seen_s;
};

struct hosts {
    struct host items[HOSTS_MAX]; // [0..count): no origin twice
    size_t count;
};

/* What `text` knows, less what counts for nothing; `ret` is empty before. */
void hosts_parse(const char *text, size_t len, uint64_t now_s, struct hosts *ret);
void hosts_print(const struct hosts *h, struct buf *ret);
/* In place of what was known of that origin, or of the one that was not seen for longest when
 * there are too many. */
void hosts_put(struct hosts *h, const struct host *host);
/* False: nothing is known of it. */
bool hosts_recall(const struct hosts *h, const char *origin, uint64_t now_s,
                  struct ramp_memory *ret);
/* The other way. False: there is nothing to keep. */
bool hosts_learned(const char *origin, const struct ramp_memory *m, uint64_t now_s,
                   struct host *ret);

#endif
