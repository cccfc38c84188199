#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"

static const struct {
    const char *word, *plural, *prefix;
} TYPES[] = {
    [REPO_MODEL] = {"model", "models", ""},
    [REPO_DATASET] = {"dataset", "datasets", "datasets/"},
    [REPO_SPACE] = {"space", "spaces", "spaces/"},
};

const char *repo_type_prefix(enum repo_type t)
{
    return TYPES[t].prefix;
}

const char *repo_type_plural(enum repo_type t)
{
    return TYPES[t].plural;
}

const char *repo_type_word(enum repo_type t)
{
    return TYPES[t].word;
}

/* Is `path` the endpoint's own path or below it? */
static bool below_prefix(const struct source *s, const char *path)
{
    const char *prefix = s->endpoint_at.path;
    size_t n = strlen(prefix);
    if (!str_starts(path, prefix)) return false;
    return path[n] == '/' || path[n] == '?' || path[n] == '\0';
}

bool endpoint_covers(const struct source *s, const char *url)
{
    struct url u = {0};
    if (!s->endpoint || url_parse(url, &u, NULL) != OK) return false;
    return url_same_origin(&u, &s->endpoint_at) && below_prefix(s, u.path);
}

enum err endpoint_put_back(const struct source *s, const char *ref, char **ret, struct why *why)
{
    SCOPED(mem_freep) char *absolute = NULL;
    enum err e = url_resolve(s->endpoint, ref, &absolute, why);
    if (e) return e;
    struct url u = {0};
    e = url_parse(absolute, &u, why);
    if (e) return e;
    int origin = (int)(s->endpoint_at.path - s->endpoint);
    const char *prefix = below_prefix(s, u.path) ? "" : s->endpoint_at.path;
    *ret = mem_printf("%.*s%s%s", origin, s->endpoint, prefix, u.path);
    return OK;
}

static bool is_https(const char *url)
{
    return str_starts_nocase(url, "https:");
}

enum err redirect_target(const struct source *s, const char *from, const char *location, char **ret,
                         struct why *why)
{
    SCOPED(mem_freep) char *to = NULL;
    bool own_path = location[0] == '/' && location[1] != '/';
    enum err e = own_path && endpoint_covers(s, from) ? endpoint_put_back(s, location, &to, why)
                                                      : url_resolve(from, location, &to, why);
    if (e) return e;

    struct clean shown;
    if (is_https(from) && !is_https(to)) {
        url_redact(to, shown.text, sizeof(shown.text));
        return fail(why, ERR_REFUSED, "redirect from https to http refused: '%s'", shown.text);
    }
    if (str_eq(from, to)) {
        url_redact(to, shown.text, sizeof(shown.text));
        return fail(why, ERR_REFUSED, "'%s' redirects to itself", shown.text);
    }
    *ret = TAKE(to);
    return OK;
}

bool outcome_is_answer(const struct outcome *o)
{
    if (o->status == 0) return false;
    return o->cause == CAUSE_NONE || o->cause == CAUSE_STATUS || o->cause == CAUSE_REDIRECT ||
           o->cause == CAUSE_RATE_LIMIT;
}

const char *reply_redirect(const struct reply *r)
{
    static const int FOLLOWED[] = {301, 302, 303, 307, 308}; // RFC 9110 §15.4
    for (size_t i = 0; i < ARRAY_LEN(FOLLOWED); i++) {
        if (r->outcome.status == FOLLOWED[i]) return headers_get(&r->headers, "Location");
    }
    return NULL;
}
