#include "download/sched/pace.h"

#include "download/base/clock.h"

enum {
    LOW_SHARE = 10, // below a tenth of the quota requests are spread out
    LOW_COUNT = 20, // where no quota is told
};

static uint64_t low_mark(const struct pace_bucket *b)
{
    return b->quota ? b->quota / LOW_SHARE : LOW_COUNT;
}

static void roll_window(struct pace_bucket *b, uint64_t now_ns)
{
    if (!b->known || now_ns < b->reset_at_ns) return;
    b->known = false; // the next reply says what the new window holds
    b->next_at_ns = 0;
}

uint64_t pace_told_ns(struct pace *p, enum pace_kind kind, uint64_t now_ns)
{
    if (kind == PACE_NONE) return 0;
    struct pace_bucket *b = &p->buckets[kind];
    roll_window(b, now_ns);
    uint64_t refused_ns = starts_told_ns(&b->starts, now_ns);
    if (!b->known) return refused_ns;
    uint64_t until = b->remaining ? b->next_at_ns : b->reset_at_ns;
    uint64_t empty_ns = until > now_ns ? until - now_ns : 0;
    return empty_ns > refused_ns ? empty_ns : refused_ns;
}

uint64_t pace_wait_ns(struct pace *p, enum pace_kind kind, uint64_t now_ns)
{
    uint64_t told_ns = pace_told_ns(p, kind, now_ns);
    if (told_ns || kind == PACE_NONE) return told_ns;
    return starts_wait_ns(&p->buckets[kind].starts, now_ns);
}

void pace_started(struct pace *p, enum pace_kind kind, uint64_t now_ns)
{
    if (kind == PACE_NONE) return;
    struct pace_bucket *b = &p->buckets[kind];
    b->under_way++;
    (void)starts_started(&b->starts, now_ns);
    if (!b->known) return;
    if (b->remaining) b->remaining--;
    bool low = b->remaining && b->remaining < low_mark(b) && b->reset_at_ns > now_ns;
    b->next_at_ns = low ? now_ns + (b->reset_at_ns - now_ns) / (b->remaining + 1) : now_ns;
}

void pace_ended(struct pace *p, enum pace_kind kind, const struct rate_limit *limit,
                uint64_t now_ns)
{
    if (kind == PACE_NONE) return;
    struct pace_bucket *b = &p->buckets[kind];
    if (b->under_way) b->under_way--;
    if (!limit->known) return;
    /* Replies overtake each other: within a window only the smallest count is true. */
    uint64_t left = limit->remaining > b->under_way ? limit->remaining - b->under_way : 0;
    bool same_window = b->known && now_ns < b->reset_at_ns;
    b->remaining = same_window && b->remaining < left ? b->remaining : left;
    b->quota = limit->quota;
    b->known = true;
    if (!same_window) b->reset_at_ns = now_ns + (limit->reset_s + 1) * SECOND_NS;
}

void pace_refused(struct pace *p, enum pace_kind kind, uint64_t wait_ns, uint64_t now_ns)
{
    if (kind != PACE_NONE) starts_refused(&p->buckets[kind].starts, wait_ns, now_ns);
}
