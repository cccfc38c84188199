/* sched.h - which bytes the next free connection fetches (design.md D3). Pure: a view of the active
 * files in, one choice out; the caller asks again until nothing is left to choose.
 *
 *   files before parts     a file without a connection gets one, whole (it then arrives in order)
 *   parts                  more connections than files: 32 MiB pieces of the largest remainder
 *   the tail               nothing unassigned is left: half of the running remainder that takes
 *                          longest, as long as that is worth a request's round trip */
#ifndef SHARDFETCH_SCHED_SCHED_H
#define SHARDFETCH_SCHED_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/plan/ranges.h"

struct sched_file {
    bool ready;        // URL and part file are there, not waiting, not failed
    bool whole;        // no ranges at its origin: one connection, from byte 0, never split
    unsigned running;  // connections on it
    bool has_hole;     // some missing range that nobody fetches
    struct range hole; // the first one; `to` UINT64_MAX when the size is not known
    struct range
        largest;      // what the running one that takes longest still has to fetch, [reached, to)
    bool largest_cut; // a cut of it is under way
    uint64_t largest_ns;  // how long that takes, about; 0 = not known
    uint64_t steal_bytes; // less of it is not worth another request; 0 = SCHED_STEAL_BYTES
};

struct sched_view {
    const struct sched_file *files; // in the order in which they should finish
    size_t count;
    unsigned connections; // allowed in all
    unsigned running;     // in use
    size_t waiting_files; // not active yet, would take a connection each
};

enum sched_do { SCHED_NOTHING, SCHED_FETCH, SCHED_STEAL };

struct sched_choice {
    enum sched_do what;
    size_t file;
    struct range range; // FETCH: ask for it; STEAL: cut the file's largest at range.from
};

#define SCHED_PART_BYTES                                                                           \
    (UINT64_C(32) << 20) // one request's worth, measured by others at 16-64 MiB
#define SCHED_ALIGN_BYTES (UINT64_C(8) << 20) // so that slice caches hit (nginx slice, lancache)
#define SCHED_STEAL_BYTES (UINT64_C(4) << 20) // where nothing else is known, and at most

/* Of a connection that fast: what it brings while another waits for a few first bytes. `rate` in
 * bytes/s, 0 = not known. */
uint64_t sched_steal_bytes(uint64_t rate, uint64_t first_byte_ns);

struct sched_choice sched_next(const struct sched_view *v);

#endif
