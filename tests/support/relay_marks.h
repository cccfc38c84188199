/* relay_marks.h - when the bytes of a stream get somewhere: marks (offset, time), both rising.
 * Marks closer together than RELAY_MARK_NS are one, at the earlier time, so that there are never
 * more than a path's delay has room for. One owner. */
#ifndef SHARDFETCH_TESTS_RELAY_MARKS_H
#define SHARDFETCH_TESTS_RELAY_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/clock.h"

#define RELAY_MARK_NS (MILLI_NS / 10)

struct relay_mark {
    uint64_t end; // all bytes before this offset
    uint64_t at_ns;
};

struct relay_marks {
    struct relay_mark *ring;   // [head..head + count) modulo cap
    size_t head, count, cap;   // cap is a power of two
    uint64_t reached, last_ns; // the offset of the last mark that has passed, time of the newest
};

void relay_marks_done(struct relay_marks *m);
/* A mark never comes before the one ahead of it: bytes stay in order. */
void relay_marks_add(struct relay_marks *m, uint64_t end, uint64_t at_ns);
/* The offset reached by now. */
uint64_t relay_marks_reach(struct relay_marks *m, uint64_t now_ns);
/* When the next mark passes; UINT64_MAX = there is none. */
uint64_t relay_marks_next_ns(const struct relay_marks *m);

#endif
