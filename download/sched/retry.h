/* retry.h - the one place that decides what follows an outcome. Pure: what happened and what was
 * tried in, what to do and when out; the caller keeps the state and carries it out. */
#ifndef SHARDFETCH_SCHED_RETRY_H
#define SHARDFETCH_SCHED_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/outcome.h"
#include "download/base/rng.h"

/* Of a whole run, besides what each file and call may try by itself: how many requests may be out
 * of luck and asked again until some of them bring something. A file's bytes and a call's answer
 * give back what they took, and each request that brought bytes one more: what fails for good is
 * made up for by what does not. Where everything fails it is soon spent, and then nothing is tried
 * twice. */
struct retry_budget {
    unsigned capacity, left;
    bool told; // by its owner, that it was spent
};

struct retry_policy {
    unsigned attempts;           // consecutive ones without a new byte
    uint64_t max_wait_s;         // longest total wait for a rate limit
    struct retry_budget *budget; // of the run; NULL = there is no end to it
};

#define RETRY_JITTER_NS UINT64_C(250000000) // at most, over a wait: many were told the same second

/* Of one file or call; zeroed at its start. */
struct retry_state {
    unsigned failures;  // since the last new byte
    unsigned refreshes; // URLs asked for anew since the last new byte
    unsigned redirects; // followed since the last new byte
    unsigned restarts;  // whole-file restarts because the object changed
    uint64_t waited_ns; // for rate limits, in all
    unsigned wholes;    // times the server ignored a range and the file began anew in one piece
};

/* Connections of one file see the same event together: the first to come back decides for all that
 * had begun by then, the others are only asked again. */
struct retry_facts {
    bool is_call;     // listing or resolve: no bytes to keep
    bool can_refresh; // the URL came from a resolve that can be repeated
    bool decided;     // it began before the last decision that changed how its file is fetched
};

enum retry_action {
    DO_COMPLETE, // all that was asked for is there
    DO_RETRY,    // the same again after wait_ns
    DO_REFRESH,  // ask for a new URL, then go on at the same byte
    DO_REDIRECT, // follow the Location
    DO_WHOLE,    // no ranges here: from byte 0 over one connection
    DO_RESTART,  // the object is another one now: forget its bytes, once
    DO_REQUEUE,  // ended on our own request: what is missing goes back
    DO_FAIL,     // final; `err` says as what
};

struct verdict {
    enum retry_action action;
    uint64_t wait_ns; // also when a rate limit makes it fail: what was too long
    enum err err;
    bool spent; // it fails because the run's budget is
};

enum {
    RETRY_MAX_REFRESHES = 12, // many parts may share a URL that is good for few requests
    RETRY_MAX_REDIRECTS = 10,
};

/* Enough for all that is tried at once (`files`, each `attempts` times), so that an outage ends no
 * run that each of its files would have survived. */
void retry_budget_init(struct retry_budget *b, unsigned connections, unsigned files,
                       unsigned attempts);

struct verdict retry_decide(struct retry_state *s, const struct retry_policy *p,
                            const struct retry_facts *f, const struct outcome *o, struct rng *rng);
/* How long a rate limit asks to wait: as it told, else a default. */
uint64_t retry_asked_wait_ns(const struct outcome *o);
/* The contract's code for an outcome that is final. */
enum err retry_error(const struct outcome *o);

#endif
