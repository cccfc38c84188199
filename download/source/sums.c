/* sums.c - a SHA256SUMS list as coreutils writes it: `HEX  NAME` or `HEX *NAME` (binary), one per
 * line; a line that begins with a backslash has \\, \n and \r in its name written as two
 * characters. Sizes are not told. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path.h"
#include "download/source/manifest_text.h"

enum { HEX_LEN = 64 };

struct line {
    const char *at;
    size_t len;
    size_t number; // from 1
};

static enum err bad_line(const struct line *l, const char *rule, struct why *why)
{
    return fail(why, ERR_REFUSED, "%s, line %zu: %s",
                l->number == 1 ? "neither a manifest nor a SHA256SUMS list" : "SHA256SUMS list",
                l->number, rule);
}

/* Copies the name; false on an escape that coreutils does not write, or a NUL. */
static bool unescape(const char *s, size_t len, bool escaped, char *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '\0') return false;
        if (escaped && c == '\\') {
            if (++i == len) return false;
            c = s[i] == 'n' ? '\n' : s[i] == 'r' ? '\r' : s[i];
            if (c == s[i] && c != '\\') return false;
        }
        ret[n++] = c;
    }
    ret[n] = '\0';
    return true;
}

static enum err add_file(struct source *s, const struct manifest_text *m, const struct line *l,
                         const char *name, const struct digest *digest, struct why *why)
{
    struct why reason;
    while (str_starts(name, "./")) // of `sha256sum ./*` and `find .`
        name += 2;
    if (path_check(name, &reason) != OK) return bad_line(l, reason.text, why);
    if (!m->base) {
        return fail(why, ERR_USAGE, "a SHA256SUMS list needs --base-url: where its files are");
    }
    struct listing_entry *e = listing_add(&s->listing, name);
    if (!e) return bad_line(l, "too many files", why);
    e->digest = *digest;
    if (manifest_url_below(m->base, name, &e->url, &reason) != OK) {
        return bad_line(l, reason.text, why);
    }
    return OK;
}

static enum err read_line(struct source *s, const struct manifest_text *m, struct line l,
                          struct why *why)
{
    const char *p = l.at;
    size_t len = l.len;
    bool escaped = *p == '\\';
    if (escaped) {
        p++;
        len--;
    }
    struct digest digest = {0};
    bool has_name =
        len > HEX_LEN + 2 && p[HEX_LEN] == ' ' && (p[HEX_LEN + 1] == ' ' || p[HEX_LEN + 1] == '*');
    if (!has_name || !digest_parse_hex_any_case(DIGEST_SHA256, p, HEX_LEN, &digest)) {
        return bad_line(&l, "not 64 hex digits, two spaces and a name", why);
    }
    p += HEX_LEN + 2;
    len -= HEX_LEN + 2;
    SCOPED(mem_freep) char *name = mem_new(len + 1);
    if (!unescape(p, len, escaped, name)) return bad_line(&l, "a bad escape in the name", why);
    return add_file(s, m, &l, name, &digest, why);
}

enum err sums_read(struct source *s, const struct manifest_text *m, struct why *why)
{
    struct line l = {.at = m->text};
    const char *end = m->text + m->len;
    enum err e = OK;
    while (l.at < end && !e) {
        const char *newline = memchr(l.at, '\n', (size_t)(end - l.at));
        const char *stop = newline ? newline : end;
        l.number++;
        l.len = (size_t)(stop - l.at);
        if (l.len > 0 && l.at[l.len - 1] == '\r') l.len--;
        if (l.len > 0) e = read_line(s, m, l, why);
        l.at = newline ? newline + 1 : end;
    }
    if (!e && s->listing.count == 0) return fail(why, ERR_REFUSED, "the list of files is empty");
    return e;
}
