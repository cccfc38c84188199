#include "download/sched/retry.h"

#include "download/base/clock.h"
#include "download/base/scoped.h"

enum {
    BACKOFF_FIRST_MS = 250, // peers.md §3.3: full jitter 0.25 s · 2^k, at most 30 s
    BACKOFF_MAX_MS = 30000,
    RATE_DEFAULT_S = 5,             // a 429 that says nothing
    LONGEST_S = 1000 * 1000 * 1000, // more is never
    BUDGET_LEAST = 20,              // one connection may have bad luck, too
    BUDGET_EACH = 2,                // all connections lost at once, and once more
};

/* ---- the run's budget ---- */

void retry_budget_init(struct retry_budget *b, unsigned connections, unsigned files,
                       unsigned attempts)
{
    uint64_t most = BUDGET_LEAST;
    uint64_t each = (uint64_t)BUDGET_EACH * connections;
    uint64_t alone = (uint64_t)files * attempts;
    if (each > most) most = each;
    if (alone > most) most = alone;
    if (most > UINT32_MAX) most = UINT32_MAX;
    *b = (struct retry_budget){.capacity = (unsigned)most, .left = (unsigned)most};
}

static bool take(struct retry_budget *b)
{
    if (!b) return true;
    if (!b->left) return false;
    b->left--;
    return true;
}

static void give(struct retry_budget *b, unsigned count)
{
    if (b) b->left = count < b->capacity - b->left ? b->left + count : b->capacity;
}

/* ---- what follows ---- */

static struct verdict give_up(const struct outcome *o)
{
    return (struct verdict){.action = DO_FAIL, .err = retry_error(o)};
}

/* AWS "full jitter": uniform in [0, min(cap, base · 2^failures)). */
static uint64_t backoff_ns(unsigned failures, struct rng *rng)
{
    uint64_t ceiling = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < failures && ceiling < BACKOFF_MAX_MS; i++)
        ceiling *= 2;
    if (ceiling > BACKOFF_MAX_MS) ceiling = BACKOFF_MAX_MS;
    return rng_below(rng, ceiling * MILLI_NS);
}

static struct verdict again(struct retry_state *s, const struct retry_policy *p,
                            const struct outcome *o, struct rng *rng)
{
    if (s->failures >= p->attempts) return give_up(o);
    if (!take(p->budget)) {
        return (struct verdict){.action = DO_FAIL, .err = retry_error(o), .spent = true};
    }
    s->failures++;
    return (struct verdict){.action = DO_RETRY, .wait_ns = backoff_ns(s->failures, rng)};
}

uint64_t retry_asked_wait_ns(const struct outcome *o)
{
    uint64_t wait_s = outcome_told_wait_s(o);
    if (wait_s == 0) wait_s = RATE_DEFAULT_S;
    return (wait_s < LONGEST_S ? wait_s : LONGEST_S) * SECOND_NS;
}

static struct verdict rate_limited(struct retry_state *s, const struct retry_policy *p,
                                   const struct outcome *o, struct rng *rng)
{
    uint64_t wait_ns = retry_asked_wait_ns(o);
    if (s->waited_ns + wait_ns > p->max_wait_s * SECOND_NS) {
        return (struct verdict){.action = DO_FAIL, .err = ERR_RATE_LIMITED, .wait_ns = wait_ns};
    }
    wait_ns += rng_below(rng, RETRY_JITTER_NS);
    s->waited_ns += wait_ns;
    return (struct verdict){.action = DO_RETRY, .wait_ns = wait_ns};
}

static struct verdict of_status(struct retry_state *s, const struct retry_policy *p,
                                const struct retry_facts *f, const struct outcome *o,
                                struct rng *rng)
{
    bool refusal = o->status == 401 || o->status == 403;
    if (refusal && f->can_refresh && s->refreshes < RETRY_MAX_REFRESHES) {
        s->refreshes++;
        return (struct verdict){.action = DO_REFRESH};
    }
    if (o->status == 416 && !f->is_call && s->restarts == 0) {
        s->restarts++;
        return (struct verdict){.action = DO_RESTART};
    }
    bool passing = o->status == 408 || (o->status >= 500 && o->status != 501 && o->status != 505);
    return passing ? again(s, p, o, rng) : give_up(o);
}

static struct verdict of_range(struct retry_state *s, const struct retry_policy *p,
                               const struct outcome *o, struct rng *rng)
{
    if (o->status != 200) return again(s, p, o, rng);
    if (s->wholes > p->attempts) return give_up(o); // each was cut short, too
    s->wholes++;
    return (struct verdict){.action = DO_WHOLE};
}

static struct verdict once_more_from_zero(struct retry_state *s, const struct outcome *o)
{
    if (s->restarts > 0) return give_up(o);
    s->restarts++;
    return (struct verdict){.action = DO_RESTART};
}

/* Final the first time already, whatever else was decided meanwhile. */
static bool is_final(enum cause c)
{
    static const bool FINAL[] = {
        [CAUSE_TLS] = true,     [CAUSE_PROXY_AUTH] = true, [CAUSE_PROTOCOL] = true,
        [CAUSE_ENCODED] = true, [CAUSE_TOO_LARGE] = true,  [CAUSE_DISK] = true};
    return (size_t)c < ARRAY_LEN(FINAL) && FINAL[c];
}

struct verdict retry_decide(struct retry_state *s, const struct retry_policy *p,
                            const struct retry_facts *f, const struct outcome *o, struct rng *rng)
{
    bool brought = f->is_call ? o->cause == CAUSE_NONE : o->body_bytes > 0;
    if (brought) give(p->budget, s->failures + !f->is_call);
    if (o->body_bytes && !f->is_call) {
        s->failures = 0;
        s->refreshes = 0;
        s->redirects = 0;
    }
    if (f->decided && o->cause != CAUSE_NONE && !is_final(o->cause)) {
        return (struct verdict){.action = DO_REQUEUE};
    }
    switch (o->cause) {
    case CAUSE_NONE: return (struct verdict){.action = DO_COMPLETE};
    case CAUSE_CUT:
    case CAUSE_CANCELLED: return (struct verdict){.action = DO_REQUEUE};
    case CAUSE_RATE_LIMIT: return rate_limited(s, p, o, rng);
    case CAUSE_STATUS: return of_status(s, p, f, o, rng);
    case CAUSE_RANGE: return of_range(s, p, o, rng);
    case CAUSE_CHANGED:
    case CAUSE_DIGEST: return once_more_from_zero(s, o);
    case CAUSE_REDIRECT:
        if (s->redirects >= RETRY_MAX_REDIRECTS) return give_up(o);
        s->redirects++;
        return (struct verdict){.action = DO_REDIRECT};
    case CAUSE_DNS:
    case CAUSE_CONNECT:
    case CAUSE_PROXY:
    case CAUSE_STALLED:
    case CAUSE_RESET: return again(s, p, o, rng);
    case CAUSE_TLS:
    case CAUSE_PROXY_AUTH:
    case CAUSE_PROTOCOL:
    case CAUSE_ENCODED:
    case CAUSE_TOO_LARGE:
    case CAUSE_DISK: return give_up(o);
    }
    return give_up(o);
}

static enum err error_of_status(int status)
{
    if (status == 401 || status == 403) return ERR_AUTH;
    if (status == 404 || status == 410) return ERR_NOT_FOUND;
    return ERR_NETWORK;
}

enum err retry_error(const struct outcome *o)
{
    return o->cause == CAUSE_STATUS ? error_of_status(o->status) : cause_error(o->cause);
}
