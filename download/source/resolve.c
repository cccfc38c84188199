/* resolve.c - one file on its way to a final URL, the same for every kind of source (hub.md §1.3).
 * Only the Hub's answers are asked for by rule; elsewhere a HEAD is worth its round trip only to
 * learn a size that nobody told us. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"

enum err resolve_start(struct source *s, const struct listing_entry *e, size_t place,
                       struct resolve *ret, struct why *why)
{
    SCOPED(mem_freep) char *url = NULL;
    enum err err = place_url(s, e, place, &url, why);
    if (err) return err;
    struct url parts = {0};
    err = url_parse(url, &parts, why);
    if (err) return err;
    *ret = (struct resolve){
        .place = place,
        .send_token = endpoint_covers(&s->endpoint, url),
        .needs_request = place_is_hub(s, e) || e->size == SIZE_NOT_KNOWN,
        .size = e->size,
        .accepts_ranges = true,
        .etag = place ? NULL : mem_strdup(e->etag),
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

enum err resolve_redirect(struct source *s, const struct listing_entry *e, struct resolve *r,
                          const char *location, struct why *why)
{
    struct clean shown;
    if (r->hops >= RESOLVE_MAX_HOPS) {
        url_redact(r->url, shown.text, sizeof(shown.text));
        return fail(why, ERR_REFUSED, "more than %d redirects, the last from '%s'",
                    RESOLVE_MAX_HOPS, shown.text);
    }
    char *to = NULL;
    enum err err = redirect_target(place_home(s, e, r->place), r->url, location, &to, why);
    if (err) return err;
    mem_free(r->url);
    r->url = to;
    r->send_token = endpoint_covers(&s->endpoint, to);
    r->hops++;
    mem_free(r->etag); // it was the validator of where we came from
    r->etag = NULL;
    return OK;
}

/* Does the Hub's own redirect lead to another resolve page (a renamed repo), not to the bytes? */
static bool is_resolve_page(const struct endpoint *home, const char *url)
{
    if (!endpoint_covers(home, url)) return false;
    const char *path = url + strlen(home->text);
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
    enum err err = resolve_redirect(s, e, r, location, why);
    if (err) return err;
    bool page = is_resolve_page(place_home(s, e, r->place), r->url);
    bool ask = e->url ? r->size == SIZE_NOT_KNOWN : page;
    *ret = ask ? RESOLVE_AGAIN : RESOLVE_READY;
    return OK;
}

enum err resolve_reply(struct source *s, const struct listing_entry *e, struct resolve *r,
                       const struct reply *reply, enum resolve_step *ret, struct why *why)
{
    const struct outcome *o = &reply->outcome;
    if (!outcome_is_answer(o)) return source_explain(s, e->path, o, why);

    const char *location = reply_redirect(reply);
    bool at_home = endpoint_covers(place_home(s, e, r->place), r->url);
    if (at_home) read_size(r, &reply->headers, "X-Linked-Size");
    bool answers = location || (o->status >= 200 && o->status < 300);
    enum err err = OK;
    if (r->place && answers) err = place_check(e, &reply->headers, !location, why);
    if (err) return err;
    if (location) return follow(s, e, r, location, ret, why);

    bool final = o->status >= 200 && o->status < 300;
    if (!final && !refuses_head(e, o->status)) return source_explain(s, e->path, o, why);
    if (final) read_final(r, &reply->headers);
    r->head_refused = !final;
    *ret = RESOLVE_READY;
    return OK;
}
