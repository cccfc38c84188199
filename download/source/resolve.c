/* resolve.c - one file on its way to a final URL, the same for every kind of source (hub.md §1.3).
 * Only the Hub's answers are asked for by rule; elsewhere a HEAD is worth its round trip only to
 * learn a size that nobody told us. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"

static char *hub_file_url(const struct source *s, const struct listing_entry *e)
{
    struct buf b;
    buf_init(&b, URL_ROOM);
    buf_addf(&b, "%s/%s%s/resolve/", s->endpoint, repo_type_prefix(s->repo_type), s->repo);
    url_add_encoded(&b, s->listing.commit ? s->listing.commit : s->revision, false);
    buf_addc(&b, '/');
    url_add_encoded(&b, e->path, true);
    return buf_take(&b);
}

enum err resolve_start(struct source *s, const struct listing_entry *e, struct resolve *ret,
                       struct why *why)
{
    struct clean name;
    bool by_hub = !e->url && s->repo && s->endpoint;
    if (!e->url && !by_hub) {
        return fail(why, ERR_REFUSED, "no URL is known for '%s'", clean(e->path, &name));
    }
    SCOPED(mem_freep) char *url = by_hub ? hub_file_url(s, e) : mem_strdup(e->url);
    struct url parts = {0};
    enum err err = url_parse(url, &parts, why);
    if (err) return err;
    *ret = (struct resolve){
        .send_token = endpoint_covers(s, url),
        .needs_request = by_hub || e->size == SIZE_NOT_KNOWN,
        .size = e->size,
        .accepts_ranges = true,
        .etag = mem_strdup(e->etag),
    };
    ret->url = TAKE(url);
    return OK;
}

void resolve_done(struct resolve *r)
{
    mem_free(r->url);
    mem_free(r->etag);
    *r = (struct resolve){0};
}

void resolve_request(const struct resolve *r, struct request *ret)
{
    *ret = (struct request){
        .method = METHOD_HEAD,
        .url = mem_strdup(r->url),
        .send_token = r->send_token,
        .label = "resolve",
    };
}

/* ---- redirects ---- */

enum err resolve_redirect(struct source *s, struct resolve *r, const char *location,
                          struct why *why)
{
    struct clean shown;
    if (r->hops >= RESOLVE_MAX_HOPS) {
        url_redact(r->url, shown.text, sizeof(shown.text));
        return fail(why, ERR_REFUSED, "more than %d redirects, the last from '%s'",
                    RESOLVE_MAX_HOPS, shown.text);
    }
    char *to = NULL;
    enum err e = redirect_target(s, r->url, location, &to, why);
    if (e) return e;
    mem_free(r->url);
    r->url = to;
    r->send_token = endpoint_covers(s, to);
    r->hops++;
    mem_free(r->etag); // it was the validator of where we came from
    r->etag = NULL;
    return OK;
}

/* Does the Hub's own redirect lead to another resolve page (a renamed repo), not to the bytes? */
static bool is_resolve_page(const struct source *s, const char *url)
{
    if (!endpoint_covers(s, url)) return false;
    const char *path = url + strlen(s->endpoint);
    return !str_starts(path, "/api/") && strstr(path, "/resolve/");
}

/* ---- what a reply tells ---- */

static void read_size(struct resolve *r, const struct headers *h, const char *name)
{
    const char *text = headers_get(h, name);
    uint64_t size = 0;
    if (r->size == SIZE_NOT_KNOWN && text && str_u64(text, INT64_MAX, &size)) r->size = size;
}

/* Strong validators only (RFC 9110 §8.8.1); "…" with the bytes the grammar allows. */
static char *strong_etag(const char *value)
{
    enum { ETAG_MAX = 256 };
    size_t n = value ? strlen(value) : 0;
    if (n < 2 || n > ETAG_MAX || value[0] != '"' || value[n - 1] != '"') return NULL;
    for (size_t i = 1; i + 1 < n; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x21 || c == '"' || c == 0x7F) return NULL;
    }
    return mem_strdup(value);
}

/* The final origin itself answered. */
static void read_final(struct resolve *r, const struct headers *h)
{
    if (!headers_get(h, "Content-Encoding")) read_size(r, h, "Content-Length");
    mem_free(r->etag);
    r->etag = strong_etag(headers_get(h, "ETag"));
    if (str_eq_nocase(headers_get(h, "Accept-Ranges"), "none")) r->accepts_ranges = false;
}

/* Statuses by which a server says "not with HEAD": signed URLs (400, 403) only where the URL is not
 * the Hub's, which means them. */
static bool refuses_head(const struct listing_entry *e, int status)
{
    if (status == 405 || status == 501) return true;
    return e->url && (status == 400 || status == 403);
}

static enum err follow(struct source *s, const struct listing_entry *e, struct resolve *r,
                       const char *location, enum resolve_step *ret, struct why *why)
{
    enum err err = resolve_redirect(s, r, location, why);
    if (err) return err;
    bool ask = e->url ? r->size == SIZE_NOT_KNOWN : is_resolve_page(s, r->url);
    *ret = ask ? RESOLVE_AGAIN : RESOLVE_READY;
    return OK;
}

enum err resolve_reply(struct source *s, const struct listing_entry *e, struct resolve *r,
                       const struct reply *reply, enum resolve_step *ret, struct why *why)
{
    const struct outcome *o = &reply->outcome;
    if (!outcome_is_answer(o)) return source_explain(s, e->path, o, why);

    if (endpoint_covers(s, r->url)) read_size(r, &reply->headers, "X-Linked-Size");
    const char *location = reply_redirect(reply);
    if (location) return follow(s, e, r, location, ret, why);

    bool final = o->status >= 200 && o->status < 300;
    if (!final && !refuses_head(e, o->status)) return source_explain(s, e->path, o, why);
    if (final) read_final(r, &reply->headers);
    r->head_refused = !final;
    *ret = RESOLVE_READY;
    return OK;
}
