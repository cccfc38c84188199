#include "download/sched/mirrors.h"

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

enum {
    OUT_FIRST_S = 1, // taste: a restart of a server is over soon
    OUT_MAX_S = 60,
    WRONG_S = 3600,    // no run waits for it
    RATE_WEIGHT = 4,   // a new sample counts a quarter
    CRAWL_RATIO = 8,   // of the best: less is not worth a connection
    CRAWL_AFTER_S = 2, // a start takes its time
    LONGEST_S = 1000 * 1000 * 1000,
};
#define SAMPLE_MIN_BYTES (UINT64_C(64) << 10) // less measures the delay

void mirrors_done(struct mirrors *m)
{
    for (unsigned i = 0; i < m->count; i++)
        mem_free(m->items[i].name);
    *m = (struct mirrors){0};
}

unsigned mirrors_add(struct mirrors *m, const char *name)
{
    for (unsigned i = 0; i < m->count; i++) {
        if (str_eq(m->items[i].name, name)) return i;
    }
    if (m->count == MIRRORS_MAX) return MIRRORS_NONE;
    m->items[m->count] = (struct mirror){.name = mem_strdup(name)};
    return m->count++;
}

bool mirrors_out(const struct mirrors *m, unsigned origin, uint64_t now_ns)
{
    return now_ns < m->items[origin].out_until_ns;
}

/* ---- choice ---- */

static uint64_t best_rate(const struct mirrors *m, const unsigned *among, size_t count)
{
    uint64_t best = 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t rate = m->items[among[i]].rate_bytes_per_s;
        if (rate > best) best = rate;
    }
    return best;
}

/* How long a share of one more request is in the making there; smaller is better. */
static double cost_of(const struct mirror *o, uint64_t if_unknown)
{
    uint64_t rate = o->rate_bytes_per_s ? o->rate_bytes_per_s : if_unknown;
    return (o->running + 1.0) / (double)rate;
}

/* Is `a` the better choice, where `b` comes before it? */
static bool better(const struct mirror *a, const struct mirror *b, uint64_t rate, uint64_t now_ns)
{
    bool a_out = now_ns < a->out_until_ns;
    bool b_out = now_ns < b->out_until_ns;
    if (a_out != b_out) return b_out;
    if (a_out) return a->out_until_ns < b->out_until_ns;
    return cost_of(a, rate) < cost_of(b, rate);
}

size_t mirrors_choose(const struct mirrors *m, const unsigned *among, size_t count, uint64_t now_ns)
{
    uint64_t rate = best_rate(m, among, count);
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (better(&m->items[among[i]], &m->items[among[best]], rate, now_ns)) best = i;
    }
    return best;
}

size_t mirrors_least_trusted(const struct mirrors *m, const unsigned *among, size_t count)
{
    size_t least = count - 1;
    for (size_t i = count - 1; i-- > 0;) {
        if (m->items[among[i]].wrong > m->items[among[least]].wrong) least = i;
    }
    return least;
}

/* ---- what happened ---- */

void mirrors_started(struct mirrors *m, unsigned origin)
{
    m->items[origin].running++;
    m->items[origin].requests++;
}

static uint64_t rate_of(uint64_t bytes, uint64_t elapsed_ns)
{
    uint64_t ms = elapsed_ns / MILLI_NS;
    uint64_t rate = ms ? bytes / ms * 1000 + bytes % ms * 1000 / ms : bytes * 1000;
    return rate ? rate : 1;
}

static void sample(struct mirror *o, uint64_t bytes, uint64_t elapsed_ns)
{
    bool tells = bytes >= SAMPLE_MIN_BYTES || elapsed_ns >= CRAWL_AFTER_S * SECOND_NS;
    if (!tells) return;
    uint64_t rate = rate_of(bytes, elapsed_ns);
    bool first = o->rate_bytes_per_s == 0;
    if (first) o->rate_bytes_per_s = rate;
    if (!first) {
        o->rate_bytes_per_s -= o->rate_bytes_per_s / RATE_WEIGHT;
        o->rate_bytes_per_s += rate / RATE_WEIGHT;
    }
    if (o->rate_bytes_per_s == 0) o->rate_bytes_per_s = 1;
}

static uint64_t put_out(struct mirror *o, uint64_t now_ns, uint64_t seconds)
{
    uint64_t wait_ns = (seconds < LONGEST_S ? seconds : LONGEST_S) * SECOND_NS;
    o->out_at_ns = now_ns;
    if (now_ns + wait_ns > o->out_until_ns) o->out_until_ns = now_ns + wait_ns;
    return wait_ns;
}

static uint64_t time_out_s(unsigned streak)
{
    uint64_t s = OUT_FIRST_S;
    for (unsigned i = 1; i < streak && s < OUT_MAX_S; i++)
        s *= 2;
    return s < OUT_MAX_S ? s : OUT_MAX_S;
}

uint64_t mirrors_failed(struct mirrors *m, unsigned origin, const struct mirror_facts *f)
{
    struct mirror *o = &m->items[origin];
    o->failures++;
    bool known = o->out_at_ns && f->started_ns <= o->out_at_ns;
    if (f->wait_s) o->told = true;
    if (known && !f->wait_s) return 0;
    if (!known) o->streak++;
    uint64_t own_s = time_out_s(o->streak);
    uint64_t was_ns = o->out_until_ns;
    uint64_t wait_ns = put_out(o, f->now_ns, f->wait_s > own_s ? f->wait_s : own_s);
    return o->out_until_ns > was_ns ? wait_ns : 0;
}

uint64_t mirrors_ended(struct mirrors *m, unsigned origin, const struct mirror_facts *f)
{
    struct mirror *o = &m->items[origin];
    if (o->running) o->running--;
    o->bytes += f->bytes;
    sample(o, f->bytes, f->now_ns - f->started_ns);
    if (f->failed) return mirrors_failed(m, origin, f);
    bool well = f->bytes && !o->wrong && f->started_ns >= o->out_at_ns;
    if (well) {
        o->streak = 0;
        o->told = false;
        o->out_until_ns = 0;
    }
    return 0;
}

uint64_t mirrors_wrong(struct mirrors *m, unsigned origin, uint64_t now_ns)
{
    struct mirror *o = &m->items[origin];
    o->wrong++;
    return put_out(o, now_ns, WRONG_S);
}

bool mirrors_crawls(const struct mirrors *m, unsigned origin, uint64_t bytes, uint64_t elapsed_ns,
                    uint64_t now_ns)
{
    if (elapsed_ns < CRAWL_AFTER_S * SECOND_NS) return false;
    uint64_t best = 0;
    for (unsigned i = 0; i < m->count; i++) {
        bool other = i != origin && !mirrors_out(m, i, now_ns);
        if (other && m->items[i].rate_bytes_per_s > best) best = m->items[i].rate_bytes_per_s;
    }
    return rate_of(bytes, elapsed_ns) < best / CRAWL_RATIO;
}

/* ---- what it means ---- */

static bool status_passes(int status)
{
    return status == 408 || (status >= 500 && status != 501 && status != 505);
}

enum mirror_move mirrors_move(const struct outcome *o, bool own)
{
    enum mirror_move drop = own ? MOVE_NOT : MOVE_DROP;
    switch (o->cause) {
    case CAUSE_DNS:
    case CAUSE_CONNECT:
    case CAUSE_PROXY:
    case CAUSE_STALLED:
    case CAUSE_RESET:
    case CAUSE_RATE_LIMIT: return MOVE_ELSEWHERE;
    case CAUSE_STATUS: return status_passes(o->status) ? MOVE_ELSEWHERE : drop;
    case CAUSE_TLS:
    case CAUSE_PROTOCOL:
    case CAUSE_REDIRECT:
    case CAUSE_RANGE:
    case CAUSE_CHANGED:
    case CAUSE_ENCODED:
    case CAUSE_TOO_LARGE: return drop;
    case CAUSE_NONE:
    case CAUSE_PROXY_AUTH:
    case CAUSE_DISK:
    case CAUSE_DIGEST:
    case CAUSE_CUT:
    case CAUSE_CANCELLED: return MOVE_NOT;
    }
    return MOVE_NOT;
}
