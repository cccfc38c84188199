/* Listings (hub.md §1.2): model info, tree with pages, paths-info. */
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

enum { PAGE_ENTRIES = 1000, EXPANDED_ENTRIES = 50, PATHS_MAX = 1000 };

#define JSON_TYPE "application/json; charset=utf-8"

static void add_lfs(struct buf *b, const struct hub_file *f)
{
    if (!f->lfs) return;
    SCOPED(mem_freep) char *pointer = hub_file_pointer(f);
    buf_addf(b, ",\"lfs\":{\"oid\":\"%s\",\"size\":%llu,\"pointerSize\":%zu}", f->sha256,
             (unsigned long long)f->content.size, strlen(pointer));
}

static void add_expanded(struct buf *b, const struct hub_commit *c)
{
    buf_addf(b,
             ",\"lastCommit\":{\"id\":\"%s\",\"title\":\"Upload\",\"date\":"
             "\"2024-09-05T18:00:00.000Z\"},\"securityFileStatus\":{\"status\":\"safe\"}",
             c->sha);
}

static void add_entry(struct buf *b, const struct hub_file *f, const struct hub_commit *expand)
{
    buf_addf(b, "{\"type\":\"file\",\"oid\":\"%s\",\"size\":%llu", f->oid,
             (unsigned long long)f->content.size);
    add_lfs(b, f);
    buf_adds(b, ",\"path\":");
    text_add_json(b, f->path);
    if (expand) add_expanded(b, expand);
    buf_addc(b, '}');
}

static void add_directory(struct buf *b, const char *path)
{
    char oid[SHA1_HEX];
    text_git_oid(path, oid);
    buf_addf(b, "{\"type\":\"directory\",\"oid\":\"%s\",\"size\":0,\"path\":", oid);
    text_add_json(b, path);
    buf_addc(b, '}');
}

/* ---- model info ---- */

void hub_reply_info(struct hub *h, const struct hub_target *t, const struct hub_repo *repo,
                    const struct hub_commit *c, struct hub_reply *r)
{
    (void)h;
    SCOPED(mem_freep) char *blobs = text_query(t->query, "blobs");
    hub_reply_text(r, 200, JSON_TYPE, "{\"_id\":\"66d9f0a5c3b5d2e8f1a4b7c6\",\"id\":");
    struct buf *b = &r->text;
    text_add_json(b, repo->id);
    buf_addf(b, ",\"private\":%s,\"gated\":%s,\"disabled\":false,\"sha\":\"%s\"",
             repo->hidden ? "true" : "false", repo->gated ? "\"auto\"" : "false", c->sha);
    buf_adds(b, ",\"lastModified\":\"2024-09-05T18:00:00.000Z\",\"tags\":[],\"siblings\":[");
    for (size_t i = 0; i < c->count; i++) {
        const struct hub_file *f = c->files[i];
        buf_adds(b, i ? ",{\"rfilename\":" : "{\"rfilename\":");
        text_add_json(b, f->path);
        if (text_is_true(blobs)) {
            buf_addf(b, ",\"size\":%llu,\"blobId\":\"%s\"", (unsigned long long)f->content.size,
                     f->oid);
            add_lfs(b, f);
        }
        buf_addc(b, '}');
    }
    buf_adds(b, "]}");
    hub_reply_set(r, "X-Repo-Commit", "%s", c->sha);
}

/* ---- tree ---- */

/* Walks the entries of a listing in order: files, and each directory before what is in it. */
struct tree_page {
    struct buf *out;
    const char *base; // listed directory with a final slash, "" = all
    bool recursive;
    const struct hub_commit *expand; // NULL = plain entries
    size_t from, to;                 // entries wanted
    size_t seen;
};

/* Counts an entry; true when it is on the page. */
static bool page_wants(struct tree_page *p)
{
    size_t n = p->seen++;
    if (n < p->from || n >= p->to) return false;
    if (n > p->from) buf_addc(p->out, ',');
    return true;
}

/* Directories of `path` below the base that the previous file was not in. */
static void page_directories(struct tree_page *p, const char *path, const char *previous)
{
    const char *rest = path + strlen(p->base);
    for (const char *slash = strchr(rest, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        bool known = previous && strncmp(previous, path, len + 1) == 0;
        if (!known && page_wants(p)) {
            SCOPED(mem_freep) char *name = mem_strndup(path, len);
            add_directory(p->out, name);
        }
        if (!p->recursive) return;
    }
}

static void page_fill(struct tree_page *p, const struct hub_commit *c)
{
    const char *previous = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const struct hub_file *f = c->files[i];
        if (strncmp(f->path, p->base, strlen(p->base)) != 0) continue;
        page_directories(p, f->path, previous);
        previous = f->path;
        bool direct = !strchr(f->path + strlen(p->base), '/');
        if ((p->recursive || direct) && page_wants(p)) add_entry(p->out, f, p->expand);
    }
}

static size_t number_of(const char *query, const char *key, size_t other)
{
    SCOPED(mem_freep) char *text = text_query(query, key);
    size_t n = 0;
    if (!text || !*text) return other;
    for (const char *p = text; *p >= '0' && *p <= '9' && n < 1000000000; p++) {
        n = 10 * n + (size_t)(*p - '0');
    }
    return n;
}

static size_t page_size(const struct hub *h, const char *query, bool expand)
{
    size_t most = h->opt.page_size ? h->opt.page_size : PAGE_ENTRIES;
    if (expand && !h->opt.page_size) most = EXPANDED_ENTRIES;
    size_t asked = number_of(query, "limit", most);
    return asked > 0 && asked < most ? asked : most;
}

/* An absolute URL, as the Hub sends it; a mirror's still names the original host. */
static void set_next(struct hub *h, const struct hub_target *t, const struct tree_page *p,
                     bool expand, struct hub_reply *r)
{
    struct buf url;
    buf_init(&url, HUB_BODY_MAX);
    buf_addf(&url, "%s/api/%s/", h->opt.link_host ? h->opt.link_host : h->endpoint,
             hub_kind_name(t->kind));
    text_add_percent(&url, t->id, true);
    buf_adds(&url, "/tree/");
    text_add_percent(&url, t->rev, false);
    if (*t->path) {
        buf_addc(&url, '/');
        text_add_percent(&url, t->path, false);
    }
    buf_addf(&url, "?recursive=%s&expand=%s&limit=%zu&cursor=%zu", p->recursive ? "true" : "false",
             expand ? "true" : "false", p->to - p->from, p->to);
    hub_reply_set(r, "Link", "<%s>; rel=\"next\"", buf_str(&url));
    buf_done(&url);
}

void hub_reply_tree(struct hub *h, const struct hub_target *t, const struct hub_commit *c,
                    struct hub_reply *r)
{
    SCOPED(mem_freep) char *recursive = text_query(t->query, "recursive");
    SCOPED(mem_freep) char *expanded = text_query(t->query, "expand");
    SCOPED(mem_freep) char *base = *t->path ? mem_printf("%s/", t->path) : mem_strdup("");
    bool expand = text_is_true(expanded);
    size_t from = number_of(t->query, "cursor", 0);

    hub_reply_text(r, 200, JSON_TYPE, "[");
    struct tree_page p = {.out = &r->text,
                          .base = base,
                          .recursive = text_is_true(recursive),
                          .expand = expand ? c : NULL,
                          .from = from,
                          .to = from + page_size(h, t->query, expand)};
    page_fill(&p, c);
    buf_addc(&r->text, ']');
    if (*t->path && p.seen == 0) {
        hub_reply_error(r, 404, "EntryNotFound", "%s does not exist on \"%s\"", t->path, t->rev);
        return;
    }
    hub_reply_set(r, "X-Repo-Commit", "%s", c->sha);
    if (p.seen > p.to) set_next(h, t, &p, expand, r);
}

/* ---- paths-info ---- */

static void add_path(struct buf *out, const char *path, const struct hub_commit *c)
{
    const struct hub_file *f = hub_commit_file(c, path);
    if (!f) return;
    if (out->len > 1) buf_addc(out, ',');
    add_entry(out, f, NULL);
}

/* "paths=a&paths=b" as Python sends it. */
static void add_form_paths(const char *body, const struct hub_commit *c, struct buf *out)
{
    int left = PATHS_MAX;
    for (const char *p = body; *p && left-- > 0;) {
        SCOPED(mem_freep) char *path = text_query(p, "paths");
        if (!path) return;
        for (char *plus = strchr(path, '+'); plus; plus = strchr(plus, '+')) {
            *plus = ' ';
        }
        add_path(out, path, c);
        const char *here = strstr(p, "paths=");
        p = here ? here + strcspn(here, "&") : "";
        if (*p) p++;
    }
}

/* {"paths":["a","b"]} as huggingface.js sends it; names with escapes are not looked for. */
static void add_json_paths(const char *body, const struct hub_commit *c, struct buf *out)
{
    const char *p = strstr(body, "\"paths\"");
    p = p ? strchr(p, '[') : NULL;
    for (; p && *p != ']' && *p; p++) {
        if (*p != '"') continue;
        size_t len = strcspn(p + 1, "\"");
        SCOPED(mem_freep) char *path = mem_strndup(p + 1, len);
        add_path(out, path, c);
        p += len + 1;
        if (!*p) return;
    }
}

void hub_reply_paths(const struct hub_request *q, const struct hub_commit *c, struct hub_reply *r)
{
    if (strcmp(q->method, "POST") != 0) {
        hub_reply_error(r, 405, NULL, "Method not allowed");
        return;
    }
    hub_reply_text(r, 200, JSON_TYPE, "[");
    if (q->body[0] == '{') {
        add_json_paths(q->body, c, &r->text);
    } else {
        add_form_paths(q->body, c, &r->text);
    }
    buf_addc(&r->text, ']');
}
