/* The RateLimit fields of http_field.h (draft-ietf-httpapi-ratelimit-headers). A value is a list of
 * buckets; a bucket is a name and parameters apart by `;`. The Hub writes two names in its policy,
 * the kind of window and then the bucket (hub.md calls it its form), so the last name counts. */
#include <string.h>

#include "download/base/http_field.h"
#include "download/base/str.h"

struct bucket {
    char name[RATE_POLICY_MAX];
    bool has_r;
    uint64_t r, t, q, w; // 0 = not told
};

static const char *skip_spaces(const char *p)
{
    return p + strspn(p, " \t");
}

/* End of the item at `p`: the next `;` or `,` outside quotes, or the end of the text. */
static const char *item_end(const char *p)
{
    bool quoted = false;
    for (; *p; p++) {
        if (*p == '"') quoted = !quoted;
        if (quoted && *p == '\\' && p[1]) p++;
        if (!quoted && (*p == ';' || *p == ',')) break;
    }
    return p;
}

static void set_name(struct bucket *b, const char *p, size_t len)
{
    if (len >= 2 && *p == '"' && p[len - 1] == '"') {
        p++;
        len -= 2;
    }
    if (len >= sizeof(b->name)) len = sizeof(b->name) - 1;
    for (size_t i = 0; i < len; i++) // shown in events: printable ASCII only
        b->name[i] = p[i] > 0x20 && p[i] < 0x7F ? p[i] : '_';
    b->name[len] = '\0';
}

static void set_param(struct bucket *b, char key, const char *value, size_t len)
{
    uint64_t n = 0;
    if (!str_u64_n(value, len, INT64_MAX, &n)) return;
    switch (key) {
    case 'r':
        b->has_r = true;
        b->r = n;
        break;
    case 't': b->t = n; break;
    case 'q': b->q = n; break;
    case 'w': b->w = n; break;
    default: break; // parameters may be added
    }
}

/* The bucket at `*p`; moves to the next one. False at the end of the list. */
static bool next_bucket(const char **p, struct bucket *ret)
{
    const char *s = skip_spaces(*p);
    if (!*s) return false;
    *ret = (struct bucket){0};
    for (;;) {
        s = skip_spaces(s);
        const char *end = item_end(s);
        size_t len = (size_t)(end - s);
        while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
            len--;
        if (len > 2 && s[1] == '=') {
            set_param(ret, s[0], s + 2, len - 2);
        } else if (len > 0 && !memchr(s, '=', len)) {
            set_name(ret, s, len);
        }
        s = end;
        if (*s != ';') break;
        s++;
    }
    *p = *s == ',' ? s + 1 : s;
    return true;
}

/* Quota and window of the bucket of that name, or of the only one. */
static void read_policy(const char *policy, struct rate_limit *ret)
{
    struct bucket b;
    const char *p = policy;
    while (next_bucket(&p, &b)) {
        if (!str_eq(b.name, ret->policy) && ret->policy[0]) continue;
        ret->quota = b.q;
        ret->window_s = b.w;
        return;
    }
}

static void clamp(struct rate_limit *r)
{
    if (r->reset_s > RETRY_AFTER_MAX_S) r->reset_s = RETRY_AFTER_MAX_S;
    if (r->window_s > RETRY_AFTER_MAX_S) r->window_s = RETRY_AFTER_MAX_S;
}

bool rate_limit_parse(const char *limit, const char *policy, struct rate_limit *ret)
{
    struct bucket b;
    const char *p = limit;
    if (!p || !next_bucket(&p, &b) || !b.has_r) return false;
    struct rate_limit r = {.known = true, .remaining = b.r, .reset_s = b.t};
    memcpy(r.policy, b.name, sizeof(b.name));
    if (policy) read_policy(policy, &r);
    clamp(&r);
    *ret = r;
    return true;
}

/* Draft 06 and earlier; the limit may carry its window, `100;w=60`, or repeat itself in a list. */
bool rate_limit_parse_triple(const char *limit, const char *remaining, const char *reset,
                             struct rate_limit *ret)
{
    struct rate_limit r = {.known = true};
    if (!str_u64(remaining, INT64_MAX, &r.remaining)) return false;
    if (!str_u64(reset, INT64_MAX, &r.reset_s)) return false;
    struct bucket b = {0};
    const char *p = limit;
    if (p && next_bucket(&p, &b) && str_u64(b.name, INT64_MAX, &r.quota)) r.window_s = b.w;
    clamp(&r);
    *ret = r;
    return true;
}
