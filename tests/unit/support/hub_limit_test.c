#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
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
    SCOPED(fetch_done) struct fetch f = fetch_at(hub_endpoint(h), info, NULL);
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
        SCOPED(fetch_done) struct fetch f = fetch_at(hub_endpoint(h), steps[i].path, NULL);
        SCOPED(mem_freep) char *left = fetch_header(&f, "RateLimit");
        cr_expect_eq(f.status, steps[i].status, "step %zu", i);
        cr_assert_not_null(left);
        cr_expect_eq(strncmp(left, steps[i].left, strlen(steps[i].left)), 0, "step %zu: %s", i,
                     left);
    }
    SCOPED(fetch_done) struct fetch f = fetch_at(hub_endpoint(h), info, NULL);
    cr_expect(fetch_header_is(&f, "RateLimit-Policy", "\"fixed window\";\"api\";q=2;w=3600"));
}

Test(hub_limit, a_new_window_refills)
{
    SCOPED(hub_freep) struct hub *h = start();
    hub_limit(h, HUB_BUCKET_API, 1, 50);
    const struct hub_log_filter answered = {.route = HUB_INFO, .status = 200};
    const struct hub_log_filter refused = {.route = HUB_INFO, .status = 429};
    for (int i = 0; i < 20000 && hub_log_count(hub_log(h), &answered) < 3; i++) {
        (void)fetch_status(hub_endpoint(h), info);
    }
    cr_expect_eq(hub_log_count(hub_log(h), &answered), 3);
    cr_expect_geq(hub_log_count(hub_log(h), &refused), 1);
}
