#include "download/async/resource.h"

#include <stdio.h>
#include <string.h>

#include "download/base/str.h"

const char *resource_state_word(enum resource_state s)
{
    static const char *const WORDS[] = {
        [RESOURCE_INITIALISING] = "initialising",
        [RESOURCE_READY] = "ready",
        [RESOURCE_DEGRADED] = "degraded",
        [RESOURCE_CLOSING] = "closing",
        [RESOURCE_CLOSED] = "closed",
    };
    return WORDS[s];
}

void resource_init(struct resource *r, const char *name, uint64_t now_ns)
{
    *r = (struct resource){.name = name, .since_ns = now_ns};
}

static bool is_way(enum resource_state from, enum resource_state to)
{
    static const unsigned WAYS[] = {
        [RESOURCE_INITIALISING] =
            1U << RESOURCE_READY | 1U << RESOURCE_DEGRADED | 1U << RESOURCE_CLOSING,
        [RESOURCE_READY] = 1U << RESOURCE_DEGRADED | 1U << RESOURCE_CLOSING,
        [RESOURCE_DEGRADED] =
            1U << RESOURCE_READY | 1U << RESOURCE_DEGRADED | 1U << RESOURCE_CLOSING,
        [RESOURCE_CLOSING] = 1U << RESOURCE_CLOSED,
        [RESOURCE_CLOSED] = 0,
    };
    return WAYS[from] >> to & 1U;
}

bool resource_move(struct resource *r, enum resource_state to, const char *reason, uint64_t now_ns)
{
    char text[RESOURCE_REASON_MAX];
    snprintf(text, sizeof(text), "%s", reason ? reason : "");
    bool same = r->state == to;
    if (!is_way(r->state, to) || (same && str_eq(r->reason, text))) return false;
    if (!same) r->since_ns = now_ns;
    r->state = to;
    r->changes++;
    memcpy(r->reason, text, sizeof(text));
    return true;
}

bool resource_usable(const struct resource *r)
{
    return r->state == RESOURCE_READY || r->state == RESOURCE_DEGRADED;
}
