/* hub.c - the listing of a Hugging Face-like Hub (hub.md §1.2).
 *
 *   ASK_COMMIT --sha--> ASK_TREE --page, Link: next--> ASK_TREE … --page without next--> HUB_DONE
 *
 * A redirect (renamed repo) keeps the state and changes the URL. Every request stays on the
 * endpoint; pages, bytes and entries have a cap and no page is asked for twice, so a hostile
 * listing ends. The revision is pinned to its commit first: all that follows is of one snapshot. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/hub_listing.h"
#include "download/source/link.h"
#include "download/source/repo_id.h"
#include "download/source/source_ops.h"

enum {
    PAGES_MAX = 20000, // entries at 50 to a page, the smallest page the Hub is known to make
    LISTING_BYTES_MAX = 1024 * 1024 * 1024, // taste: about a kilobyte for each entry
};

enum hub_state { ASK_COMMIT, ASK_TREE, HUB_DONE };

struct hub {
    struct source base;
    enum hub_state state;
    bool skip_tree;
    char *ask; // URL of the request that is next or under way
    char *label;
    unsigned hops; // redirects of that request
    uint64_t bytes;
    uint64_t *pages; // [0..page_count): hashes of the page URLs asked for
    size_t page_count;
};

static struct hub *hub_of(struct source *s)
{
    return container_of(s, struct hub, base);
}

static void hub_free(struct source *s)
{
    struct hub *h = hub_of(s);
    mem_free(h->ask);
    mem_free(h->label);
    mem_free(h->pages);
    mem_free(h);
}

/* "{endpoint}/api/{type}s/{repo}/{what}/{quoted rev}{query}" (hub.md §1.2: a revision is always one
 * segment). */
static void hub_ask(struct hub *h, const char *what, const char *rev, const char *query)
{
    const struct source *s = &h->base;
    struct buf b;
    buf_init(&b, URL_ROOM);
    buf_addf(&b, "%s/api/%s/%s/%s/", s->endpoint.text, repo_type_plural(s->repo_type), s->repo,
             what);
    url_add_encoded(&b, rev, false);
    buf_adds(&b, query);
    mem_free(h->ask);
    h->ask = buf_take(&b);
    h->hops = 0;
}

static void hub_pinned(struct hub *h, const char *commit)
{
    mem_free(h->base.listing.commit);
    h->base.listing.commit = mem_strdup(commit);
    h->state = h->skip_tree ? HUB_DONE : ASK_TREE;
    hub_ask(h, "tree", commit, "?recursive=true&expand=false");
}

/* ---- requests ---- */

static enum source_step hub_next(struct source *s, struct request *ret)
{
    struct hub *h = hub_of(s);
    if (h->state == HUB_DONE) return SOURCE_DONE;
    *ret = (struct request){
        .method = METHOD_GET,
        .url = mem_strdup(h->ask),
        .send_token = endpoint_covers(&s->endpoint, h->ask),
        .compressed = true,
        .body_max = JSON_MAX_BYTES,
        .label = h->label,
    };
    return SOURCE_REQUEST;
}

/* ---- replies ---- */

static enum err hub_redirected(struct hub *h, const char *location, struct why *why)
{
    struct source *s = &h->base;
    if (h->hops >= RESOLVE_MAX_HOPS) {
        return fail(why, ERR_REFUSED, "more than %d redirects for the %s", RESOLVE_MAX_HOPS,
                    h->label);
    }
    SCOPED(mem_freep) char *to = NULL;
    enum err e = redirect_target(&s->endpoint, h->ask, location, &to, why);
    if (e) return e;
    if (!endpoint_covers(&s->endpoint, to)) {
        struct clean shown;
        url_redact(to, shown.text, sizeof(shown.text));
        return fail(why, ERR_REFUSED,
                    "the %s is redirected away from the endpoint, to '%s'; if that is the right "
                    "Hub, name it with --endpoint",
                    h->label, shown.text);
    }
    mem_free(h->ask);
    h->ask = TAKE(to);
    h->hops++;
    return OK;
}

static enum err take_commit(struct hub *h, const struct json *root, struct why *why)
{
    struct hub_commit c;
    enum err e = hub_read_commit(root, &c, why);
    if (e) return e;
    h->base.gated = c.gated;
    if (h->hops > 0 && repo_id_fault(c.id) == NULL) { // renamed: spare every file the same redirect
        mem_free(h->base.repo);
        h->base.repo = mem_strdup(c.id);
    }
    hub_pinned(h, c.commit);
    return OK;
}

static uint64_t hash_of(const char *s)
{
    uint64_t h = UINT64_C(14695981039346656037); // FNV-1a
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return h;
}

/* Notes that the page at h->ask was read; false when it had been before, or beyond the cap. */
static bool note_page(struct hub *h)
{
    uint64_t hash = hash_of(h->ask);
    for (size_t i = 0; i < h->page_count; i++) {
        if (h->pages[i] == hash) return false;
    }
    if (h->page_count == PAGES_MAX) return false;
    if (!h->pages) h->pages = mem_array(PAGES_MAX, sizeof(*h->pages));
    h->pages[h->page_count++] = hash;
    return true;
}

/* `rel="next"` of any Link header, put back onto the endpoint; NULL in `*ret` when there is none.
 */
static enum err next_page(struct hub *h, const struct headers *headers, char **ret, struct why *why)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (!str_eq_nocase(headers->items[i].name, "Link")) continue;
        SCOPED(mem_freep) char *target = link_target(headers->items[i].value, "next");
        if (!target) continue;
        SCOPED(mem_freep) char *absolute = NULL;
        enum err e = url_resolve(h->ask, target, &absolute, why);
        if (e) return e;
        SCOPED(mem_freep) char *url = NULL;
        e = endpoint_put_back(&h->base.endpoint, absolute, &url, why);
        if (e) return e;
        if (!str_starts(url + strlen(h->base.endpoint.text), "/api/")) {
            struct clean shown;
            url_redact(target, shown.text, sizeof(shown.text));
            return fail(why, ERR_REFUSED, "its next page is no page of the listing: '%s'",
                        shown.text);
        }
        *ret = TAKE(url);
        return OK;
    }
    return OK;
}

static enum err take_page(struct hub *h, const struct json *root, const struct headers *headers,
                          struct why *why)
{
    if (!note_page(h)) return fail(why, ERR_REFUSED, "its pages go round in a circle or never end");
    enum err e = hub_read_page(root, &h->base.listing, why);
    if (e) return e;
    char *next = NULL;
    e = next_page(h, headers, &next, why);
    if (e) return e;
    if (!next) {
        h->state = HUB_DONE;
        return OK;
    }
    mem_free(h->ask);
    h->ask = next;
    h->hops = 0;
    return OK;
}

/* A malformed answer: who gave it and what is wrong with it. */
static enum err malformed(const struct hub *h, const struct reply *r, const struct why *what,
                          struct why *why)
{
    const char *type = headers_get(&r->headers, "Content-Type");
    const char *host = r->outcome.host[0] ? r->outcome.host : "the server";
    if (str_starts_nocase(type, "text/html")) {
        return fail(why, ERR_REFUSED,
                    "%s answered the %s with a web page: is '%s' a Hub, or a login in between?",
                    host, h->label, h->base.endpoint.text);
    }
    return fail(why, ERR_REFUSED, "the %s from %s is malformed: %s", h->label, host, what->text);
}

static enum err hub_reply(struct source *s, const struct reply *reply, struct why *why)
{
    struct hub *h = hub_of(s);
    const struct outcome *o = &reply->outcome;
    const char *location = outcome_is_answer(o) ? reply_redirect(reply) : NULL;
    if (location) return hub_redirected(h, location, why);
    if (!outcome_is_answer(o) || o->status != 200) return source_explain(s, NULL, o, why);

    struct why what = {""};
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    h->bytes += reply->body.len;
    enum err e =
        h->bytes > LISTING_BYTES_MAX
            ? fail(&what, ERR_REFUSED, "it is larger than 1 GiB")
            : json_parse_keys(buf_str(&reply->body), reply->body.len, JSON_KEYS_EXACT, &doc, &what);
    if (!e && h->state == ASK_COMMIT) {
        e = take_commit(h, json_root(doc), &what);
    } else if (!e) {
        e = take_page(h, json_root(doc), &reply->headers, &what);
    }
    return e ? malformed(h, reply, &what, why) : OK;
}

/* ---- opening ---- */

static const struct source_ops HUB_OPS = {hub_next, hub_reply, hub_free};

enum err hub_open(const struct source_spec *spec, const struct source_setup *setup,
                  struct source **ret, struct why *why)
{
    SCOPED(source_freep) struct source *s = NULL;
    struct hub *h = mem_new(sizeof(*h));
    s = &h->base;
    enum err e = source_init(s, &HUB_OPS, setup, why);
    if (e) return e;
    if (!s->endpoint.text) return fail(why, ERR_USAGE, "no endpoint is set for '%s'", spec->repo);

    s->repo = mem_strdup(spec->repo);
    s->repo_type = spec->repo_type;
    s->revision = mem_strdup(spec->revision ? spec->revision : "main");
    h->label = mem_printf("listing of '%s'", spec->repo);
    h->skip_tree = setup->skip_tree;
    const char *known = setup->known_commit ? setup->known_commit : s->revision;
    if (commit_is_hex(known)) {
        hub_pinned(h, known);
    } else {
        hub_ask(h, "revision", s->revision, "");
    }
    *ret = TAKE(s);
    return OK;
}
