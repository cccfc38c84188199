/* ranges.h - which bytes of a file are there: a sorted set of [from, to), no gaps of zero, no
 * overlap, neighbours merged. Plain data, one owner. */
#ifndef SHARDFETCH_PLAN_RANGES_H
#define SHARDFETCH_PLAN_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t from;
    uint64_t to;
};

struct ranges {
    struct range *items; // [0..count): ascending, disjoint, not touching
    size_t count;
    size_t cap;
};

void ranges_done(struct ranges *r);
void ranges_clear(struct ranges *r);
void ranges_add(struct ranges *r, uint64_t from, uint64_t to);
void ranges_remove(struct ranges *r, uint64_t from, uint64_t to);
/* Sum of all lengths. */
uint64_t ranges_total(const struct ranges *r);
/* Where the run of present bytes that contains `at` ends; `at` itself when it is not there. */
uint64_t ranges_reach(const struct ranges *r, uint64_t at);
/* The first absent range at or after `at` and below `size`; false when all is there. */
bool ranges_hole(const struct ranges *r, uint64_t at, uint64_t size, struct range *ret);

#endif
