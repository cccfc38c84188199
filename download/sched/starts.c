#include "download/sched/starts.h"

#include "download/base/clock.h"

static const double CUT = 0.7;      // peers.md §3.3, CUBIC's β
static const double RELEASED = 2;   // times the peak: whatever refused it is gone
static const double SLOWEST = 0.2;  // starts per second
static const double SEEN_OVER = 2;  // seconds that `seen` looks back
static const double ROUND_UP = 1.0; // ns

#define BACK_NS       (30 * SECOND_NS)
#define BACK_MOST_NS  (600 * SECOND_NS)
#define SAME_EVENT_NS SECOND_NS // refusals of what was under way belong together

static double seconds(uint64_t ns)
{
    return (double)ns / (double)SECOND_NS;
}

double starts_rate(const struct starts *s, uint64_t now_ns)
{
    if (s->peak <= 0) return 0;
    double x = seconds(now_ns - s->cut_ns) / seconds(s->back_ns) - 1; // -1 at the cut, 0 when back
    double rate = s->peak * (1 + (1 - CUT) * x * x * x);
    return rate >= RELEASED * s->peak ? 0 : rate;
}

static void refill(struct starts *s, double rate, uint64_t now_ns)
{
    double most = rate / 4 > 1 ? rate / 4 : 1; // a quarter of a second's
    s->tokens += rate * seconds(now_ns - s->at_ns);
    if (s->tokens > most) s->tokens = most;
    s->at_ns = now_ns;
}

uint64_t starts_wait_ns(struct starts *s, uint64_t now_ns)
{
    double rate = starts_rate(s, now_ns);
    if (rate <= 0) {
        s->peak = 0;
        return 0;
    }
    refill(s, rate, now_ns);
    if (s->tokens >= 1) return 0;
    return (uint64_t)((1 - s->tokens) / rate * (double)SECOND_NS + ROUND_UP);
}

static void fade(struct starts *s, uint64_t now_ns)
{
    double x = seconds(now_ns - s->seen_ns) / SEEN_OVER;
    s->seen /= 1 + x + x * x / 2 + x * x * x / 6; // e^x, near enough
    s->seen_ns = now_ns;
}

void starts_started(struct starts *s, uint64_t now_ns)
{
    fade(s, now_ns);
    s->seen += 1 / SEEN_OVER;
    s->tokens -= 1;
}

void starts_refused(struct starts *s, uint64_t now_ns)
{
    if (s->peak > 0 && now_ns - s->cut_ns < SAME_EVENT_NS) return;
    fade(s, now_ns);
    uint64_t twice = 2 * s->back_ns;
    s->back_ns = !s->back_ns ? BACK_NS : twice < BACK_MOST_NS ? twice : BACK_MOST_NS;
    s->peak = s->seen > SLOWEST ? s->seen : SLOWEST;
    s->cut_ns = now_ns;
    s->tokens = 0;
    s->at_ns = now_ns;
}
