#include "download/sched/search.h"

#include "download/base/clock.h"

static const double BACK = 0.6;  // of the best: over
static const double FREED = 3;   // times the crawl: over, too, since there are fewer now
static const double LESS = 0.45; // of what four times as many brought: their number was no harm

enum {
    SHARE = 4, // at a time: few steps, since each may have to wait for a penalty to end
    LEAST = 2,
};

#define STEP_NS (3 * SECOND_NS / 2)

bool search_has_room(unsigned connections)
{
    return connections > LEAST;
}

static unsigned fewer(unsigned n)
{
    return n / SHARE > LEAST ? n / SHARE : LEAST;
}

void search_begin(struct search *s, unsigned connections, double rate, double best_rate,
                  bool elsewhere, uint64_t now_ns)
{
    *s = (struct search){.from = connections,
                         .crawl_rate = rate,
                         .wanted_rate = BACK * best_rate,
                         .now = elsewhere ? connections : fewer(connections),
                         .rate = rate,
                         .since_ns = now_ns};
}

enum search_result search_step(struct search *s, double rate, uint64_t now_ns)
{
    if (rate >= s->wanted_rate || rate >= FREED * s->crawl_rate) return SEARCH_FOUND;
    if (s->now < s->from && rate < LESS * s->rate) return SEARCH_LOST;
    if (now_ns - s->since_ns < STEP_NS) return SEARCH_GOES_ON;
    if (!search_has_room(s->now)) return SEARCH_LOST;
    s->now = fewer(s->now);
    s->rate = rate;
    s->since_ns = now_ns;
    return SEARCH_FEWER;
}
