#include "download/plan/ranges.h"

#include <string.h>

#include "download/base/mem.h"

enum { FIRST_CAP = 8 };

void ranges_done(struct ranges *r)
{
    mem_free(r->items);
    *r = (struct ranges){0};
}

void ranges_clear(struct ranges *r)
{
    r->count = 0;
}

/* Index of the first item that ends at or after `at`. */
static size_t first_touching(const struct ranges *r, uint64_t at)
{
    size_t lo = 0;
    size_t hi = r->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->items[mid].to < at) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Puts `n` items in the place of items [at, until). */
static void replace(struct ranges *r, size_t at, size_t until, const struct range *with, size_t n)
{
    size_t count = r->count - (until - at) + n;
    if (count > r->cap) {
        r->cap = r->cap ? 2 * r->cap : FIRST_CAP;
        r->items = mem_resize(r->items, r->cap * sizeof(*r->items));
    }
    memmove(r->items + at + n, r->items + until, (r->count - until) * sizeof(*r->items));
    if (n) memcpy(r->items + at, with, n * sizeof(*with));
    r->count = count;
}

void ranges_add(struct ranges *r, uint64_t from, uint64_t to)
{
    if (from >= to) return;
    size_t at = first_touching(r, from);
    size_t until = at;
    struct range merged = {from, to};
    for (; until < r->count && r->items[until].from <= to; until++) {
        if (r->items[until].from < merged.from) merged.from = r->items[until].from;
        if (r->items[until].to > merged.to) merged.to = r->items[until].to;
    }
    replace(r, at, until, &merged, 1);
}

void ranges_remove(struct ranges *r, uint64_t from, uint64_t to)
{
    if (from >= to) return;
    size_t at = first_touching(r, from + 1);
    size_t until = at;
    struct range kept[2];
    size_t n = 0;
    for (; until < r->count && r->items[until].from < to; until++) {
        struct range it = r->items[until];
        if (it.from < from) kept[n++] = (struct range){it.from, from};
        if (it.to > to) kept[n++] = (struct range){to, it.to};
    }
    if (until > at) replace(r, at, until, kept, n);
}

uint64_t ranges_total(const struct ranges *r)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->count; i++)
        sum += r->items[i].to - r->items[i].from;
    return sum;
}

uint64_t ranges_reach(const struct ranges *r, uint64_t at)
{
    size_t i = first_touching(r, at);
    if (i < r->count && r->items[i].to == at) i++;
    bool inside = i < r->count && r->items[i].from <= at;
    return inside ? r->items[i].to : at;
}

bool ranges_hole(const struct ranges *r, uint64_t at, uint64_t size, struct range *ret)
{
    uint64_t from = ranges_reach(r, at);
    if (from >= size) return false;
    size_t i = first_touching(r, from);
    while (i < r->count && r->items[i].from <= from)
        i++;
    uint64_t to = i < r->count && r->items[i].from < size ? r->items[i].from : size;
    *ret = (struct range){from, to};
    return true;
}
