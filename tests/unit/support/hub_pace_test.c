#include <criterion/criterion.h>

#include "tests/support/hub_pace.h"

enum { FULL = 20 * 1000 * 1000, CRAWL = 64 * 1000, BLOCK = 1 << 20 };

/* Bytes one body sends at `rate` in the span of a virtual clock that starts at `*now_ns`. */
static uint64_t sent_during(struct hub_pace *p, uint64_t rate, uint64_t span_ns, uint64_t *now_ns)
{
    uint64_t end_ns = *now_ns + span_ns;
    uint64_t sent = 0;
    for (;;) {
        uint64_t at_ns = *now_ns + hub_pace_wait_ns(p, *now_ns);
        if (at_ns >= end_ns) break;
        *now_ns = at_ns;
        sent += hub_pace_send(p, rate, BLOCK, at_ns);
    }
    *now_ns = end_ns;
    return sent;
}

Test(hub_pace, a_body_has_its_rate)
{
    static const uint64_t rates[] = {1, 49, 50, 1000, CRAWL, FULL};
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        struct hub_pace p = {0};
        uint64_t now_ns = SECOND_NS;
        uint64_t sent = sent_during(&p, rates[i], 10 * SECOND_NS, &now_ns);
        cr_expect_eq(sent, 10 * rates[i], "%ju at %ju", (uintmax_t)sent, (uintmax_t)rates[i]);
    }
}

Test(hub_pace, no_rate_no_wait)
{
    struct hub_pace p = {0};
    cr_expect_eq(hub_pace_send(&p, 0, BLOCK, SECOND_NS), BLOCK);
    cr_expect_eq(hub_pace_wait_ns(&p, SECOND_NS), 0);
}

Test(hub_pace, what_went_fast_is_not_paid_for_slowly)
{
    struct hub_pace p = {0};
    uint64_t now_ns = SECOND_NS;
    sent_during(&p, FULL, SECOND_NS, &now_ns);
    uint64_t sent = sent_during(&p, CRAWL, SECOND_NS, &now_ns);
    cr_expect_geq(sent, CRAWL * 95 / 100);
    cr_expect_leq(sent, CRAWL * 105 / 100);
}

Test(hub_pace, a_crawl_ends_with_its_cause)
{
    struct hub_pace p = {0};
    uint64_t now_ns = SECOND_NS;
    sent_during(&p, FULL, SECOND_NS, &now_ns);
    sent_during(&p, CRAWL, SECOND_NS + 7, &now_ns);
    sent_during(&p, FULL, 100 * MILLI_NS, &now_ns);
    uint64_t sent = sent_during(&p, FULL, SECOND_NS, &now_ns);
    cr_expect_geq(sent, FULL * 98 / 100);
}

Test(hub_pace, a_late_sender_catches_up_with_one_slice_only)
{
    struct hub_pace p = {0};
    uint64_t now_ns = SECOND_NS;
    sent_during(&p, FULL, SECOND_NS, &now_ns);
    now_ns += 5 * SECOND_NS;
    uint64_t sent = sent_during(&p, FULL, SECOND_NS, &now_ns);
    cr_expect_leq(sent, FULL + 2 * FULL / 50);
}
