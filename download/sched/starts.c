#include "download/sched/starts.h"

#include "download/base/clock.h"

static const double CUT = 0.7;      // peers.md §3.3, CUBIC's β
static const double RELEASED = 2;   // times the peak: whatever refused it is gone
static const double SLOWEST = 0.2;  // starts per second
static const double SEEN_OVER = 2;  // seconds that `seen` looks back
static const double ROUND_UP = 1.0; // ns

#define RESET_SLACK_NS SECOND_NS       // windows are told in whole seconds
#define NEW_WINDOW_NS  (2 * SECOND_NS) // ends that differ by more are of two windows
#define BACK_NS        (30 * SECOND_NS)
#define BACK_MOST_NS   (600 * SECOND_NS)
#define SAME_EVENT_NS  SECOND_NS // refusals of what was under way belong together

static double seconds(uint64_t ns)
{
    return (double)ns / (double)SECOND_NS;
}

/* ---- the rate ---- */

static double back_rate(const struct starts *s, uint64_t now_ns)
{
    if (s->peak <= 0) return 0;
    uint64_t since_ns = now_ns > s->cut_ns ? now_ns - s->cut_ns : 0;
    double x = seconds(since_ns) / seconds(s->back_ns) - 1; // -1 at the cut, 0 when back
    double rate = s->peak * (1 + (1 - CUT) * x * x * x);
    return rate >= RELEASED * s->peak ? 0 : rate;
}

static double spread_rate(const struct starts *s, uint64_t now_ns)
{
    const struct starts_quota *q = &s->quota;
    if (!q->spread || now_ns >= q->until_ns) return 0;
    return (double)q->left / seconds(q->until_ns - now_ns);
}

double starts_rate(const struct starts *s, uint64_t now_ns)
{
    double back = back_rate(s, now_ns);
    double spread = spread_rate(s, now_ns);
    if (back <= 0) return spread;
    return spread > 0 && spread < back ? spread : back;
}

static void refill(struct starts *s, double rate, uint64_t now_ns)
{
    double most = rate / 4 > 1 ? rate / 4 : 1; // a quarter of a second's
    s->tokens += rate * seconds(now_ns - s->at_ns);
    if (s->tokens > most) s->tokens = most;
    s->at_ns = now_ns;
}

static void begin_bucket(struct starts *s, double tokens, uint64_t at_ns)
{
    s->tokens = tokens;
    s->at_ns = at_ns;
}

static void fade(struct starts *s, uint64_t now_ns)
{
    double x = seconds(now_ns - s->seen_ns) / SEEN_OVER;
    s->seen /= 1 + x + x * x / 2 + x * x * x / 6; // e^x, near enough
    s->seen_ns = now_ns;
}

/* ---- what the origin tells ---- */

/* Are there fewer left than would be used? */
static void look_at_quota(struct starts *s, uint64_t now_ns)
{
    struct starts_quota *q = &s->quota;
    if (!q->until_ns) return;
    if (now_ns >= q->until_ns) {
        *q = (struct starts_quota){0};
        return;
    }
    fade(s, now_ns);
    double use = s->seen * seconds(q->until_ns - now_ns);
    bool enough = q->left >= s->needed;
    bool low = !enough && (double)q->left < use;
    if (low && !q->spread && s->peak <= 0) begin_bucket(s, 0, now_ns);
    q->spread = !enough && (low || q->spread);
}

uint64_t starts_told_ns(const struct starts *s, uint64_t now_ns)
{
    uint64_t until_ns = s->until_ns;
    const struct starts_quota *q = &s->quota;
    bool used_up = q->until_ns && !q->left;
    if (used_up && q->until_ns > until_ns) until_ns = q->until_ns;
    return until_ns > now_ns ? until_ns - now_ns : 0;
}

void starts_answered(struct starts *s, const struct starts_ticket *t,
                     const struct rate_limit *limit, uint64_t now_ns)
{
    if (!limit->known) return;
    struct starts_quota *q = &s->quota;
    uint64_t until_ns = t->at_ns + limit->reset_s * SECOND_NS + RESET_SLACK_NS;
    bool older = now_ns < q->until_ns && t->number < q->number; // replies overtake each other
    if (until_ns <= now_ns || older) return;
    uint64_t since = s->count - t->number; // it may have been sent before these were seen
    if (until_ns > q->until_ns + NEW_WINDOW_NS) q->spread = false;
    q->left = limit->remaining > since ? limit->remaining - since : 0;
    q->until_ns = until_ns;
    q->number = t->number;
}

void starts_brought(struct starts *s, const struct starts_ticket *t)
{
    if (t->at_ns >= s->until_ns) s->waited_ns = 0;
}

/* ---- requests ---- */

uint64_t starts_wait_ns(struct starts *s, uint64_t now_ns)
{
    uint64_t told_ns = starts_told_ns(s, now_ns);
    if (told_ns) return told_ns;
    look_at_quota(s, now_ns);
    if (back_rate(s, now_ns) <= 0) s->peak = 0;
    double rate = starts_rate(s, now_ns);
    if (rate <= 0) return 0;
    refill(s, rate, now_ns);
    if (s->tokens >= 1) return 0;
    return (uint64_t)((1 - s->tokens) / rate * (double)SECOND_NS + ROUND_UP);
}

struct starts_ticket starts_started(struct starts *s, uint64_t now_ns)
{
    fade(s, now_ns);
    s->seen += 1 / SEEN_OVER;
    s->tokens -= 1;
    if (s->quota.left) s->quota.left--;
    return (struct starts_ticket){.number = ++s->count, .at_ns = now_ns};
}

static void wait_longer(struct starts *s, uint64_t until_ns, uint64_t now_ns)
{
    uint64_t from_ns = s->until_ns > now_ns ? s->until_ns : now_ns;
    s->waited_ns += until_ns - from_ns;
    s->until_ns = until_ns;
    s->cut_ns = until_ns;
    begin_bucket(s, 1, until_ns);
}

void starts_refused(struct starts *s, uint64_t wait_ns, uint64_t now_ns)
{
    bool recent = s->peak > 0 && now_ns - s->refused_ns < SAME_EVENT_NS;
    bool same = recent || now_ns < s->until_ns;
    if (!same) {
        fade(s, now_ns);
        uint64_t twice = 2 * s->back_ns;
        s->back_ns = !s->back_ns ? BACK_NS : twice < BACK_MOST_NS ? twice : BACK_MOST_NS;
        s->peak = s->seen > SLOWEST ? s->seen : SLOWEST;
        s->refused_ns = s->cut_ns = now_ns;
        begin_bucket(s, 0, now_ns);
    }
    if (wait_ns > UINT64_MAX - now_ns) wait_ns = UINT64_MAX - now_ns;
    if (wait_ns && now_ns + wait_ns > s->until_ns) wait_longer(s, now_ns + wait_ns, now_ns);
}
