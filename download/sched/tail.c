#include "download/sched/tail.h"

#include "download/base/clock.h"

enum {
    SIBLINGS_LEAST = 3, // fewer are no measure
    SLOW_PERCENT = 15,  // of the median (peers.md §3.3)
    HEDGE_FACTOR = 2,   // doubling must promise to halve the wait
};

#define GROWN_NS       SECOND_NS       // before, a connection is only starting
#define SLOW_NS        (5 * SECOND_NS) // slow for so long …
#define SLOW_IDLE_NS   SECOND_NS       // … or so when another has nothing to do
#define SILENT_NS      (2 * SECOND_NS) // not one byte for so long …
#define SILENT_MOST_NS (10 * SECOND_NS)
#define NEARLY_DONE_NS SECOND_NS

/* … or for eight times what a first byte takes. */
static uint64_t silence_ns(const struct tail_view *v)
{
    uint64_t ns = 8 * v->first_byte_ns;
    if (ns < SILENT_NS) ns = SILENT_NS;
    return ns < SILENT_MOST_NS ? ns : SILENT_MOST_NS;
}

static bool grown(const struct tail_view *v, const struct tail_connection *c)
{
    return !c->ending && v->now_ns - c->started_ns >= GROWN_NS + v->first_byte_ns;
}

/* Of those that have grown; 0 when they are too few. By counting: they are few hundred at most. */
static uint64_t median(const struct tail_view *v)
{
    size_t count = 0;
    for (size_t i = 0; i < v->count; i++)
        count += grown(v, &v->connections[i]);
    if (count < SIBLINGS_LEAST) return 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct tail_connection *c = &v->connections[i];
        size_t slower = 0;
        size_t same = 0;
        for (size_t k = 0; k < v->count; k++) {
            if (!grown(v, &v->connections[k])) continue;
            slower += v->connections[k].rate < c->rate;
            same += v->connections[k].rate == c->rate;
        }
        if (grown(v, c) && slower <= count / 2 && slower + same > count / 2) return c->rate;
    }
    return 0;
}

static uint64_t time_left_ns(uint64_t bytes, uint64_t rate)
{
    if (!rate) return UINT64_MAX;
    double ns = (double)bytes / (double)rate * (double)SECOND_NS;
    return ns < 1e18 ? (uint64_t)ns : UINT64_MAX;
}

static bool is_slow(const struct tail_connection *c, uint64_t middle)
{
    bool slow = c->rate < middle / 100 * SLOW_PERCENT;
    return slow && time_left_ns(c->left_bytes, c->rate) > NEARLY_DONE_NS;
}

/* A moment ago one received: silence is not the link's. */
static bool any_receives(const struct tail_view *v)
{
    for (size_t i = 0; i < v->count; i++) {
        if (v->now_ns - v->connections[i].last_byte_ns < silence_ns(v) / 2) return true;
    }
    return false;
}

size_t tail_evict(const struct tail_view *v)
{
    uint64_t middle = v->limited ? 0 : median(v);
    bool judge_silence = any_receives(v);
    uint64_t patience = v->idle ? SLOW_IDLE_NS : SLOW_NS;
    size_t worst = v->count;
    for (size_t i = 0; i < v->count; i++) {
        struct tail_connection *c = &v->connections[i];
        if (v->limited || !grown(v, c) || (middle && !is_slow(c, middle))) {
            c->slow_since_ns = 0;
        } else if (middle && !c->slow_since_ns) {
            c->slow_since_ns = v->now_ns; // and stays when its siblings have begun anew meanwhile
        }
        if (v->limited || c->ending || !c->left_bytes) continue;
        bool silent = judge_silence && v->now_ns - c->last_byte_ns >= silence_ns(v);
        bool slow = c->slow_since_ns && v->now_ns - c->slow_since_ns >= patience;
        if (!silent && !slow) continue;
        if (worst == v->count || c->rate < v->connections[worst].rate) worst = i;
    }
    return worst;
}

static bool affordable(const struct tail_view *v, const struct tail_connection *c)
{
    return (v->extra_bytes + c->left_bytes) <= v->total_bytes / TAIL_EXTRA_SHARE;
}

/* What another connection may be expected to bring. */
static uint64_t fastest(const struct tail_view *v)
{
    uint64_t rate = v->usual_rate;
    for (size_t i = 0; i < v->count; i++) {
        if (v->connections[i].rate > rate) rate = v->connections[i].rate;
    }
    return rate;
}

/* Another one would have it in half the time; or this one is silent, and there is nothing to
 * compare it with. */
static bool worth_doubling(const struct tail_view *v, const struct tail_connection *c,
                           uint64_t rate)
{
    if (c->ending || !c->left_bytes || !affordable(v, c)) return false;
    if (v->now_ns - c->started_ns < GROWN_NS + v->first_byte_ns) return false;
    if (v->now_ns - c->last_byte_ns >= silence_ns(v)) return true;
    uint64_t again = time_left_ns(c->left_bytes, rate);
    if (again > UINT64_MAX - v->first_byte_ns) return false;
    again += v->first_byte_ns;
    return time_left_ns(c->left_bytes, c->rate) / HEDGE_FACTOR >= again;
}

size_t tail_hedge(const struct tail_view *v)
{
    size_t best = v->count;
    if (!v->idle || v->limited || v->left_bytes > TAIL_HEDGE_BYTES) return best;
    uint64_t rate = fastest(v);
    uint64_t longest = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct tail_connection *c = &v->connections[i];
        uint64_t left = time_left_ns(c->left_bytes, c->rate);
        if (!worth_doubling(v, c, rate) || left <= longest) continue;
        longest = left;
        best = i;
    }
    return best;
}
