#include "tests/support/relay_marks.h"

#include "download/base/mem.h"

enum { FIRST_MARKS = 16 };

void relay_marks_done(struct relay_marks *m)
{
    mem_free(m->ring);
    *m = (struct relay_marks){0};
}

static struct relay_mark *mark_at(const struct relay_marks *m, size_t i)
{
    return &m->ring[(m->head + i) & (m->cap - 1)];
}

static void grow(struct relay_marks *m)
{
    size_t cap = m->cap ? 2 * m->cap : FIRST_MARKS;
    struct relay_mark *ring = mem_array(cap, sizeof(*ring));
    for (size_t i = 0; i < m->count; i++)
        ring[i] = *mark_at(m, i);
    mem_free(m->ring);
    m->ring = ring;
    m->head = 0;
    m->cap = cap;
}

void relay_marks_add(struct relay_marks *m, uint64_t end, uint64_t at_ns)
{
    if (at_ns < m->last_ns) at_ns = m->last_ns;
    struct relay_mark *newest = m->count ? mark_at(m, m->count - 1) : NULL;
    if (newest && at_ns - newest->at_ns < RELAY_MARK_NS) {
        newest->end = end;
        return;
    }
    if (m->count == m->cap) grow(m);
    m->count++;
    *mark_at(m, m->count - 1) = (struct relay_mark){.end = end, .at_ns = at_ns};
    m->last_ns = at_ns;
}

uint64_t relay_marks_reach(struct relay_marks *m, uint64_t now_ns)
{
    while (m->count && mark_at(m, 0)->at_ns <= now_ns) {
        m->reached = mark_at(m, 0)->end;
        m->head = (m->head + 1) & (m->cap - 1);
        m->count--;
    }
    return m->reached;
}

uint64_t relay_marks_next_ns(const struct relay_marks *m)
{
    return m->count ? mark_at(m, 0)->at_ns : UINT64_MAX;
}
