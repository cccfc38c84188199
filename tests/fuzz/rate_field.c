/* Lines are RateLimit, RateLimit-Policy, its older triple, Retry-After and Date: whatever they say,
 * nobody waits longer than the cap and the bucket's name can be shown. */
#include "download/base/http_field.h"
#include "download/base/scoped.h"
#include "tests/fuzz/harmless.h"

enum { LINES = 7 };

static void check_rate(const struct rate_limit *r)
{
    MUST(r->known);
    MUST(memchr(r->policy, '\0', sizeof(r->policy)));
    must_be_harmless(r->policy);
    MUST(r->reset_s <= RETRY_AFTER_MAX_S && r->window_s <= RETRY_AFTER_MAX_S);
    MUST(r->remaining <= INT64_MAX && r->quota <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *text = text_of(data, size);
    char *lines[LINES] = {NULL};
    char *rest = text;
    for (size_t i = 0; i < LINES && rest; i++)
        lines[i] = strsep(&rest, "\n");

    struct rate_limit r = {0};
    if (rate_limit_parse(lines[0], lines[1], &r)) check_rate(&r);
    if (rate_limit_parse_triple(lines[2], lines[3], lines[4], &r)) check_rate(&r);
    uint64_t s = UINT64_MAX;
    bool waits = retry_after_parse(lines[5], lines[6], 784111777, &s);
    MUST(waits ? s <= RETRY_AFTER_MAX_S : s == UINT64_MAX);
    return 0;
}
