/* plan.h - the files one run is about, in the order in which they should finish. Plain data. */
#ifndef SHARDFETCH_PLAN_PLAN_H
#define SHARDFETCH_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/plan/listing.h"

/* What a loader needs first: config, tokenizer, index before weights before the rest. */
enum priority { PRIORITY_CRITICAL, PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW };
const char *priority_word(enum priority p);
/* By the kind of file its name tells. */
enum priority priority_of(const char *path);

enum plan_state {
    PLAN_MISSING,
    PLAN_PARTIAL,    // an earlier run left bytes
    PLAN_UNVERIFIED, // there, right size, content to be checked
    PLAN_UNLINKED,   // cache: content there and checked, only this revision's name is missing
    PLAN_PRESENT,
};

struct plan_file {
    uint64_t id; // position in the plan
    struct listing_entry *entry;
    enum plan_state state;
    enum priority priority;
};

struct plan {
    struct plan_file *files; // [0..count): by priority, then the listing's order
    size_t count;
    uint64_t bytes_total;   // of known sizes
    uint64_t bytes_present; // of files that are there (verified or not)
    uint64_t bytes_to_fetch;
    uint64_t bytes_reserved; // of bytes_to_fetch: held already by partial files
};

/* Which part of its model a file is, from 0 ("-00002-of-00005." is 1); 0 for what is no part. */
unsigned plan_shard_number(const char *path);

/* Takes the wanted entries of `l` (borrowed), sorted; states are PLAN_MISSING, totals not yet made.
 */
void plan_init(struct plan *p, struct listing *l, const bool *wanted);

/* "GLOB=LEVEL" (--priority), NULL at the end; `rules` NULL: none. ERR_USAGE names the one that is
 * not of this form. */
NODISCARD enum err priority_rules_check(const char *const *rules, struct why *why);
/* By rules that were checked; of those that fit a path the last one counts. Files are sorted and
 * numbered anew: before anything refers to them. */
void plan_prioritise(struct plan *p, const char *const *rules);
void plan_done(struct plan *p);
/* After the states are known. */
void plan_total(struct plan *p);

#endif
