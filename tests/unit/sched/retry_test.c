#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"
#include "download/sched/retry.h"

static const struct retry_policy POLICY = {.attempts = 3, .max_wait_s = 60};

static struct verdict decide(struct retry_state *s, struct outcome o, struct retry_facts f)
{
    struct rng rng = {.state = 1};
    return retry_decide(s, &POLICY, &f, &o, &rng);
}

static const struct {
    const char *name;
    struct outcome outcome;
    struct retry_facts facts;
    enum retry_action action;
    enum err err;
} FIRST[] = {
    {"nothing wrong is complete", {.cause = CAUSE_NONE}, {0}, DO_COMPLETE, OK},
    {"a cut goes back", {.cause = CAUSE_CUT}, {0}, DO_REQUEUE, OK},
    {"a cancelled one goes back", {.cause = CAUSE_CANCELLED}, {0}, DO_REQUEUE, OK},
    {"a reset is tried again", {.cause = CAUSE_RESET}, {0}, DO_RETRY, OK},
    {"a stall is tried again", {.cause = CAUSE_STALLED}, {0}, DO_RETRY, OK},
    {"a refused connection is tried again", {.cause = CAUSE_CONNECT}, {0}, DO_RETRY, OK},
    {"an unknown name is tried again", {.cause = CAUSE_DNS}, {0}, DO_RETRY, OK},
    {"a certificate is final", {.cause = CAUSE_TLS}, {0}, DO_FAIL, ERR_NETWORK},
    {"a proxy's 407 is final", {.cause = CAUSE_PROXY_AUTH}, {0}, DO_FAIL, ERR_AUTH},
    {"not HTTP is final", {.cause = CAUSE_PROTOCOL}, {0}, DO_FAIL, ERR_NETWORK},
    {"an encoded body is final", {.cause = CAUSE_ENCODED}, {0}, DO_FAIL, ERR_INTEGRITY},
    {"beyond a cap is final", {.cause = CAUSE_TOO_LARGE}, {0}, DO_FAIL, ERR_REFUSED},
    {"a failing disk is final", {.cause = CAUSE_DISK}, {0}, DO_FAIL, ERR_DISK},
    {"404 is final", {.cause = CAUSE_STATUS, .status = 404}, {0}, DO_FAIL, ERR_NOT_FOUND},
    {"410 is final", {.cause = CAUSE_STATUS, .status = 410}, {0}, DO_FAIL, ERR_NOT_FOUND},
    {"401 of a plain URL is final", {.cause = CAUSE_STATUS, .status = 401}, {0}, DO_FAIL, ERR_AUTH},
    {"403 of a signed URL asks anew",
     {.cause = CAUSE_STATUS, .status = 403},
     {.can_refresh = true},
     DO_REFRESH,
     OK},
    {"500 is tried again", {.cause = CAUSE_STATUS, .status = 500}, {0}, DO_RETRY, OK},
    {"503 is tried again", {.cause = CAUSE_STATUS, .status = 503}, {0}, DO_RETRY, OK},
    {"408 is tried again", {.cause = CAUSE_STATUS, .status = 408}, {0}, DO_RETRY, OK},
    {"501 is final", {.cause = CAUSE_STATUS, .status = 501}, {0}, DO_FAIL, ERR_NETWORK},
    {"416 begins anew", {.cause = CAUSE_STATUS, .status = 416}, {0}, DO_RESTART, OK},
    {"200 instead of a range: in one piece",
     {.cause = CAUSE_RANGE, .status = 200},
     {0},
     DO_WHOLE,
     OK},
    {"a wrong 206 is tried again", {.cause = CAUSE_RANGE, .status = 206}, {0}, DO_RETRY, OK},
    {"another version begins anew", {.cause = CAUSE_CHANGED}, {0}, DO_RESTART, OK},
    {"a wrong digest begins anew", {.cause = CAUSE_DIGEST}, {0}, DO_RESTART, OK},
    {"a redirect is followed", {.cause = CAUSE_REDIRECT, .status = 302}, {0}, DO_REDIRECT, OK},
    {"a rate limit waits", {.cause = CAUSE_RATE_LIMIT, .status = 429}, {0}, DO_RETRY, OK},
};

Test(retry, the_first_time)
{
    for (size_t i = 0; i < ARRAY_LEN(FIRST); i++) {
        struct retry_state s = {0};
        struct verdict v = decide(&s, FIRST[i].outcome, FIRST[i].facts);
        cr_expect_eq(v.action, FIRST[i].action, "%s", FIRST[i].name);
        cr_expect_eq(v.err, FIRST[i].err, "%s", FIRST[i].name);
    }
}

static const struct {
    const char *name;
    struct outcome outcome;
    bool can_refresh;
    unsigned times; // it may happen, then it is final
    enum err err;
} LAST[] = {
    {"resets without a byte", {.cause = CAUSE_RESET}, false, 3, ERR_NETWORK},
    {"wrong digests", {.cause = CAUSE_DIGEST}, false, 1, ERR_INTEGRITY},
    {"other versions", {.cause = CAUSE_CHANGED}, false, 1, ERR_INTEGRITY},
    {"416", {.cause = CAUSE_STATUS, .status = 416}, false, 1, ERR_NETWORK},
    {"ignored ranges", {.cause = CAUSE_RANGE, .status = 200}, false, 4, ERR_INTEGRITY},
    {"refreshed URLs", {.cause = CAUSE_STATUS, .status = 403}, true, RETRY_MAX_REFRESHES, ERR_AUTH},
    {"redirects", {.cause = CAUSE_REDIRECT}, false, RETRY_MAX_REDIRECTS, ERR_REFUSED},
};

Test(retry, has_an_end)
{
    for (size_t i = 0; i < ARRAY_LEN(LAST); i++) {
        struct retry_state s = {0};
        struct retry_facts f = {.can_refresh = LAST[i].can_refresh};
        for (unsigned n = 0; n < LAST[i].times; n++)
            cr_expect_neq(decide(&s, LAST[i].outcome, f).action, DO_FAIL, "%s", LAST[i].name);
        struct verdict v = decide(&s, LAST[i].outcome, f);
        cr_expect_eq(v.action, DO_FAIL, "%s", LAST[i].name);
        cr_expect_eq(v.err, LAST[i].err, "%s", LAST[i].name);
    }
}

static const struct {
    const char *name;
    struct outcome outcome;
    enum retry_action action;
} SEEN_TOGETHER[] = {
    {"what worked is complete", {.cause = CAUSE_NONE}, DO_COMPLETE},
    {"a reset", {.cause = CAUSE_RESET}, DO_REQUEUE},
    {"a stall", {.cause = CAUSE_STALLED}, DO_REQUEUE},
    {"no name", {.cause = CAUSE_DNS}, DO_REQUEUE},
    {"no connection", {.cause = CAUSE_CONNECT}, DO_REQUEUE},
    {"no proxy", {.cause = CAUSE_PROXY}, DO_REQUEUE},
    {"an expired URL", {.cause = CAUSE_STATUS, .status = 403}, DO_REQUEUE},
    {"416", {.cause = CAUSE_STATUS, .status = 416}, DO_REQUEUE},
    {"404", {.cause = CAUSE_STATUS, .status = 404}, DO_REQUEUE},
    {"503", {.cause = CAUSE_STATUS, .status = 503}, DO_REQUEUE},
    {"a rate limit", {.cause = CAUSE_RATE_LIMIT, .retry_after_s = 50}, DO_REQUEUE},
    {"no ranges", {.cause = CAUSE_RANGE, .status = 200}, DO_REQUEUE},
    {"a wrong range", {.cause = CAUSE_RANGE, .status = 206}, DO_REQUEUE},
    {"another version", {.cause = CAUSE_CHANGED}, DO_REQUEUE},
    {"a redirect", {.cause = CAUSE_REDIRECT, .status = 302}, DO_REQUEUE},
    {"a full disk is final", {.cause = CAUSE_DISK}, DO_FAIL},
    {"a certificate is final", {.cause = CAUSE_TLS}, DO_FAIL},
    {"a proxy's 407 is final", {.cause = CAUSE_PROXY_AUTH}, DO_FAIL},
    {"not HTTP is final", {.cause = CAUSE_PROTOCOL}, DO_FAIL},
    {"an encoded body is final", {.cause = CAUSE_ENCODED}, DO_FAIL},
    {"beyond a cap is final", {.cause = CAUSE_TOO_LARGE}, DO_FAIL},
};

Test(retry, what_was_decided_already_counts_once)
{
    for (size_t i = 0; i < ARRAY_LEN(SEEN_TOGETHER); i++) {
        struct retry_state s = {0};
        for (int n = 0; n < 100; n++) {
            struct retry_facts f = {.can_refresh = true, .decided = true};
            struct verdict v = decide(&s, SEEN_TOGETHER[i].outcome, f);
            cr_expect_eq(v.action, SEEN_TOGETHER[i].action, "%s", SEEN_TOGETHER[i].name);
            cr_expect_eq(v.wait_ns, 0, "%s", SEEN_TOGETHER[i].name);
        }
        cr_expect(!s.failures && !s.refreshes && !s.redirects && !s.restarts && !s.waited_ns &&
                      !s.wholes,
                  "%s", SEEN_TOGETHER[i].name);
    }
}

Test(retry, bytes_of_what_was_decided_already_make_it_patient_too)
{
    struct retry_state s = {.failures = 3, .refreshes = 4, .redirects = 10};
    struct outcome o = {.cause = CAUSE_RESET, .body_bytes = 1};
    cr_expect_eq(decide(&s, o, (struct retry_facts){.decided = true}).action, DO_REQUEUE);
    cr_expect(s.failures == 0 && s.refreshes == 0 && s.redirects == 0);
}

Test(retry, a_new_byte_makes_it_patient_again)
{
    struct retry_state s = {0};
    for (int i = 0; i < 100; i++) {
        struct outcome o = {.cause = CAUSE_RESET, .body_bytes = 1};
        cr_assert_eq(decide(&s, o, (struct retry_facts){0}).action, DO_RETRY);
    }
    for (unsigned i = 1; i < POLICY.attempts; i++)
        cr_expect_eq(
            decide(&s, (struct outcome){.cause = CAUSE_RESET}, (struct retry_facts){0}).action,
            DO_RETRY);
    struct outcome o = {.cause = CAUSE_RESET};
    cr_expect_eq(decide(&s, o, (struct retry_facts){0}).action, DO_FAIL);
}

Test(retry, a_call_has_no_bytes_to_be_patient_for)
{
    struct retry_state s = {0};
    struct outcome o = {.cause = CAUSE_STATUS, .status = 503, .body_bytes = 100};
    for (unsigned i = 0; i < POLICY.attempts; i++)
        cr_expect_eq(decide(&s, o, (struct retry_facts){.is_call = true}).action, DO_RETRY);
    cr_expect_eq(decide(&s, o, (struct retry_facts){.is_call = true}).action, DO_FAIL);
}

Test(retry, waits_longer_each_time_and_never_beyond_the_cap)
{
    struct retry_policy patient = {.attempts = 40, .max_wait_s = 60};
    uint64_t ceiling_ms = 250;
    struct retry_state s = {0};
    struct rng rng = {.state = 3};
    struct outcome o = {.cause = CAUSE_RESET};
    struct retry_facts f = {0};
    for (int i = 0; i < 40; i++) {
        struct verdict v = retry_decide(&s, &patient, &f, &o, &rng);
        cr_expect_lt(v.wait_ns, ceiling_ms * MILLI_NS, "attempt %d", i);
        ceiling_ms = ceiling_ms < 15000 ? 2 * ceiling_ms : 30000;
    }
}

static const struct {
    const char *name;
    struct outcome outcome;
    uint64_t at_least_s;
} WAITS[] = {
    {"Retry-After", {.cause = CAUSE_RATE_LIMIT, .retry_after_s = 7}, 7},
    {"an empty bucket",
     {.cause = CAUSE_RATE_LIMIT, .rate = {.known = true, .remaining = 0, .reset_s = 9}},
     10},
    {"Retry-After wins over the bucket",
     {.cause = CAUSE_RATE_LIMIT,
      .retry_after_s = 3,
      .rate = {.known = true, .remaining = 0, .reset_s = 50}},
     3},
    {"no word", {.cause = CAUSE_RATE_LIMIT}, 5},
};

Test(retry, waits_as_told_for_a_rate_limit)
{
    for (size_t i = 0; i < ARRAY_LEN(WAITS); i++) {
        struct retry_state s = {0};
        struct verdict v = decide(&s, WAITS[i].outcome, (struct retry_facts){0});
        cr_expect_eq(v.action, DO_RETRY, "%s", WAITS[i].name);
        cr_expect_geq(v.wait_ns, WAITS[i].at_least_s * SECOND_NS, "%s", WAITS[i].name);
        cr_expect_lt(v.wait_ns, (WAITS[i].at_least_s + 1) * SECOND_NS, "%s", WAITS[i].name);
    }
}

Test(retry, does_not_wait_beyond_max_wait)
{
    struct retry_state s = {0};
    struct outcome o = {.cause = CAUSE_RATE_LIMIT, .retry_after_s = 61};
    struct verdict v = decide(&s, o, (struct retry_facts){0});
    cr_expect(v.action == DO_FAIL && v.err == ERR_RATE_LIMITED);
    cr_expect_eq(v.wait_ns, 61 * SECOND_NS, "what was too long");

    s = (struct retry_state){0};
    o.retry_after_s = 29;
    cr_expect_eq(decide(&s, o, (struct retry_facts){0}).action, DO_RETRY);
    cr_expect_eq(decide(&s, o, (struct retry_facts){0}).action, DO_RETRY);
    v = decide(&s, o, (struct retry_facts){0});
    cr_expect(v.action == DO_FAIL && v.err == ERR_RATE_LIMITED, "29 + 29 + 29 > 60");

    s = (struct retry_state){0};
    o.retry_after_s = UINT64_MAX;
    cr_expect_eq(decide(&s, o, (struct retry_facts){0}).action, DO_FAIL);
}

/* ---- the budget of a run ---- */

enum { STORM_FILES = 500, STORM_AT_ONCE = 8, STORM_MOST = 100000 };

/* Files that are asked for over one line on a virtual clock, so many at once; each answer fails
 * with a chance of `failing` in a thousand. */
struct storm {
    unsigned failing;
    struct retry_policy policy;
    struct retry_budget budget;
    struct rng rng;
    struct storm_file {
        struct retry_state state;
        uint64_t next_ns; // when it is asked for
        bool ended;
    } files[STORM_FILES];
    unsigned requests, failed, spent;
};

static void answer(struct storm *s, struct storm_file *f)
{
    s->requests++;
    bool fails = rng_below(&s->rng, 1000) < s->failing;
    struct outcome o = {.cause = CAUSE_STATUS, .status = 503};
    if (!fails) o = (struct outcome){.cause = CAUSE_NONE, .status = 206, .body_bytes = 1000};
    struct verdict v = retry_decide(&f->state, &s->policy, &(struct retry_facts){0}, &o, &s->rng);
    cr_assert(!v.spent || s->budget.left == 0);
    f->ended = v.action != DO_RETRY;
    f->next_ns += v.wait_ns + MILLI_NS;
    s->failed += v.action == DO_FAIL;
    s->spent += v.spent;
}

static void rage(struct storm *s)
{
    while (s->requests < STORM_MOST) {
        struct storm_file *next = NULL;
        uint64_t now_ns = 0;
        unsigned open = 0;
        for (size_t i = 0; i < STORM_FILES && open < STORM_AT_ONCE; i++) {
            struct storm_file *f = &s->files[i];
            if (f->ended) continue;
            open++;
            if (!next || f->next_ns < next->next_ns) next = f;
        }
        if (!next) return;
        now_ns = next->next_ns;
        answer(s, next);
        for (size_t i = 0; next->ended && i < STORM_FILES; i++) {
            if (!s->files[i].ended && s->files[i].next_ns < now_ns) s->files[i].next_ns = now_ns;
        }
    }
}

static void storm(struct storm *s, unsigned failing, unsigned attempts)
{
    *s = (struct storm){.failing = failing, .rng = {.state = failing + 1}};
    retry_budget_init(&s->budget, STORM_AT_ONCE, STORM_AT_ONCE, 8);
    s->policy = (struct retry_policy){.attempts = attempts, .max_wait_s = 60, .budget = &s->budget};
    rage(s);
}

Test(retry, where_everything_fails_hardly_anything_is_tried_twice)
{
    static struct storm s;
    storm(&s, 1000, 8);
    cr_expect_eq(s.failed, STORM_FILES);
    cr_expect_leq(s.requests, STORM_FILES + s.budget.capacity, "%u requests", s.requests);
    cr_expect_gt(s.spent, STORM_FILES / 2);
}

/* Three of four requests fail, for ever; each file would survive that alone. */
Test(retry, where_bytes_come_the_budget_is_never_spent)
{
    static struct storm s;
    storm(&s, 750, 100);
    cr_expect_eq(s.failed, 0, "%u failed, %u for the budget", s.failed, s.spent);
    cr_expect_gt(s.requests, 3 * STORM_FILES);
}

Test(retry, what_fails_for_good_is_made_up_for)
{
    static struct storm s;
    storm(&s, 500, 3);
    cr_expect_gt(s.failed * 3, s.budget.capacity, "many do");
    cr_expect_eq(s.spent, 0);
}

Test(retry, a_budget_is_enough_for_all_that_is_tried_at_once)
{
    static const struct {
        unsigned connections, files, attempts, capacity;
    } cases[] = {{1, 1, 1, 20}, {64, 8, 8, 128}, {4, 8, 8, 64}, {1, UINT32_MAX, 8, UINT32_MAX}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct retry_budget b;
        retry_budget_init(&b, cases[i].connections, cases[i].files, cases[i].attempts);
        cr_expect_eq(b.capacity, cases[i].capacity, "%u", b.capacity);
        cr_expect_eq(b.left, b.capacity);
    }
}

/* A call gives back what itself took, and no more: knowing where a file is brings no byte. */
Test(retry, an_answered_call_gives_back_what_it_took)
{
    struct retry_budget b;
    retry_budget_init(&b, 1, 1, 1);
    struct retry_policy p = {.attempts = 3, .max_wait_s = 60, .budget = &b};
    struct retry_facts call = {.is_call = true};
    struct rng rng = {.state = 1};
    struct retry_state lost = {0}, s = {0};
    struct outcome reset = {.cause = CAUSE_RESET};
    struct outcome answered = {.cause = CAUSE_NONE, .status = 200, .body_bytes = 100};
    retry_decide(&lost, &p, &call, &reset, &rng);
    retry_decide(&s, &p, &call, &reset, &rng);
    cr_expect_eq(b.left, b.capacity - 2);
    retry_decide(&s, &p, &call, &answered, &rng);
    cr_expect_eq(b.left, b.capacity - 1);
}
