/* place.c - the places that may have a file, and what a mirror has to agree with. The source's own
 * listing is the only one that is believed: a mirror is asked for the same commit and name, and
 * where it says which file that is (hub.md §1.3: X-Linked-ETag, X-Linked-Size) it must be the
 * listed one. What it does not say the digest of the whole file decides. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"

/* URLs listed after the first. */
static size_t others_of(const struct listing_entry *e)
{
    size_t n = 0;
    while (e->other_urls && e->other_urls[n])
        n++;
    return n;
}

bool place_is_hub(const struct source *s, const struct listing_entry *e)
{
    return !e->url && s->repo && s->endpoint.text;
}

size_t source_places(const struct source *s, const struct listing_entry *e)
{
    if (e->digest.kind == DIGEST_NONE) return 1; // nothing would tell two versions apart
    return 1 + others_of(e) + s->mirror_count;
}

/* The mirror that place `i` is, NULL when it is none. */
static const struct endpoint *mirror_at(const struct source *s, const struct listing_entry *e,
                                        size_t i)
{
    size_t listed = 1 + others_of(e);
    return i < listed ? NULL : &s->mirrors[i - listed];
}

const struct endpoint *place_home(const struct source *s, const struct listing_entry *e, size_t i)
{
    const struct endpoint *mirror = mirror_at(s, e, i);
    return mirror ? mirror : &s->endpoint;
}

static char *hub_url(const struct source *s, const struct endpoint *at,
                     const struct listing_entry *e)
{
    struct buf b;
    buf_init(&b, URL_ROOM);
    buf_addf(&b, "%s/%s%s/resolve/", at->text, repo_type_prefix(s->repo_type), s->repo);
    url_add_encoded(&b, s->listing.commit ? s->listing.commit : s->revision, false);
    buf_addc(&b, '/');
    url_add_encoded(&b, e->path, true);
    return buf_take(&b);
}

static char *url_below(const struct endpoint *at, const char *path)
{
    struct buf b;
    buf_init(&b, URL_ROOM);
    buf_addf(&b, "%s/", at->text);
    url_add_encoded(&b, path, true);
    return buf_take(&b);
}

enum err place_url(const struct source *s, const struct listing_entry *e, size_t i, char **ret,
                   struct why *why)
{
    struct clean name;
    const struct endpoint *mirror = mirror_at(s, e, i);
    if (place_is_hub(s, e)) {
        *ret = hub_url(s, place_home(s, e, i), e);
    } else if (!e->url) {
        return fail(why, ERR_REFUSED, "no URL is known for '%s'", clean(e->path, &name));
    } else if (mirror) {
        *ret = url_below(mirror, e->path);
    } else {
        *ret = mem_strdup(i == 0 ? e->url : e->other_urls[i - 1]);
    }
    return OK;
}

char *source_place_name(const struct source *s, const struct listing_entry *e, size_t place)
{
    const struct endpoint *mirror = mirror_at(s, e, place);
    if (mirror) return mem_strdup(mirror->text);
    if (place_is_hub(s, e)) return mem_strdup(s->endpoint.text);
    const char *text = place == 0 ? e->url : e->other_urls[place - 1];
    struct url u = {0};
    char host[OUTCOME_HOST_MAX];
    if (!text || url_parse(text, &u, NULL) != OK) return mem_strdup("");
    url_host_text(&u, host, sizeof(host));
    return mem_printf("%s://%s", u.https ? "https" : "http", host);
}

/* ---- what it says that it has ---- */

/* The digest written in an ETag of the Hub's kind; false when it is something else. */
static bool etag_digest(const char *text, struct digest *ret)
{
    if (!text) return false;
    if (str_starts(text, "W/")) text += 2;
    size_t len = strlen(text);
    bool quoted = len >= 2 && text[0] == '"' && text[len - 1] == '"';
    if (quoted) {
        text++;
        len -= 2;
    }
    return digest_parse_hex(DIGEST_SHA256, text, len, ret) ||
           digest_parse_hex(DIGEST_GIT_SHA1, text, len, ret);
}

/* Only the linked one is always the file's own: a plain ETag may be any hash of the same length, of
 * an edge (the Xet hash) or of a store that counts otherwise (SHA-1 without git's header). */
static bool other_digest(const struct listing_entry *e, const struct headers *h)
{
    struct digest d = {0};
    bool told = etag_digest(headers_get(h, "X-Linked-ETag"), &d) && d.kind == e->digest.kind;
    return told && !digest_equal(&d, &e->digest);
}

static bool other_size(const struct listing_entry *e, const char *text)
{
    uint64_t size = 0;
    bool told = text && e->size != SIZE_NOT_KNOWN && str_u64(text, INT64_MAX, &size);
    return told && size != e->size;
}

enum err place_check(const struct listing_entry *e, const struct headers *h, bool final,
                     struct why *why)
{
    bool plain = final && !headers_get(h, "Content-Encoding");
    bool other = other_digest(e, h) || other_size(e, headers_get(h, "X-Linked-Size")) ||
                 (plain && other_size(e, headers_get(h, "Content-Length")));
    struct clean name;
    if (!other) return OK;
    return fail(why, ERR_INTEGRITY, "the mirror has another '%s'", clean(e->path, &name));
}
