#include "download/sched/samples.h"

/* From the mean distance of neighbours, not from the mean: a trend is no noise. For the normal
 * distribution that distance is 2/√π deviations. */
static const double DEVIATION_OF_DISTANCE = 0.8862;
static const double NOISE_WEIGHT = 1.0 / 8; // of the newest distance
static const double NOISE_LEAST = 0.004;    // nothing is as even as a few samples may look

static const double UNSTEADY = 0.12;    // a spread that matters
static const double UNSTEADY_TIMES = 2; // the noise: independent samples spread as that says

static const double CLEAR = 1.5; // standard errors that are no accident

enum { WORTH_LEAST = 4 }; // samples before anything is said

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

void samples_clear(struct samples *s)
{
    s->count = 0;
}

static void learn_noise(struct samples *s, double before, double rate)
{
    double distance = rate > before ? rate - before : before - rate;
    double middle = (rate + before) / 2;
    if (middle <= 0) return;
    double seen = distance / middle * DEVIATION_OF_DISTANCE;
    s->noise += (seen - s->noise) * NOISE_WEIGHT;
}

void samples_add(struct samples *s, double rate)
{
    if (s->count) learn_noise(s, s->ring[(s->count - 1) % SAMPLES_MAX], rate);
    s->ring[s->count++ % SAMPLES_MAX] = rate;
}

double samples_mean(const struct samples *s, unsigned n)
{
    n = smaller(n, smaller(s->count, SAMPLES_MAX));
    double sum = 0;
    for (unsigned i = 1; i <= n; i++)
        sum += s->ring[(s->count - i) % SAMPLES_MAX];
    return n ? sum / n : 0;
}

double samples_least(const struct samples *s, unsigned n)
{
    n = smaller(n, smaller(s->count, SAMPLES_MAX));
    double least = n ? s->ring[(s->count - 1) % SAMPLES_MAX] : 0;
    for (unsigned i = 2; i <= n; i++) {
        double x = s->ring[(s->count - i) % SAMPLES_MAX];
        if (x < least) least = x;
    }
    return least;
}

double samples_most(const struct samples *s, unsigned n)
{
    n = smaller(n, smaller(s->count, SAMPLES_MAX));
    double most = 0;
    for (unsigned i = 1; i <= n; i++) {
        double x = s->ring[(s->count - i) % SAMPLES_MAX];
        if (x > most) most = x;
    }
    return most;
}

/* Of all there are, the mean of the highest quarter. */
static double upper(const struct samples *s)
{
    unsigned n = smaller(s->count, SAMPLES_MAX);
    unsigned quarter = (n + 3) / 4;
    double sum = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned higher = 0; // and those before it that are the same
        for (unsigned k = 0; k < n; k++)
            higher += s->ring[k] > s->ring[i] || (k < i && s->ring[k] == s->ring[i]);
        if (higher < quarter) sum += s->ring[i];
    }
    return n ? sum / quarter : 0;
}

/* sqrt(x) without libm: Newton from above; x is a small sum of variances. */
static double root(double x)
{
    double r = x > 1 ? x : 1;
    for (int i = 0; i < 40 && r * r > x * (1 + 1e-9); i++)
        r = (r + x / r) / 2;
    return r;
}

/* They differ far more than neighbours do: someone else comes and goes. A mean then says when one
 * has looked, not what the setting is worth; the upper quarter says that. */
static bool unsteady(const struct samples *s)
{
    unsigned n = smaller(s->count, SAMPLES_MAX);
    double mean = samples_mean(s, n);
    if (n < SAMPLES_MAX || mean <= 0) return false;
    double sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += (s->ring[i] / mean - 1) * (s->ring[i] / mean - 1);
    double spread = root(sum / n);
    return spread > UNSTEADY && spread > UNSTEADY_TIMES * s->noise;
}

struct summary samples_summary(const struct samples *s, unsigned n)
{
    return (struct summary){.rate = samples_mean(s, n),
                            .count = smaller(n, smaller(s->count, SAMPLES_MAX)),
                            .least = samples_least(s, n),
                            .upper = unsteady(s) ? upper(s) : 0};
}

double samples_lead(const struct samples *s, unsigned n, const struct summary *other, double factor)
{
    n = smaller(n, smaller(s->count, SAMPLES_MAX));
    if (!n || !other->count) return 0;
    double noise = s->noise > NOISE_LEAST ? s->noise : NOISE_LEAST;
    double mean = samples_mean(s, n);
    double rate = factor * other->rate;
    double scale = mean > rate ? mean : rate;
    if (scale <= 0) return 0;
    return (mean - rate) / (scale * noise * root(1.0 / n + 1.0 / other->count));
}

enum worth samples_worth(const struct samples *s, const struct summary *other, double factor)
{
    bool all = s->count >= SAMPLES_MAX;
    if (other->upper > 0) {
        if (!all) return WORTH_UNKNOWN;
        return upper(s) > factor * other->upper ? WORTH_MORE : WORTH_LESS;
    }
    double lead = samples_lead(s, SAMPLES_MAX, other, factor);
    if (!all && (s->count < WORTH_LEAST || (lead < CLEAR && lead > -CLEAR))) return WORTH_UNKNOWN;
    return lead > 0 ? WORTH_MORE : WORTH_LESS;
}
