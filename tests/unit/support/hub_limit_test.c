#include <string.h>

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/support/hub_state.h"
#include "tests/unit/support/fetch.h"

static struct hub *start(void)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, &why), OK, "%s", why.text);
    hub_add_file(h, "org/name", "a.txt", "a", 1, false);
    return h;
}

enum { HOUR_MS = 3600 * 1000 };

static const char info[] = "/api/models/org/name";
static const char resolve[] = "/org/name/resolve/main/a.txt";

Test(hub_limit, without_buckets_no_headers_are_sent)
{
    SCOPED(hub_freep) struct hub *h = start();
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), info, NULL);
    cr_expect_null(strstr(buf_str(&f.head), "RateLimit"));
}

Test(hub_limit, a_bucket_counts_down_and_refuses_while_the_other_goes_on)
{
    SCOPED(hub_freep) struct hub *h = start();
    hub_limit(h, HUB_BUCKET_API, 2, HOUR_MS);
    hub_limit(h, HUB_BUCKET_RESOLVERS, 9, HOUR_MS);
    static const struct {
        const char *path;
        long status;
        const char *left;
    } steps[] = {
        {info, 200, "\"api\";r=1;t="},        {info, 200, "\"api\";r=0;t="},
        {info, 429, "\"api\";r=0;t="},        {info, 429, "\"api\";r=0;t="},
        {resolve, 307, "\"resolvers\";r=8;"}, {resolve, 307, "\"resolvers\";r=7;"},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), steps[i].path, NULL);
        SCOPED(mem_freep) char *left = fetch_header(&f, "RateLimit");
        cr_expect_eq(f.status, steps[i].status, "step %zu", i);
        cr_assert_not_null(left);
        cr_expect_eq(strncmp(left, steps[i].left, strlen(steps[i].left)), 0, "step %zu: %s", i,
                     left);
    }
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), info, NULL);
    cr_expect(fetch_header_is(&f, "RateLimit-Policy", "\"fixed window\";\"api\";q=2;w=3600"));
}

Test(hub_limit, a_new_window_refills)
{
    static const struct {
        uint64_t at_ms;
        bool pass;
        const char *header;
    } steps[] = {
        {1000, true, "\"api\";r=0;t=2"},  {1001, false, "\"api\";r=0;t=2"},
        {2000, false, "\"api\";r=0;t=1"}, {2499, false, "\"api\";r=0;t=1"},
        {2500, true, "\"api\";r=0;t=2"},  {2501, false, "\"api\";r=0;t=2"},
    };
    struct hub h = {0}; // the table of buckets is all that counts here
    h.buckets[HUB_BUCKET_API] = (struct hub_bucket_state){.quota = 1, .window_ns = 1500 * MILLI_NS};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct hub_reply r;
        hub_reply_init(&r);
        bool pass = hub_limit_pass(&h, HUB_TREE, steps[i].at_ms * MILLI_NS, &r);
        cr_expect_eq(pass, steps[i].pass, "step %zu", i);
        cr_expect_eq(r.status, pass ? 200 : 429, "step %zu", i);
        cr_expect_str_eq(hub_reply_get(&r, "RateLimit"), steps[i].header, "step %zu", i);
        hub_reply_done(&r);
    }
}
