/* resolve and the bodies behind it (hub.md §1.3): small files by a relative 307, LFS files by an
 * absolute 302 to a signed URL of the CDN, whose ETag is another hash than the file's. */
#include <stdlib.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

enum { URL_LIFE_MS = 3600 * 1000 };

/* ---- signed URLs ---- */

static void sign(const struct hub *h, uint64_t file, uint64_t expires_ms, uint64_t number,
                 char ret_hex[SHA256_HEX])
{
    SCOPED(mem_freep)
    char *text = mem_printf("%llu %llu %llu", (unsigned long long)file,
                            (unsigned long long)expires_ms, (unsigned long long)number);
    text_hmac(h->key, text, ret_hex);
}

/* CloudFront's form; the milliseconds of our Expires let tests use short lives. */
static char *signed_url(struct hub *h, const struct hub_file *f)
{
    size_t number = h->url_count++;
    if ((number & (number - 1)) == 0) {
        h->url_uses = mem_resize(h->url_uses, (number ? 2 * number : 1) * sizeof(unsigned));
    }
    h->url_uses[number] = 0;
    uint64_t life_ms = h->opt.url_life_ms ? h->opt.url_life_ms : URL_LIFE_MS;
    uint64_t expires_ms = clock_wall_ms() + life_ms;
    char signature[SHA256_HEX];
    sign(h, f->id, expires_ms, number, signature);
    return mem_printf("%s/xet-bridge-us/%024llx/%s?Expires=%llu.%03llu&Policy=eyJ&Signature=%s"
                      "&Key-Pair-Id=K%zu",
                      h->opt.one_origin ? "" : h->urls[HUB_AT_CDN], (unsigned long long)f->id,
                      f->xet, (unsigned long long)expires_ms / 1000,
                      (unsigned long long)expires_ms % 1000, signature, number);
}

static uint64_t query_ms(const char *query, const char *key)
{
    SCOPED(mem_freep) char *text = text_query(query, key);
    if (!text) return 0;
    char *end = NULL;
    uint64_t s = strtoull(text, &end, 10);
    return 1000 * s + (*end == '.' ? strtoull(end + 1, NULL, 10) : 0);
}

/* NULL = valid and counted, else what CloudFront would say. */
static const char *url_refused(struct hub *h, const struct hub_target *t)
{
    uint64_t expires_ms = query_ms(t->query, "Expires");
    SCOPED(mem_freep) char *key = text_query(t->query, "Key-Pair-Id");
    SCOPED(mem_freep) char *given = text_query(t->query, "Signature");
    if (!key || *key != 'K' || !given) return "MissingKey";
    uint64_t number = strtoull(key + 1, NULL, 10);
    char wanted[SHA256_HEX];
    sign(h, t->file_id, expires_ms, number, wanted);
    if (strcmp(wanted, given) != 0 || number >= h->url_count) return "InvalidSignature";
    if (number < h->url_expired || clock_wall_ms() >= expires_ms) return "AccessDenied";
    if (h->opt.url_uses && h->url_uses[number] >= h->opt.url_uses) return "AccessDenied";
    h->url_uses[number]++;
    return NULL;
}

/* ---- answers ---- */

static const struct hub_file *entry(const struct hub_target *t, const struct hub_commit *c,
                                    struct hub_reply *r)
{
    const struct hub_file *f = hub_commit_file(c, t->path);
    hub_reply_set(r, "X-Repo-Commit", "%s", c->sha);
    if (!f) hub_reply_error(r, 404, "EntryNotFound", "Entry not found");
    return f;
}

static void redirect_small(struct hub *h, const struct hub_target *t, const struct hub_repo *repo,
                           const struct hub_commit *c, struct hub_reply *r)
{
    const struct hub_file *f = hub_commit_file(c, t->path);
    struct buf url;
    buf_init(&url, HUB_BODY_MAX);
    if (h->opt.prefix && !h->opt.link_host) buf_adds(&url, h->opt.prefix);
    buf_addf(&url, "/api/resolve-cache/%s/%s/%s/", hub_kind_name(repo->kind), repo->id, c->sha);
    text_add_percent(&url, t->path, true);
    buf_addf(&url, "?%%2F%s%%2Fresolve=&etag=%%22%s%%22", repo->id, f->oid);
    hub_reply_text(r, 307, "text/plain; charset=utf-8", "Temporary Redirect. Redirecting to ");
    buf_adds(&r->text, buf_str(&url));
    hub_reply_set(r, "Location", "%s", buf_str(&url));
    buf_done(&url);
}

void hub_reply_resolve(struct hub *h, const struct hub_target *t, const struct hub_repo *repo,
                       const struct hub_commit *c, struct hub_reply *r)
{
    const struct hub_file *f = entry(t, c, r);
    if (!f) return;
    hub_reply_set(r, "Accept-Ranges", "bytes");
    if (!f->lfs) {
        redirect_small(h, t, repo, c, r);
        return;
    }
    SCOPED(mem_freep) char *url = signed_url(h, f);
    hub_reply_text(r, 302, "text/plain; charset=utf-8", "Found. Redirecting to ");
    buf_adds(&r->text, url);
    hub_reply_set(r, "Location", "%s", url);
    hub_reply_set(r, "X-Linked-ETag", "\"%s\"", f->sha256);
    hub_reply_set(r, "X-Linked-Size", "%llu", (unsigned long long)f->content.size);
    hub_reply_set(r, "ETag", "\"%s\"", f->oid);
}

void hub_reply_small(const struct hub_request *q, const struct hub_target *t,
                     const struct hub_commit *c, struct hub_reply *r)
{
    const struct hub_file *f = entry(t, c, r);
    if (!f) return;
    if (f->bytes_missing) {
        hub_reply_error(r, 404, "EntryNotFound", "Entry not found");
        return;
    }
    SCOPED(mem_freep) char *etag = mem_printf("\"%s\"", f->oid);
    hub_reply_file(r, q, f, etag);
}

static void cdn_error(struct hub_reply *r, unsigned status, const char *code)
{
    hub_reply_text(r, status, "text/xml",
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>");
    buf_addf(&r->text, "%s</Code><Message>Access denied</Message></Error>", code);
}

void hub_reply_cdn(struct hub *h, const struct hub_request *q, const struct hub_target *t,
                   struct hub_reply *r)
{
    const struct hub_file *f = h->store.files[t->file_id];
    if (q->authorization) { // stores of the S3 kind take one way to authenticate only
        cdn_error(r, 400, "InvalidArgument");
        return;
    }
    const char *refused = url_refused(h, t);
    if (refused) {
        cdn_error(r, 403, refused);
        return;
    }
    if (f->bytes_missing) {
        cdn_error(r, 404, "NoSuchKey");
        return;
    }
    SCOPED(mem_freep) char *etag = mem_printf("\"%s\"", f->xet);
    hub_reply_file(r, q, f, etag);
}
