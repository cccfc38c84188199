/* Rate limits as the Hub has them: fixed windows, one bucket for the API and one for resolve, shown
 * in RateLimit and RateLimit-Policy (hub.md §1.6). */
#include <string.h>

#include "download/base/clock.h"
#include "tests/support/hub_state.h"

static const char *const bucket_names[HUB_BUCKETS] = {"api", "resolvers"};

static struct hub_bucket_state *bucket_of(struct hub *h, enum hub_route route,
                                          const char **ret_name)
{
    enum hub_bucket b = HUB_BUCKETS;
    if (route == HUB_INFO || route == HUB_TREE || route == HUB_PATHS) b = HUB_BUCKET_API;
    if (route == HUB_RESOLVE || route == HUB_SMALL) b = HUB_BUCKET_RESOLVERS;
    if (b == HUB_BUCKETS || h->buckets[b].quota == 0) return NULL;
    *ret_name = bucket_names[b];
    return &h->buckets[b];
}

bool hub_limit_pass(struct hub *h, enum hub_route route, uint64_t now_ns, struct hub_reply *r)
{
    const char *name = NULL;
    struct hub_bucket_state *b = bucket_of(h, route, &name);
    if (!b) return true;
    if (b->began_ns == 0 || now_ns - b->began_ns >= b->window_ns) {
        b->began_ns = now_ns;
        b->used = 0;
    }
    bool pass = b->used < b->quota;
    if (pass) b->used++;

    uint64_t left_ns = b->began_ns + b->window_ns - now_ns;
    unsigned long long wait_s = (left_ns + SECOND_NS - 1) / SECOND_NS;
    unsigned long long window_s = (b->window_ns + SECOND_NS - 1) / SECOND_NS;
    hub_reply_set(r, "RateLimit", "\"%s\";r=%u;t=%llu", name, b->quota - b->used, wait_s);
    hub_reply_set(r, "RateLimit-Policy", "\"fixed window\";\"%s\";q=%u;w=%llu", name, b->quota,
                  window_s);
    if (pass) return true;
    hub_reply_error(r, 429, NULL, "Too many requests: you have reached your '%s' rate limit.",
                    name);
    return false;
}
