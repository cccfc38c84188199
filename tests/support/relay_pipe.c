#include "tests/support/relay_pipe.h"

#include <string.h>

#include "download/base/mem.h"

enum { FIRST_CAP = 64 * 1024, PPM = 1000000 };

struct relay_pipe relay_pipe_new(const struct relay_path *path, uint64_t seed, uint64_t now_ns)
{
    return (struct relay_pipe){.path = path,
                               .rng = {seed},
                               .window = relay_window_new(path->queue),
                               .open_ns = now_ns + 2 * path->delay_ns};
}

void relay_pipe_done(struct relay_pipe *p)
{
    relay_marks_done(&p->arrivals);
    relay_marks_done(&p->acks);
    mem_free(p->ring);
    p->ring = NULL;
}

void relay_pipe_turn(struct relay_pipe *p, uint64_t now_ns)
{
    p->arrived = relay_marks_reach(&p->arrivals, now_ns);
    uint64_t acked = relay_marks_reach(&p->acks, now_ns);
    if (acked > p->acked) relay_window_acked(&p->window, acked - p->acked, p->taken - p->acked);
    p->acked = acked;
}

/* ---- in ---- */

size_t relay_pipe_room(const struct relay_pipe *p, uint64_t now_ns)
{
    uint64_t under_way = p->taken - p->acked;
    uint64_t held = p->taken - p->given;
    if (now_ns < p->open_ns || p->ended) return 0;
    if (under_way >= p->window.bytes || held >= p->path->queue) return 0;
    uint64_t room = p->window.bytes - under_way;
    uint64_t free_bytes = p->path->queue - held;
    return (size_t)(room < free_bytes ? room : free_bytes);
}

/* `n` bytes of the ring from this offset of the stream on. */
static void slices(const struct relay_pipe *p, uint64_t from, size_t n, struct iovec ret[2])
{
    size_t at = (size_t)from & (p->cap - 1);
    size_t first = p->cap - at < n ? p->cap - at : n;
    ret[0] = (struct iovec){.iov_base = p->ring + at, .iov_len = first};
    ret[1] = (struct iovec){.iov_base = p->ring, .iov_len = n - first};
}

static void grow(struct relay_pipe *p, size_t wanted)
{
    struct relay_pipe old = *p;
    size_t held = (size_t)(p->taken - p->given);
    if (p->cap == 0) p->cap = FIRST_CAP;
    while (p->cap < wanted)
        p->cap *= 2;
    p->ring = mem_new(p->cap);
    struct iovec from[2];
    if (held > 0) slices(&old, p->given, held, from);
    for (size_t i = 0, done = 0; i < 2 && done < held; done += from[i++].iov_len) {
        struct iovec to[2];
        slices(p, p->given + done, from[i].iov_len, to);
        memcpy(to[0].iov_base, from[i].iov_base, to[0].iov_len);
        memcpy(to[1].iov_base, (char *)from[i].iov_base + to[0].iov_len, to[1].iov_len);
    }
    mem_free(old.ring);
}

void relay_pipe_space(struct relay_pipe *p, size_t n, struct iovec ret[2])
{
    size_t wanted = (size_t)(p->taken - p->given) + n;
    if (wanted > p->cap) grow(p, wanted);
    slices(p, p->taken, n, ret);
}

/* Does one of the segments that end within the next `n` bytes get lost? */
static bool loses(struct relay_pipe *p, size_t n)
{
    uint64_t segments = (p->taken + n) / RELAY_SEGMENT - p->taken / RELAY_SEGMENT;
    bool lost = false;
    for (; p->path->loss_ppm && segments > 0; segments--)
        lost = rng_below(&p->rng, PPM) < p->path->loss_ppm || lost;
    return lost;
}

void relay_pipe_took(struct relay_pipe *p, size_t n, uint64_t leave_ns)
{
    uint64_t rtt_ns = 2 * p->path->delay_ns;
    uint64_t arrive_ns = leave_ns + p->path->delay_ns;
    if (loses(p, n)) {
        arrive_ns += rtt_ns;
        relay_window_lost(&p->window, leave_ns, rtt_ns);
    }
    p->taken += n;
    relay_marks_add(&p->arrivals, p->taken, arrive_ns);
    relay_marks_add(&p->acks, p->taken, leave_ns + rtt_ns);
}

void relay_pipe_end(struct relay_pipe *p, uint64_t now_ns)
{
    p->ended = true;
    p->end_ns = now_ns + p->path->delay_ns;
    if (p->end_ns < p->arrivals.last_ns) p->end_ns = p->arrivals.last_ns;
}

/* ---- out ---- */

size_t relay_pipe_ready(const struct relay_pipe *p, struct iovec ret[2])
{
    size_t n = (size_t)(p->arrived - p->given);
    if (n > 0) slices(p, p->given, n, ret);
    return n;
}

void relay_pipe_gave(struct relay_pipe *p, size_t n)
{
    p->given += n;
}

bool relay_pipe_over(const struct relay_pipe *p, uint64_t now_ns)
{
    return p->ended && p->given == p->taken && now_ns >= p->end_ns;
}

uint64_t relay_pipe_next_ns(const struct relay_pipe *p, bool more, uint64_t now_ns)
{
    uint64_t next = relay_marks_next_ns(&p->arrivals);
    if (p->ended && p->given == p->taken && p->end_ns < next) next = p->end_ns;
    if (!more) return next;
    if (now_ns < p->open_ns) return p->open_ns < next ? p->open_ns : next;
    uint64_t ack = relay_marks_next_ns(&p->acks);
    return ack < next ? ack : next;
}
