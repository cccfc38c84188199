#include "download/source/link.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/source/request.h"

enum { VALUE_MAX = 128 }; // a `rel` that is longer matches nothing we ask for

static const char *skip_spaces(const char *p)
{
    return p + strspn(p, " \t");
}

/* A token or a quoted string into `ret` (cut); returns what follows, NULL when a quote is open. */
static const char *take_value(const char *p, char ret[VALUE_MAX])
{
    size_t n = 0;
    bool quoted = *p == '"';
    if (quoted) p++;
    for (; *p; p++) {
        if (quoted ? *p == '"' : strchr(";, \t", *p) != NULL) break;
        if (quoted && *p == '\\' && p[1]) p++;
        if (n < VALUE_MAX - 1) ret[n++] = *p;
    }
    ret[n] = '\0';
    if (quoted && *p != '"') return NULL;
    return quoted ? p + 1 : p;
}

/* Is `rel` one of the words in `words` (RFC 8288 §3.3)? */
static bool has_word(const char *words, const char *rel)
{
    size_t n = strlen(rel);
    while (*(words = skip_spaces(words))) {
        size_t len = strcspn(words, " \t");
        if (len == n && str_starts_nocase(words, rel)) return true;
        words += len;
    }
    return false;
}

/* Parameters of one link, up to its comma or the end; only the first `rel` counts. */
static const char *take_params(const char *p, const char *rel, bool *ret_match)
{
    bool seen = false;
    while (*(p = skip_spaces(p)) == ';') {
        p = skip_spaces(p + 1);
        size_t name_len = strcspn(p, "=;, \t");
        bool is_rel = name_len == 3 && str_starts_nocase(p, "rel");
        p = skip_spaces(p + name_len);
        if (*p != '=') continue;
        char value[VALUE_MAX];
        p = take_value(skip_spaces(p + 1), value);
        if (!p) return NULL;
        if (is_rel && !seen) *ret_match = has_word(value, rel);
        seen = seen || is_rel;
    }
    return p;
}

char *link_target(const char *value, const char *rel)
{
    const char *p = value;
    for (;;) {
        p += strspn(p, " \t,");
        if (*p != '<') return NULL;
        const char *end = strchr(++p, '>');
        if (!end) return NULL;
        bool match = false;
        const char *after = take_params(end + 1, rel, &match);
        if (!after || (*after && *after != ',')) return NULL;
        if (match)
            return (size_t)(end - p) <= URL_MAX_BYTES ? mem_strndup(p, (size_t)(end - p)) : NULL;
        p = after;
    }
}
