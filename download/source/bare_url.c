/* bare_url.c - one file at a URL of its own: named by the last segment of the path, its digest only
 * known when the user pinned it, its size when the server says it (resolve.c). */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path.h"
#include "download/source/source_ops.h"

static enum source_step bare_url_next(struct source *s, struct request *ret)
{
    (void)s;
    (void)ret;
    return SOURCE_DONE; // there is nothing to list
}

static enum err bare_url_reply(struct source *s, const struct reply *reply, struct why *why)
{
    return source_explain(s, NULL, &reply->outcome, why); // never asked
}

static void bare_url_free(struct source *s)
{
    mem_free(s);
}

/* The decoded last segment of the path; NULL when it is empty or badly encoded. */
static char *name_of(const char *url)
{
    struct url u = {0};
    if (url_parse(url, &u, NULL) != OK) return NULL;
    size_t path_len = strcspn(u.path, "?");
    const char *slash = memrchr(u.path, '/', path_len);
    if (!slash) return NULL;
    size_t len = path_len - (size_t)(slash + 1 - u.path);
    char *name = mem_new(len + 1);
    if (len > 0 && url_decode(slash + 1, len, name)) return name;
    mem_free(name);
    return NULL;
}

static const struct source_ops BARE_URL_OPS = {bare_url_next, bare_url_reply, bare_url_free};

enum err bare_url_open(const struct source_spec *spec, const struct source_setup *setup,
                       struct source **ret, struct why *why)
{
    SCOPED(source_freep) struct source *s = mem_new(sizeof(*s));
    enum err e = source_init(s, &BARE_URL_OPS, setup, why);
    if (e) return e;

    SCOPED(mem_freep) char *name = name_of(spec->url);
    struct why reason = {"the last part of its path is empty or badly encoded"};
    if (!name || strchr(name, '/') || path_check(name, &reason) != OK) {
        struct clean shown;
        url_redact(spec->url, shown.text, sizeof(shown.text));
        return fail(why, ERR_REFUSED, "'%s' gives no file name: %s", shown.text, reason.text);
    }
    struct listing_entry *entry = listing_add(&s->listing, name);
    if (!entry) return fail(why, ERR_MEMORY, "no memory for the list of files");
    entry->url = mem_strdup(spec->url);
    entry->digest = spec->pin;
    *ret = TAKE(s);
    return OK;
}
