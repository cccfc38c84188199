/* The glob of str.h. One remembered star is enough: what an earlier star could still give back, the
 * last one can take as well, so a mismatch only ever moves the last star on by one character. That
 * bounds the work by the product of both lengths, whatever the pattern. */
#include <string.h>

#include "download/base/str.h"

struct glob {
    const char *end;        // of the pattern
    const char *last_close; // its last `]`, NULL when there is none: then no `[` opens a set
};

/* Code point at `s`; a byte that is no UTF-8 counts as one character beyond Unicode. */
static uint32_t next_char(const char **s, const char *end)
{
    enum { NOT_UNICODE = 0x110000 };
    uint32_t c = 0;
    size_t n = str_utf8_next(*s, (size_t)(end - *s), &c);
    if (n == 0) {
        c = NOT_UNICODE + (unsigned char)**s;
        n = 1;
    }
    *s += n;
    return c;
}

/* The `]` that closes the set whose `[` is before `p`, or NULL. A `]` in first place is a member.
 */
static const char *set_close(const struct glob *g, const char *p)
{
    if (p < g->end && *p == '!') p++;
    if (p < g->end && *p == ']') p++;
    if (!g->last_close || g->last_close < p) return NULL;
    return memchr(p, ']', (size_t)(g->end - p));
}

static bool set_has(const char *p, const char *close, uint32_t c)
{
    bool negated = *p == '!';
    if (negated) p++;
    bool found = false;
    while (p < close) {
        uint32_t low = next_char(&p, close);
        uint32_t high = low;
        if (close - p >= 2 && *p == '-') {
            p++;
            high = next_char(&p, close);
        }
        found |= low <= c && c <= high;
    }
    return found != negated;
}

/* Does the pattern's next item take `c`? Moves `*p` behind the item when it does. */
static bool take_one(const struct glob *g, const char **p, uint32_t c)
{
    const char *q = *p;
    if (q == g->end) return false;
    uint32_t item = next_char(&q, g->end);
    const char *close = item == '[' ? set_close(g, q) : NULL;
    bool taken = item == '?' || item == c;
    if (close) {
        taken = set_has(q, close, c);
        q = close + 1;
    }
    if (taken) *p = q;
    return taken;
}

bool str_glob(const char *pattern, const char *path)
{
    size_t len = strlen(pattern);
    const struct glob g = {.end = pattern + len, .last_close = strrchr(pattern, ']')};
    const char *path_end = path + strlen(path);
    bool below = len > 0 && pattern[len - 1] == '/';

    const char *after_star = NULL; // pattern behind the last star
    const char *star_at = NULL;    // where in the path that star ends for now
    for (const char *p = pattern;;) {
        if (p == g.end && (below || path == path_end)) return true;
        if (p < g.end && *p == '*') {
            after_star = ++p;
            star_at = path;
            continue;
        }
        if (path == path_end) return false;
        const char *rest = path;
        uint32_t c = next_char(&rest, path_end);
        if (take_one(&g, &p, c)) {
            path = rest;
            continue;
        }
        if (!after_star) return false;
        next_char(&star_at, path_end);
        path = star_at;
        p = after_star;
    }
}
