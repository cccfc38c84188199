#include "tests/support/sim_net.h"

#include <math.h>

static const double PACKET = 1448;        // bytes of body in one
static const double FIRST_WINDOW = 14480; // RFC 6928: ten packets
static const double CUBIC_C = 0.4;        // RFC 9438 §5
static const double CUBIC_BETA = 0.7;
static const double HANDSHAKES = 2; // round trips: TCP, TLS 1.3

static double chance(struct sim_net *n)
{
    return (double)(rng_next(&n->rng) >> 11) / 9007199254740992.0;
}

/* Exponential; the neighbour does not depend on what we do. */
static double spell(struct sim_net *n, double mean)
{
    double c = (double)(rng_next(&n->others) >> 11) / 9007199254740992.0;
    return -mean * log(1 - c);
}

void sim_net_init(struct sim_net *n, const struct sim_line *line, double step, uint64_t seed)
{
    *n = (struct sim_net){.line = line,
                          .rng = {seed},
                          .others = {~seed},
                          .step = step,
                          .per_connection = line->per_connection,
                          .tokens = line->refuse.starts};
    for (unsigned i = 0; i < sizeof(n->arrivals) / sizeof(n->arrivals[0]); i++)
        n->arrivals[i] = -1e9;
}

double sim_net_first_byte(const struct sim_line *line)
{
    return (HANDSHAKES + 1) * line->rtt + line->server;
}

/* ---- requests ---- */

static unsigned active(const struct sim_net *n)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        const struct sim_conn *c = &n->conns[i];
        count += c->state == SIM_BODY || (c->state == SIM_WAITING && !c->refused);
    }
    return count;
}

static void note_arrival(struct sim_net *n, double at)
{
    unsigned ring = sizeof(n->arrivals) / sizeof(n->arrivals[0]);
    n->arrivals[n->requests++ % ring] = at;
    double within = 0;
    for (unsigned i = 0; i < ring; i++)
        within += n->arrivals[i] > at - 1;
    if (within > n->peak_starts) n->peak_starts = within;
}

static bool refuses(struct sim_net *n)
{
    const struct sim_line *l = n->line;
    if (l->refuse.connections && active(n) > l->refuse.connections) return true;
    if (l->refuse.starts <= 0) return false;
    if (n->tokens < 1) return true;
    n->tokens -= 1;
    return false;
}

static unsigned some_edge(struct sim_net *n)
{
    unsigned count = n->line->edges.count ? n->line->edges.count : 1;
    unsigned edge = n->line->edges.only_first ? 0 : (unsigned)rng_below(&n->rng, count);
    bool bad = n->avoid_edge && edge == n->avoid_edge - 1;
    return bad ? (edge + 1) % count : edge;
}

void sim_net_request(struct sim_net *n, unsigned slot, double bytes)
{
    struct sim_conn *c = &n->conns[slot];
    double way = n->line->rtt + n->line->server;
    if (c->state == SIM_CLOSED) {
        way += HANDSHAKES * n->line->rtt;
        *c = (struct sim_conn){.edge = some_edge(n), .window = FIRST_WINDOW, .threshold = HUGE_VAL};
    }
    c->state = SIM_WAITING;
    c->spoiled = false;
    c->held = false;
    c->start = n->now;
    c->until = n->now + way;
    c->left = bytes;
    note_arrival(n, n->now);
    c->refused = refuses(n);
    n->refusals += c->refused;
}

void sim_net_end(struct sim_net *n, unsigned slot)
{
    struct sim_conn *c = &n->conns[slot];
    bool whole = c->state == SIM_REFUSED || (c->left <= 0 && !c->spoiled);
    c->state = whole ? SIM_WARM : SIM_CLOSED;
}

void sim_net_cut(struct sim_net *n, unsigned slot, double bytes)
{
    struct sim_conn *c = &n->conns[slot];
    c->left = fmax(c->left - bytes, 0);
    c->spoiled = true;
}

/* ---- windows ---- */

static void lose(struct sim_net *n, struct sim_conn *c, double rtt)
{
    if (n->now - c->epoch < rtt) return; // one answer per round trip
    c->epoch = n->now;
    c->peak = c->window;
    c->window *= CUBIC_BETA;
    if (c->window < 2 * PACKET) c->window = 2 * PACKET;
    c->threshold = c->window;
    c->ripe = cbrt(c->peak / PACKET * (1 - CUBIC_BETA) / CUBIC_C);
}

static void grow(const struct sim_net *n, struct sim_conn *c, double rtt, double cap)
{
    bool idle = (cap > 0 && c->window > 2 * cap * rtt) || c->left < c->window;
    if (idle) return; // RFC 9293 and RFC 7661: what is not used up does not grow
    if (c->window < c->threshold) {
        c->window *= 1 + n->step / rtt;
        return;
    }
    double t = n->now - c->epoch - c->ripe;
    double cubic = (CUBIC_C * t * t * t) * PACKET + c->peak;
    double reno = c->window + PACKET * n->step / rtt;
    double most = c->window * (1 + 0.5 * n->step / rtt);
    double next = cubic > reno ? cubic : reno;
    if (next > c->window) c->window = next < most ? next : most;
}

/* ---- what the line gives ---- */

static void step_neighbour(struct sim_net *n)
{
    const struct sim_line *l = n->line;
    if (l->neighbour.share <= 0 || n->now < n->neighbour_until) return;
    n->neighbour_on = !n->neighbour_on;
    n->neighbour_until = n->now + spell(n, n->neighbour_on ? l->neighbour.on : l->neighbour.off);
}

static double police(struct sim_net *n, double capacity)
{
    const struct sim_line *l = n->line;
    if (!l->police.above) return capacity;
    if (active(n) <= l->police.above) {
        n->above_since = n->now;
    } else if (n->now - n->above_since >= l->police.after) {
        n->punished_until = n->now + l->police.lasts;
    }
    return n->now < n->punished_until ? l->police.share * l->link : capacity;
}

static double capacity(struct sim_net *n)
{
    const struct sim_line *l = n->line;
    bool changed = l->change.at > 0 && n->now >= l->change.at;
    double c = changed && l->change.link > 0 ? l->change.link : l->link;
    if (changed && l->change.per_connection > 0) n->per_connection = l->change.per_connection;
    step_neighbour(n);
    if (n->neighbour_on) c *= 1 - l->neighbour.share;
    unsigned count = l->cost > 0 ? active(n) : 0;
    if (count > 8) c *= 1 / (1 + l->cost * (count - 8));
    return police(n, c);
}

static double cap_of(const struct sim_net *n, const struct sim_conn *c)
{
    const struct sim_line *l = n->line;
    double cap = n->per_connection;
    bool slow = c->edge < l->edges.slow_count && n->now >= l->edges.slow_from;
    if (slow && (cap <= 0 || l->edges.slow < cap)) cap = l->edges.slow;
    if (c->crawl > 0 && (cap <= 0 || c->crawl < cap)) cap = c->crawl;
    return cap;
}

/* ---- a step ---- */

static void arrive(struct sim_net *n)
{
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        struct sim_conn *c = &n->conns[i];
        c->got = 0;
        if (c->state != SIM_WAITING || n->now < c->until) continue;
        c->state = c->refused ? SIM_REFUSED : SIM_BODY;
    }
}

static double wishes(struct sim_net *n, double rtt, double *ret_rates)
{
    double sum = 0;
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        struct sim_conn *c = &n->conns[i];
        ret_rates[i] = 0;
        if (c->state != SIM_BODY || c->held) continue;
        double cap = cap_of(n, c);
        double rate = c->window / rtt;
        if (cap > 0 && rate > cap) rate = cap;
        ret_rates[i] = rate;
        sum += rate;
        grow(n, c, rtt, cap);
        double lost = n->line->loss * rate * n->step / PACKET;
        if (lost > 0 && chance(n) < lost) lose(n, c, rtt);
    }
    return sum;
}

/* A full queue drops the packets of some, as many as it takes. */
static void overflow(struct sim_net *n, double rtt, double excess, const double *rates)
{
    unsigned first = (unsigned)rng_below(&n->rng, SIM_SLOTS);
    for (unsigned k = 0; k < SIM_SLOTS && excess > 0; k++) {
        unsigned i = (first + k) % SIM_SLOTS;
        if (rates[i] <= 0) continue;
        lose(n, &n->conns[i], rtt);
        excess -= rates[i] * (1 - CUBIC_BETA);
    }
}

/* Sizes of this step's deliveries; the queue and its losses. */
static double serve(struct sim_net *n, double sum, double rtt, const double *rates)
{
    const struct sim_line *l = n->line;
    double most = n->capacity;
    double served = fmin(most, sum + n->queued / n->step);
    n->queued += (sum - served) * n->step;
    if (n->queued > l->queue * l->link) {
        n->queued = l->queue * l->link;
        overflow(n, rtt, sum - most, rates);
    }
    if (n->queued < 0) n->queued = 0;
    return served;
}

bool sim_net_step(struct sim_net *n, double most)
{
    const struct sim_line *l = n->line;
    n->now += n->step;
    n->tokens = fmin(n->tokens + l->refuse.starts * n->step, l->refuse.starts);
    arrive(n);
    n->capacity = capacity(n);
    double rtt = l->rtt + n->queued / n->capacity;
    double rates[SIM_SLOTS];
    double sum = wishes(n, rtt, rates);
    if (sum <= 0) return false;
    bool held = sum * n->step > most && n->capacity * n->step > most;
    double served = held ? most / n->step : serve(n, sum, rtt, rates);
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        struct sim_conn *c = &n->conns[i];
        if (rates[i] <= 0) continue;
        c->got = fmin(rates[i] * served / sum * n->step, c->left);
        c->left -= c->got;
    }
    return held;
}
