/* manifest.c - files listed by a text: given by the caller, or fetched from a URL first (redirects
 * by the usual rules). JSON and SHA256SUMS are told apart by their first character. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path.h"
#include "download/source/manifest_text.h"
#include "download/source/source_ops.h"

struct manifest {
    struct source base;
    char *told_base; // --base-url, ending in '/'; or NULL
    char *ask;       // URL of the text to fetch; NULL = nothing to fetch (any more)
    char *shown;     // the manifest's own address, for people
    char *label;
    unsigned hops;
};

static struct manifest *manifest_of(struct source *s)
{
    return container_of(s, struct manifest, base);
}

static void manifest_free(struct source *s)
{
    struct manifest *m = manifest_of(s);
    mem_free(m->told_base);
    mem_free(m->ask);
    mem_free(m->shown);
    mem_free(m->label);
    mem_free(m);
}

/* ---- the text ---- */

static enum err check_names(const struct listing *l, struct why *why)
{
    SCOPED(mem_freep) const char **paths = mem_try(l->count * sizeof(*paths));
    if (!paths) return fail(why, ERR_MEMORY, "no memory to compare %zu names", l->count);
    for (size_t i = 0; i < l->count; i++)
        paths[i] = l->entries[i].path;
    const char *twin = NULL; // whether twins matter depends on the target: the caller asks again
    return path_check_all(paths, l->count, PATH_TWINS_ALLOWED, &twin, why);
}

static enum err read_text(struct manifest *m, const char *text, size_t len, const char *own_url,
                          struct why *why)
{
    const struct manifest_text t = {
        .text = text,
        .len = len,
        .base = m->told_base ? m->told_base : own_url,
        .base_is_told = m->told_base != NULL,
    };
    size_t blank = 0;
    while (blank < len && strchr(" \t\r\n", text[blank]) && text[blank])
        blank++;
    bool json = blank < len && text[blank] == '{';
    enum err e = json ? manifest_read(&m->base, &t, why) : sums_read(&m->base, &t, why);
    return e ? e : check_names(&m->base.listing, why);
}

/* ---- fetching it ---- */

static enum source_step manifest_next(struct source *s, struct request *ret)
{
    struct manifest *m = manifest_of(s);
    if (!m->ask) return SOURCE_DONE;
    *ret = (struct request){
        .method = METHOD_GET,
        .url = mem_strdup(m->ask),
        .send_token = endpoint_covers(&s->endpoint, m->ask),
        .compressed = true,
        .body_max = JSON_MAX_BYTES,
        .label = m->label,
    };
    return SOURCE_REQUEST;
}

static enum err manifest_redirected(struct manifest *m, const char *location, struct why *why)
{
    if (m->hops >= RESOLVE_MAX_HOPS) {
        return fail(why, ERR_REFUSED, "more than %d redirects for the %s", RESOLVE_MAX_HOPS,
                    m->label);
    }
    char *to = NULL;
    enum err e = redirect_target(&m->base.endpoint, m->ask, location, &to, why);
    if (e) return e;
    mem_free(m->ask);
    m->ask = to;
    m->hops++;
    return OK;
}

static enum err manifest_reply(struct source *s, const struct reply *reply, struct why *why)
{
    struct manifest *m = manifest_of(s);
    const struct outcome *o = &reply->outcome;
    const char *location = outcome_is_answer(o) ? reply_redirect(reply) : NULL;
    if (location) return manifest_redirected(m, location, why);
    if (!outcome_is_answer(o) || o->status != 200) return source_explain(s, m->shown, o, why);

    SCOPED(mem_freep) char *own_url = TAKE(m->ask);
    return read_text(m, buf_str(&reply->body), reply->body.len, own_url, why);
}

/* ---- opening ---- */

/* A base is a directory, whether its last '/' was written or not. */
static enum err set_base(struct manifest *m, const char *base_url, struct why *why)
{
    struct why reason;
    struct url u = {0};
    if (url_parse(base_url, &u, &reason) != OK) {
        return fail(why, ERR_USAGE, "bad --base-url: %s", reason.text);
    }
    if (u.query) return fail(why, ERR_USAGE, "bad --base-url: it has a query");
    m->told_base = mem_printf("%s%s", base_url, str_ends(base_url, "/") ? "" : "/");
    return OK;
}

static const struct source_ops MANIFEST_OPS = {manifest_next, manifest_reply, manifest_free};

enum err manifest_open(const struct source_spec *spec, const struct source_setup *setup,
                       struct source **ret, struct why *why)
{
    SCOPED(source_freep) struct source *s = NULL;
    struct manifest *m = mem_new(sizeof(*m));
    s = &m->base;
    enum err e = source_init(s, &MANIFEST_OPS, setup, why);
    if (!e && setup->base_url) e = set_base(m, setup->base_url, why);
    if (e) return e;

    struct clean room;
    m->shown = source_spec_text(spec);
    m->label = mem_printf("manifest '%s'", clean(m->shown, &room));
    if (setup->manifest_text) {
        e = read_text(m, setup->manifest_text, setup->manifest_len, spec->url, why);
    } else if (spec->url) {
        m->ask = mem_strdup(spec->url);
    } else {
        e = fail(why, ERR_USAGE, "the %s was not read", m->label);
    }
    if (e) return e;
    *ret = TAKE(s);
    return OK;
}
