/* manifest_json.c - our manifest, schema 1 (contract.md, "Manifest"). Unknown keys are ignored with
 * a warning; everything else that is not as written there refuses the whole text. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path.h"
#include "download/source/hub_listing.h"
#include "download/source/manifest_text.h"

enum { SCHEMA = 1, URLS_MAX = 64 };

static const char NO_BASE[] = "https://localhost/"; // an absolute URL takes nothing from it

static enum err bad_entry(const char *path, const char *rule, struct why *why)
{
    struct clean room;
    return fail(why, ERR_REFUSED, "manifest: entry '%s': %s", clean(path, &room), rule);
}

static void warn_unknown(struct source *s, const struct json *object, const char *const *known,
                         const char *where)
{
    for (const struct json *v = json_first(object); v; v = json_next(v)) {
        const char *const *k = known;
        while (*k && !str_eq(*k, json_key(v)))
            k++;
        struct clean room;
        if (!*k) {
            source_warn(s, "unknown key '%s' in %s is ignored", clean(json_key(v), &room), where);
        }
    }
}

static bool is_absent(const struct json *v)
{
    return !v || json_is_null(v);
}

/* ---- one entry ---- */

enum err manifest_url_below(const char *base, const char *path, char **ret, struct why *why)
{
    struct buf b;
    buf_init(&b, URL_ROOM);
    url_add_encoded(&b, path, true);
    enum err e = url_resolve(base, buf_str(&b), ret, why);
    buf_done(&b);
    return e;
}

/* Does it begin with a scheme? */
static bool is_absolute(const char *url)
{
    size_t n = strcspn(url, ":/?#");
    return url[n] == ':';
}

static enum err resolve_url(const struct manifest_text *m, const char *path, const char *url,
                            char **ret, struct why *why)
{
    struct clean room;
    if (!m->base && !is_absolute(url)) {
        return fail(why, ERR_USAGE,
                    "manifest: entry '%s' has a relative URL: say with --base-url where it begins",
                    clean(path, &room));
    }
    struct why reason;
    enum err e = url_resolve(m->base ? m->base : NO_BASE, url, ret, &reason);
    return e ? bad_entry(path, reason.text, why) : OK;
}

static void add_url(struct listing_entry *e, char *take_url)
{
    size_t n = 0;
    while (e->other_urls && e->other_urls[n])
        n++;
    if (!e->url) {
        e->url = take_url;
        return;
    }
    e->other_urls = mem_resize(e->other_urls, (n + 2) * sizeof(*e->other_urls));
    e->other_urls[n] = take_url;
    e->other_urls[n + 1] = NULL;
}

/* The first is the file's own, the others are mirrors of it. */
static enum err read_urls(const struct manifest_text *m, const struct json *urls,
                          struct listing_entry *e, struct why *why)
{
    if (!json_is_array(urls)) return bad_entry(e->path, "its 'urls' is no array", why);
    if (json_count(urls) > URLS_MAX) return bad_entry(e->path, "it has more than 64 'urls'", why);
    for (const struct json *u = json_first(urls); u; u = json_next(u)) {
        const char *text = json_string(u);
        if (!text) return bad_entry(e->path, "one of its 'urls' is no string", why);
        char *url = NULL;
        enum err err = resolve_url(m, e->path, text, &url, why);
        if (err) return err;
        add_url(e, url);
    }
    return OK;
}

/* Where the bytes come from when no URL is listed: --base-url, else the repo, else beside the
 * manifest. */
static enum err set_default_url(const struct source *s, const struct manifest_text *m,
                                struct listing_entry *e, struct why *why)
{
    if (!m->base_is_told && s->repo && s->listing.commit) return OK; // resolve.c makes it
    if (m->base && (m->base_is_told || !s->repo)) {
        struct why reason;
        enum err err = manifest_url_below(m->base, e->path, &e->url, &reason);
        return err ? bad_entry(e->path, reason.text, why) : OK;
    }
    return bad_entry(e->path,
                     s->repo ? "it has no 'urls', and without a 'commit' the repo is moving"
                             : "it has no 'urls' and there is no --base-url",
                     why);
}

static enum err read_facts(const struct json *item, struct listing_entry *e, struct why *why)
{
    const struct json *size = json_get(item, "size");
    if (!is_absent(size) && !json_u64(size, &e->size)) {
        return bad_entry(e->path, "its 'size' is no size", why);
    }
    const struct json *digest = json_get(item, "digest");
    const char *text = json_string(digest);
    if (!is_absent(digest) && (!text || !digest_parse(text, strlen(text), &e->digest))) {
        return bad_entry(e->path,
                         "its 'digest' is not 'sha256:' and 64 or 'git-sha1:' and 40 hex "
                         "digits",
                         why);
    }
    if (!is_absent(json_get(item, "encoding"))) { // its bytes are others than the digest's
        return bad_entry(e->path, "its 'encoding' is one that this version does not read", why);
    }
    return OK;
}

static enum err read_entry(struct source *s, const struct manifest_text *m, const struct json *item,
                           struct why *why)
{
    static const char *const KNOWN[] = {"path", "size", "digest", "urls", "encoding", NULL};
    const char *path = json_string(json_get(item, "path"));
    if (!path) {
        return fail(why, ERR_REFUSED, "manifest: entry %zu has no 'path'", s->listing.count + 1);
    }
    struct why reason;
    if (path_check(path, &reason) != OK) {
        return fail(why, ERR_REFUSED, "manifest: %s", reason.text);
    }
    struct listing_entry *e = listing_add(&s->listing, path);
    if (!e) return fail(why, ERR_REFUSED, "manifest: more than %d files", (int)LISTING_MAX_ENTRIES);
    warn_unknown(s, item, KNOWN, "a file of the manifest");
    enum err err = read_facts(item, e, why);
    const struct json *urls = json_get(item, "urls");
    if (!err && !is_absent(urls)) err = read_urls(m, urls, e, why);
    if (!err && !e->url) err = set_default_url(s, m, e, why);
    return err;
}

/* ---- the whole ---- */

/* `source` is a repo that files without URLs come from, or just a note of where they once did. */
static enum err read_source(struct source *s, const struct json *source, struct why *why)
{
    if (is_absent(source)) return OK;
    const char *text = json_string(source);
    if (!text) return fail(why, ERR_REFUSED, "manifest: 'source' is no string");
    if (!str_starts(text, "hf://") || !s->endpoint.text) return OK;
    const struct source_hint hint = {.endpoint = s->endpoint.text};
    struct source_spec spec = {0};
    struct why reason;
    if (source_spec_parse(text, &hint, &spec, &reason) != OK) {
        return fail(why, ERR_REFUSED, "manifest: %s", reason.text);
    }
    s->repo_type = spec.repo_type;
    s->repo = TAKE(spec.repo);
    s->revision = TAKE(spec.revision);
    source_spec_done(&spec);
    return OK;
}

static enum err read_head(struct source *s, const struct json *root, struct why *why)
{
    uint64_t schema = 0;
    if (!json_u64(json_get(root, "schema"), &schema) || schema != SCHEMA) {
        return fail(why, ERR_REFUSED, "manifest: its 'schema' is not %d", SCHEMA);
    }
    const struct json *commit = json_get(root, "commit");
    if (!is_absent(commit) && !commit_is_hex(json_string(commit))) {
        return fail(why, ERR_REFUSED, "manifest: its 'commit' is no commit of 40 hex digits");
    }
    if (!is_absent(commit)) s->listing.commit = mem_strdup(json_string(commit));
    return read_source(s, json_get(root, "source"), why);
}

enum err manifest_read(struct source *s, const struct manifest_text *m, struct why *why)
{
    static const char *const KNOWN[] = {"schema", "source", "commit", "files", NULL};
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    struct why reason;
    if (m->len > JSON_MAX_BYTES) return fail(why, ERR_REFUSED, "manifest: larger than 64 MiB");
    enum err e = json_parse(m->text, m->len, &doc, &reason);
    if (e) return fail(why, e, "manifest: %s", reason.text);

    const struct json *root = json_root(doc);
    warn_unknown(s, root, KNOWN, "the manifest");
    e = read_head(s, root, why);
    if (e) return e;
    const struct json *files = json_get(root, "files");
    if (!json_is_array(files)) return fail(why, ERR_REFUSED, "manifest: its 'files' is no array");
    for (const struct json *item = json_first(files); item && !e; item = json_next(item))
        e = read_entry(s, m, item, why);
    return e;
}
