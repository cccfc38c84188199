#include "download/source/source.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"

enum err source_open(const struct source_spec *spec, const struct source_setup *setup,
                     struct source **ret, struct why *why)
{
    switch (spec->kind) {
    case SOURCE_HUB: return hub_open(spec, setup, ret, why);
    case SOURCE_MANIFEST: return manifest_open(spec, setup, ret, why);
    case SOURCE_BARE_URL: return bare_url_open(spec, setup, ret, why);
    }
    return fail(why, ERR_INTERNAL, "no such kind of source");
}

static enum err add_mirrors(struct source *s, const char *const *texts, struct why *why)
{
    if (!texts || !texts[0]) return OK;
    s->mirrors = mem_array(SOURCE_MIRRORS_MAX, sizeof(*s->mirrors));
    for (enum err e = OK; *texts; texts++) {
        if (s->mirror_count == SOURCE_MIRRORS_MAX) {
            return fail(why, ERR_USAGE, "more than %d mirrors", SOURCE_MIRRORS_MAX);
        }
        e = endpoint_init(&s->mirrors[s->mirror_count++], *texts, "mirror", why);
        if (e) return e;
    }
    return OK;
}

enum err source_init(struct source *s, const struct source_ops *ops,
                     const struct source_setup *setup, struct why *why)
{
    s->ops = ops;
    s->have_token = setup->have_token;
    s->token_note = mem_strdup(setup->token_origin_note);
    enum err e = add_mirrors(s, setup->mirrors, why);
    if (e || !setup->endpoint) return e;

    return endpoint_init(&s->endpoint, setup->endpoint, "endpoint", why);
}

void source_free(struct source *s)
{
    if (!s) return;
    listing_done(&s->listing);
    endpoint_done(&s->endpoint);
    for (size_t i = 0; i < s->mirror_count; i++)
        endpoint_done(&s->mirrors[i]);
    mem_free(s->mirrors);
    mem_free(s->repo);
    mem_free(s->revision);
    mem_free(s->token_note);
    for (size_t i = 0; i < s->warning_count; i++)
        mem_free(s->warnings[i]);
    mem_free(s->warnings);
    s->ops->free(s);
}

enum source_step source_next(struct source *s, struct request *ret)
{
    return s->ops->next(s, ret);
}

enum err source_reply(struct source *s, const struct reply *reply, struct why *why)
{
    return s->ops->reply(s, reply, why);
}

struct listing *source_listing(struct source *s)
{
    return &s->listing;
}

const char *source_commit(const struct source *s)
{
    return s->listing.commit;
}

bool source_gated(const struct source *s)
{
    return s->gated;
}

const char *source_warning(const struct source *s, size_t i)
{
    return i < s->warning_count ? s->warnings[i] : NULL;
}

void source_warn(struct source *s, const char *fmt, ...)
{
    if (s->warning_count == WARNINGS_MAX) return;
    SCOPED(mem_freep) char *text = NULL;
    struct buf b;
    buf_init(&b, WHY_MAX);
    va_list args;
    va_start(args, fmt);
    buf_addfv(&b, fmt, args);
    va_end(args);
    text = buf_take(&b);
    for (size_t i = 0; i < s->warning_count; i++) {
        if (str_eq(s->warnings[i], text)) return;
    }
    if (!s->warnings) s->warnings = mem_array(WARNINGS_MAX, sizeof(*s->warnings));
    s->warnings[s->warning_count++] = TAKE(text);
}
