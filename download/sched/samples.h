/* samples.h - goodput seen lately under one setting, and whether another is really different or
 * only noisy. Plain data, pure. */
#ifndef SHARDFETCH_SCHED_SAMPLES_H
#define SHARDFETCH_SCHED_SAMPLES_H

#include <stdbool.h>

enum { SAMPLES_MAX = 16 };

struct samples {
    double ring[SAMPLES_MAX]; // bytes/s
    unsigned count;           // all that were put in; the newest SAMPLES_MAX are there
    double noise;             // how far one is from the next, as a share of them: a deviation
};

/* Another setting: none of it was seen yet; the noise is the line's and stays. */
void samples_clear(struct samples *s);
void samples_add(struct samples *s, double rate);
/* Of the newest `n`, or of those there are; 0 when there are none. */
double samples_mean(const struct samples *s, unsigned n);
double samples_least(const struct samples *s, unsigned n);
double samples_most(const struct samples *s, unsigned n);

/* What was seen of one setting, to compare another with. */
struct summary {
    double rate;
    unsigned count; // samples behind it; 0 = nothing is known
    double least;
    double upper; // 0 = it is steady
};
/* Of the newest `n`. */
struct summary samples_summary(const struct samples *s, unsigned n);
/* Is this setting worth `factor` of that one? Answered as soon as it is no accident of the noise,
 * with SAMPLES_MAX at the latest. */
enum worth { WORTH_UNKNOWN, WORTH_MORE, WORTH_LESS };
enum worth samples_worth(const struct samples *s, const struct summary *other, double factor);
/* How many standard errors the mean of the newest `n` is above that rate; negative: below. */
double samples_lead(const struct samples *s, unsigned n, const struct summary *other,
                    double factor);

#endif
