#include "download/sched/pressure.h"

#include <string.h>

#include "download/base/str.h"

enum {
    ALL = 1000,
    FALL = 700, // ‰ of the share that a turn under pressure leaves
    RISE = 100, // ‰ that a calm turn gives back: ten turns to all of it
    CALM_TURNS = 2,
    NEVER = ALL + 1,
    US_NS = 1000,
};

struct rule {
    bool full;       // all tasks stalled, not only some
    unsigned shrink; // ‰ of the time
    unsigned hold;
    unsigned least; // ‰ of the connections
};

/* Of taste, along these lines. A run that has a machine to itself makes the processors and the disk
 * busy, which is no harm: there it takes much to shrink, and not by much. Memory that everybody
 * waits for is harm. Who is given way to waits because of us, or might. */
static const struct rule MACHINE[PRESSURE_KINDS] = {
    [PRESSURE_CPU] = {false, 950, NEVER, 500},
    [PRESSURE_IO] = {true, 500, NEVER, 250},
    [PRESSURE_MEMORY] = {true, 50, 200, 125},
};
static const struct rule OTHER[PRESSURE_KINDS] = {
    [PRESSURE_CPU] = {false, 50, 300, 0},
    [PRESSURE_IO] = {false, 50, 300, 0},
    [PRESSURE_MEMORY] = {false, 20, 100, 0},
};
static const struct rule *const RULES[PRESSURE_WHO] = {
    [PRESSURE_HOST] = MACHINE, [PRESSURE_OWN] = MACHINE, [PRESSURE_OTHER] = OTHER};

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" */
static bool parse_total(const char *text, const char *word, uint64_t *ret)
{
    static const char TOTAL[] = " total=";
    size_t len = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, len) != 0 || line[len] != ' ') continue;
        const char *total = memmem(line, strcspn(line, "\n"), TOTAL, sizeof(TOTAL) - 1);
        if (!total) return false;
        total += sizeof(TOTAL) - 1;
        return str_u64_n(total, strcspn(total, " \n"), UINT64_MAX, ret);
    }
    return false;
}

bool pressure_parse(const char *text, struct pressure_total *ret)
{
    struct pressure_total t = {0};
    if (!parse_total(text, "some", &t.some_us)) return false;
    (void)parse_total(text, "full", &t.full_us);
    *ret = t;
    return true;
}

void pressure_init(struct pressure *p, const struct pressure_reading *first, uint64_t now_ns)
{
    *p = (struct pressure){.last = *first, .at_ns = now_ns, .share = ALL};
}

/* What one turn found. */
struct finding {
    bool hold, shrink, calm;
    unsigned least; // of what shrinks, the least
};

static unsigned stalled(const struct rule *r, const struct pressure_total *from,
                        const struct pressure_total *to, uint64_t dt_us)
{
    uint64_t before = r->full ? from->full_us : from->some_us;
    uint64_t after = r->full ? to->full_us : to->some_us;
    if (after <= before) return 0; // the cgroup was made anew
    uint64_t us = after - before;
    return us >= dt_us ? ALL : (unsigned)((double)us * ALL / (double)dt_us);
}

static void look(const struct rule *r, unsigned permille, struct finding *f)
{
    if (permille >= r->hold) f->hold = true;
    if (permille * 2 >= r->shrink) f->calm = false;
    if (permille < r->shrink) return;
    if (!f->shrink || r->least < f->least) f->least = r->least;
    f->shrink = true;
}

static struct finding find(const struct pressure *p, const struct pressure_reading *r,
                           uint64_t dt_us)
{
    struct finding f = {.calm = true};
    for (size_t who = 0; who < PRESSURE_WHO; who++) {
        for (size_t kind = 0; kind < PRESSURE_KINDS; kind++) {
            if (!p->last.there[who][kind] || !r->there[who][kind]) continue;
            const struct rule *rule = &RULES[who][kind];
            look(rule, stalled(rule, &p->last.total[who][kind], &r->total[who][kind], dt_us), &f);
        }
    }
    return f;
}

static void shrink(struct pressure *p, unsigned least)
{
    unsigned lower = p->share * FALL / ALL;
    if (lower < least) lower = least;
    if (lower < p->share) p->share = lower; // another rule may have gone further
}

bool pressure_turn(struct pressure *p, const struct pressure_reading *r, uint64_t now_ns)
{
    if (now_ns - p->at_ns < US_NS) return false;
    struct finding f = find(p, r, (now_ns - p->at_ns) / US_NS);
    unsigned share = p->share;
    bool hold = p->hold;
    p->last = *r;
    p->at_ns = now_ns;
    p->calm_turns = f.calm ? p->calm_turns + 1 : 0;
    if (f.hold) p->hold = true;
    if (p->calm_turns >= CALM_TURNS) p->hold = false;
    if (f.shrink) shrink(p, f.least);
    if (f.calm) p->share = p->share + RISE < ALL ? p->share + RISE : ALL;
    return share != p->share || hold != p->hold;
}

unsigned pressure_connections(const struct pressure *p, unsigned most)
{
    if (p->hold || !most) return 0;
    unsigned n = (unsigned)((uint64_t)most * p->share / ALL);
    return n ? n : 1;
}
