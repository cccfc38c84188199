/* mirrors.h - the origins of a run that may have the same bytes, how well each does, and which of
 * them the next request goes to. Rates are bytes/s of one request, times ns of monotonic time.
 * Pure: time is an argument. One thread (control).
 *
 *   choice    origins that are not out, each by (requests under way + 1) / rate: the load spreads
 *             in proportion to what they bring, and a slow one gets nothing while others have room.
 *             One that is not known yet counts as good as the best, after those before it.
 *   failure   out for a second, then two, four … ; all that began before it says nothing new.
 *   success   in again, as if nothing had been.
 *   wrong     bytes that do not fit their digest: out for an hour.
 *
 * Where all are out the one that is back first is chosen: whether to wait is retry.c's business. */
#ifndef SHARDFETCH_SCHED_MIRRORS_H
#define SHARDFETCH_SCHED_MIRRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/outcome.h"

enum { MIRRORS_MAX = 64, MIRRORS_NONE = MIRRORS_MAX };

struct mirror {
    char *name;                         // endpoint or origin: what makes two places one
    unsigned running;                   // requests under way
    unsigned streak;                    // failures without a success between them
    unsigned wrong;                     // times that its bytes were not the file's
    bool told;                          // it said itself how long: nothing is asked of it before
    uint64_t out_at_ns;                 // when the last time-out began; 0 = never
    uint64_t out_until_ns;              // no longer out from then on
    uint64_t rate_bytes_per_s;          // smoothed; 0 = not known
    uint64_t requests, failures, bytes; // in all
};

struct mirrors {
    struct mirror items[MIRRORS_MAX]; // [0..count)
    unsigned count;
};

/* How a request ended. */
struct mirror_facts {
    uint64_t started_ns, now_ns;
    uint64_t bytes;  // of body that arrived
    bool failed;     // for want of the origin (mirrors_move)
    uint64_t wait_s; // told by the origin, 0 = not
};

void mirrors_done(struct mirrors *m);
/* The origin of that name, added when it is new; MIRRORS_NONE when there are too many. */
unsigned mirrors_add(struct mirrors *m, const char *name);
bool mirrors_out(const struct mirrors *m, unsigned origin, uint64_t now_ns);
/* Index into `among` [0..count), origins by preference; `count` > 0. */
size_t mirrors_choose(const struct mirrors *m, const unsigned *among, size_t count,
                      uint64_t now_ns);
/* Index into `among` (by preference) of the one that most likely sent wrong bytes. */
size_t mirrors_least_trusted(const struct mirrors *m, const unsigned *among, size_t count);

void mirrors_started(struct mirrors *m, unsigned origin);
/* A request of no body failed. For how long it is out now, in ns; 0 = it is not, or it was before.
 */
uint64_t mirrors_failed(struct mirrors *m, unsigned origin, const struct mirror_facts *f);
/* One that was started has ended. For how long it is out now, in ns; 0 = it is not, or it was
 * before. */
uint64_t mirrors_ended(struct mirrors *m, unsigned origin, const struct mirror_facts *f);
/* Its bytes were not the file's: as above. */
uint64_t mirrors_wrong(struct mirrors *m, unsigned origin, uint64_t now_ns);
/* A request under way that brought `bytes` in `elapsed_ns` is worth ending: another origin, not
 * out, brings many times as much. */
bool mirrors_crawls(const struct mirrors *m, unsigned origin, uint64_t bytes, uint64_t elapsed_ns,
                    uint64_t now_ns);

/* What a failure means for the place that it happened at. `own`: the source's own place, whose
 * refusals (401, 403, 404 …) are the answer and never a reason to look elsewhere. */
enum mirror_move {
    MOVE_NOT,       // no failure, or not the place's: as without mirrors
    MOVE_ELSEWHERE, // the place is not well: another one, this one later
    MOVE_DROP,      // this mirror does not have this file, or not as it must be sent
};
enum mirror_move mirrors_move(const struct outcome *o, bool own);

#endif
