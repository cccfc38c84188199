/* url_resolve of url.h: join as RFC 3986 §5.2.2 says, let url_parse judge the result, then take out
 * the dot segments of its path (§5.2.4). */
#include <assert.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/request.h"
#include "download/source/url.h"

/* ---- join ---- */

/* Does it begin with "scheme:"? */
static bool has_scheme(const char *ref)
{
    size_t n = strcspn(ref, ":/?#");
    return n > 0 && ref[n] == ':';
}

/* Bytes beyond ASCII are encoded, as browsers and curl do with a Location. */
static void add_ascii(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] < 0x80) {
            buf_addc(b, s[i]);
        } else {
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)s[i]);
        }
    }
}

/* What of `base` stands before `ref`: nothing, its scheme, its origin, its directory, its path, or
 * all of it. */
static size_t kept_of(const char *base, const struct url *u, const char *ref)
{
    size_t origin = (size_t)(u->path - base);
    size_t path_len = strcspn(u->path, "?");
    if (has_scheme(ref)) return 0;
    if (str_starts(ref, "//")) return (size_t)(strchr(base, ':') + 1 - base);
    if (ref[0] == '/') return origin;
    if (ref[0] == '?') return origin + path_len;
    if (!ref[0] || ref[0] == '#') return strlen(base);
    const char *slash = memrchr(u->path, '/', path_len);
    return slash ? (size_t)(slash + 1 - base) : origin;
}

static void join(struct buf *b, const char *base, const struct url *u, const char *ref)
{
    size_t kept = kept_of(base, u, ref);
    size_t len = strcspn(ref, "#");
    if (len > URL_MAX_BYTES) len = URL_MAX_BYTES + 1; // url_parse will say that it is too long
    buf_add(b, base, kept);
    bool relative = len > 0 && !strchr("/?", ref[0]) && !has_scheme(ref);
    if (relative && kept == (size_t)(u->path - base)) buf_addc(b, '/'); // the base has no path
    add_ascii(b, ref, len);
}

/* ---- dot segments ---- */

/* 1 for ".", 2 for "..", else 0; %2e counts as a dot, as it does for servers that decode first. */
static int dots(const char *segment, size_t len)
{
    int n = 0;
    const char *end = segment + len;
    for (const char *p = segment; p < end; n++) {
        bool encoded = end - p >= 3 && p[0] == '%' && p[1] == '2' && (p[2] == 'e' || p[2] == 'E');
        if (n == 2 || (*p != '.' && !encoded)) return 0;
        p += encoded ? 3 : 1;
    }
    return n;
}

/* Removes the last segment, whose '/' ends the text; what is before `floor` stays. */
static void drop_segment(struct buf *b, size_t floor)
{
    if (b->len > floor) b->len--;
    while (b->len > floor && b->data[b->len - 1] != '/')
        b->len--;
    b->data[b->len] = '\0';
}

/* Adds the path of `len` bytes without dot segments; the result begins with '/'. */
static void add_path(struct buf *b, const char *path, size_t len)
{
    const char *end = path + len;
    buf_addc(b, '/');
    size_t floor = b->len;
    if (path < end && *path == '/') path++;
    while (path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t segment = (size_t)((slash ? slash : end) - path);
        int n = dots(path, segment);
        if (n == 2) drop_segment(b, floor);
        if (n == 0) buf_add(b, path, segment + (slash ? 1 : 0));
        path = slash ? slash + 1 : end;
    }
}

enum err url_resolve(const char *base, const char *ref, char **ret, struct why *why)
{
    struct url u = {0};
    enum err e = url_parse(base, &u, why);
    if (e) return e;
    assert(u.path);

    struct buf b;
    buf_init(&b, URL_ROOM);
    join(&b, base, &u, ref);
    SCOPED(mem_freep) char *joined = buf_take(&b);
    e = url_parse(joined, &u, why);
    if (e) return e;
    size_t path_len = strcspn(u.path, "?");
    buf_add(&b, joined, (size_t)(u.path - joined));
    add_path(&b, u.path, path_len);
    buf_adds(&b, u.path + path_len);
    *ret = buf_take(&b);
    return OK;
}
