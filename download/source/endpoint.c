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

enum err endpoint_init(struct endpoint *p, const char *text, const char *what, struct why *why)
{
    struct why reason;
    if (url_resolve(text, "", &p->text, &reason) != OK) {
        return fail(why, ERR_USAGE, "bad %s: %s", what, reason.text);
    }
    size_t len = strlen(p->text);
    while (len > 0 && p->text[len - 1] == '/')
        p->text[--len] = '\0';
    enum err e = url_parse(p->text, &p->at, why);
    if (e) return e;
    return p->at.query ? fail(why, ERR_USAGE, "bad %s: it has a query", what) : OK;
}

void endpoint_done(struct endpoint *p)
{
    mem_free(p->text);
    *p = (struct endpoint){0};
}

/* Is `path` the endpoint's own path or below it? */
static bool below_prefix(const struct endpoint *p, const char *path)
{
    const char *prefix = p->at.path;
    size_t n = strlen(prefix);
    if (!str_starts(path, prefix)) return false;
    return path[n] == '/' || path[n] == '?' || path[n] == '\0';
}

bool endpoint_covers(const struct endpoint *p, const char *url)
{
    struct url u = {0};
    if (!p->text || url_parse(url, &u, NULL) != OK) return false;
    return url_same_origin(&u, &p->at) && below_prefix(p, u.path);
}

enum err endpoint_put_back(const struct endpoint *p, const char *ref, char **ret, struct why *why)
{
    SCOPED(mem_freep) char *absolute = NULL;
    enum err e = url_resolve(p->text, ref, &absolute, why);
    if (e) return e;
    struct url u = {0};
    e = url_parse(absolute, &u, why);
    if (e) return e;
    int origin = (int)(p->at.path - p->text);
    const char *prefix = below_prefix(p, u.path) ? "" : p->at.path;
    *ret = mem_printf("%.*s%s%s", origin, p->text, prefix, u.path);
    return OK;
}

static bool is_https(const char *url)
{
    return str_starts_nocase(url, "https:");
}

enum err redirect_target(const struct endpoint *p, const char *from, const char *location,
                         char **ret, struct why *why)
{
    SCOPED(mem_freep) char *to = NULL;
    bool own_path = location[0] == '/' && location[1] != '/';
    enum err e = own_path && endpoint_covers(p, from) ? endpoint_put_back(p, location, &to, why)
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
