#include <string.h>

#include <criterion/criterion.h>

#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

enum { MANY = 5000 };

/* The Hub's quota of 3,000, with a window a hundredth as long. */
Test(limits, thousands_of_small_files_pass_under_the_buckets_of_the_hub)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    hub_add_many(h, "org/name", MANY, 100);
    hub_limit(h, HUB_BUCKET_RESOLVERS, 3000, 3000);
    hub_limit(h, HUB_BUCKET_API, 3, 1000);
    SCOPED(run_done)
    struct run r = run(dir,
                       WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out",
                             "--json", "--no-sync"),
                       NO_ENV);
    cr_expect_eq(r.status, 0, "%s", r.err);
    cr_expect_eq(tmpdir_count(dir, "out/data"), MANY);
    const struct hub_log_filter refused = {.status = 429};
    cr_expect_eq(hub_log_count(hub_log(h), &refused), 0, "waiting was told beforehand");
    cr_expect(strstr(r.out, "\"type\":\"wait\""), "people are told");
}

Test(limits, a_wait_that_is_too_long_ends_with_when_to_come_again)
{
    static const struct {
        const char *name;
        enum hub_bucket bucket;
        unsigned quota;
        const char *only; // so many files are asked for
    } cases[] = {
        {"pages of the listing", HUB_BUCKET_API, 2, "data/*"},
        {"many files at once", HUB_BUCKET_RESOLVERS, 10, "data/*"},
        {"where the only file is", HUB_BUCKET_RESOLVERS, 0, "*/file-000003.bin"},
        {"the bytes of the only file", HUB_BUCKET_RESOLVERS, 1, "*/file-000003.bin"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){.page_size = 10});
        hub_add_many(h, "org/name", 50, 100);
        unsigned quota = cases[i].quota;
        hub_limit(h, cases[i].bucket, quota ? quota : 1, 1000 * 1000);
        struct hub_fault spend =
            HUB_FAULT_NONE; // a failure that took a request, and is tried again
        spend.route = HUB_RESOLVE;
        spend.status = 503;
        spend.last = spend.first = 1;
        if (!quota) hub_add_fault(h, &spend);
        SCOPED(run_done)
        struct run r = run(dir,
                           WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir",
                                 "out", "--json", "--max-wait", "5", "--include", cases[i].only),
                           NO_ENV);
        cr_expect_eq(r.status, 7, "%s: %s", cases[i].name, r.err);
        cr_expect(strstr(r.out, "\"code\":\"rate-limited\""), "%s", cases[i].name);
        cr_expect(strstr(r.out, "\"retry_after_s\":100"), "%s: %s", cases[i].name, r.out);
        cr_expect(strstr(r.err, "try again"), "%s: %s", cases[i].name, r.err);
        cr_expect_leq(hub_log_count(hub_log(h), &(struct hub_log_filter){.status = 429}), 16,
                      "%s: calls that were under way already", cases[i].name);
    }
}
