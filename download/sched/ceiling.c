#include "download/sched/ceiling.h"

#include "download/base/clock.h"

#define FIRST_NS (15 * SECOND_NS)  // long enough for a crawl that comes late to show
#define MOST_NS  (600 * SECOND_NS) // peers.md §3.3

static unsigned step(const struct ceiling *c)
{
    unsigned n = c->trouble > c->level ? (c->trouble - c->level) / 2 : c->level / 4;
    return n ? n : 1;
}

unsigned ceiling_limit(const struct ceiling *c, unsigned most, uint64_t now_ns)
{
    if (!c->until_ns) return most;
    unsigned n = now_ns < c->until_ns ? c->level : c->level + step(c);
    return n < most ? n : most;
}

void ceiling_lower(struct ceiling *c, unsigned good, unsigned trouble, uint64_t now_ns)
{
    uint64_t twice = 2 * c->for_ns;
    c->for_ns = !c->for_ns ? FIRST_NS : twice < MOST_NS ? twice : MOST_NS;
    if (c->lasted >= trouble) c->lasted = 0;
    c->level = good > c->lasted ? good : c->lasted;
    if (!c->level) c->level = 1;
    c->trouble = trouble;
    c->until_ns = now_ns + c->for_ns;
}

void ceiling_passed(struct ceiling *c, unsigned level, uint64_t now_ns)
{
    if (!c->until_ns || level <= c->level) return;
    if (now_ns >= c->until_ns) c->lasted = c->level;
    c->level = level;
    if (level >= c->trouble) {
        c->trouble = 0;
        c->for_ns = FIRST_NS;
    }
    c->until_ns = now_ns + c->for_ns;
}
