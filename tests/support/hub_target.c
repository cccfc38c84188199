/* Paths of the Hub (hub.md §1.2, §1.3) taken apart. Revisions are one segment, percent-encoded;
 * repo ids have one or two, so the word after them tells. */
#include <stdlib.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

/* The rest of a path, and how to take segments off its front. */
struct walk {
    const char *at;
    const char *end;
};

static bool next_segment(struct walk *w, const char **ret, size_t *ret_len)
{
    if (w->at >= w->end || *w->at != '/') return false;
    const char *start = w->at + 1;
    const char *slash = memchr(start, '/', (size_t)(w->end - start));
    *ret = start;
    *ret_len = (size_t)((slash ? slash : w->end) - start);
    w->at = start + *ret_len;
    return *ret_len > 0;
}

static char *take_segment(struct walk *w)
{
    const char *s = NULL;
    size_t len = 0;
    return next_segment(w, &s, &len) ? text_unpercent(s, len) : NULL;
}

/* Takes the segment when it is this word. */
static bool take_word(struct walk *w, const char *word)
{
    struct walk ahead = *w;
    const char *s = NULL;
    size_t len = 0;
    if (!next_segment(&ahead, &s, &len)) return false;
    if (len != strlen(word) || memcmp(s, word, len) != 0) return false;
    *w = ahead;
    return true;
}

static bool take_kind(struct walk *w, enum hub_kind *ret)
{
    for (enum hub_kind k = HUB_MODELS; k < HUB_KINDS; k++) {
        if (take_word(w, hub_kind_name(k))) {
            *ret = k;
            return true;
        }
    }
    return false;
}

static void take_rest(struct walk *w, struct hub_target *t)
{
    if (w->at < w->end) w->at++; // the slash
    mem_free(t->path);
    t->path = text_unpercent(w->at, (size_t)(w->end - w->at));
}

/* One segment, then a second unless `is_verb` knows it. */
static bool take_id(struct walk *w, bool (*is_verb)(const char *), struct hub_target *t)
{
    SCOPED(mem_freep) char *first = take_segment(w);
    if (!first) return false;
    struct walk ahead = *w;
    SCOPED(mem_freep) char *second = take_segment(&ahead);
    if (!second || is_verb(second)) {
        t->id = TAKE(first);
        return true;
    }
    *w = ahead;
    t->id = mem_printf("%s/%s", first, second);
    return true;
}

static bool is_api_verb(const char *s)
{
    return strcmp(s, "tree") == 0 || strcmp(s, "revision") == 0 || strcmp(s, "paths-info") == 0;
}

static bool is_resolve(const char *s)
{
    return strcmp(s, "resolve") == 0;
}

static bool take_rev(struct walk *w, struct hub_target *t)
{
    char *rev = take_segment(w);
    if (!rev) return false;
    mem_free(t->rev);
    t->rev = rev;
    return true;
}

static enum hub_route parse_api(struct walk *w, struct hub_target *t)
{
    if (take_word(w, "resolve-cache")) {
        if (!take_kind(w, &t->kind) || !take_id(w, text_is_commit, t)) return HUB_OTHER;
        if (!take_rev(w, t)) return HUB_OTHER;
        take_rest(w, t);
        return HUB_SMALL;
    }
    if (!take_kind(w, &t->kind) || !take_id(w, is_api_verb, t)) return HUB_OTHER;
    if (w->at == w->end) return HUB_INFO;
    if (take_word(w, "revision")) return take_rev(w, t) ? HUB_INFO : HUB_OTHER;
    if (take_word(w, "paths-info")) return take_rev(w, t) ? HUB_PATHS : HUB_OTHER;
    if (!take_word(w, "tree") || !take_rev(w, t)) return HUB_OTHER;
    take_rest(w, t);
    return HUB_TREE;
}

static enum hub_route parse_endpoint(struct walk *w, struct hub_target *t)
{
    if (take_word(w, "api")) return parse_api(w, t);
    if (!take_kind(w, &t->kind)) t->kind = HUB_MODELS;
    if (!take_id(w, is_resolve, t) || !take_word(w, "resolve")) return HUB_OTHER;
    if (!take_rev(w, t)) return HUB_OTHER;
    take_rest(w, t);
    return HUB_RESOLVE;
}

/* /xet-bridge-us/NUMBER/XETHASH */
static enum hub_route parse_cdn(const struct hub *h, struct walk *w, struct hub_target *t)
{
    if (!take_word(w, "xet-bridge-us")) return HUB_OTHER;
    SCOPED(mem_freep) char *number = take_segment(w);
    SCOPED(mem_freep) char *xet = take_segment(w);
    if (!number || !xet) return HUB_OTHER;
    t->file_id = strtoull(number, NULL, 16);
    if (t->file_id >= h->store.file_count) return HUB_OTHER;
    const struct hub_file *f = h->store.files[t->file_id];
    if (strcmp(f->xet, xet) != 0) return HUB_OTHER;
    mem_free(t->path);
    t->path = mem_strdup(f->path);
    return HUB_CDN;
}

void hub_target_parse(const struct hub *h, const struct hub_request *q, struct hub_target *ret)
{
    size_t len = strcspn(q->target, "?");
    struct walk w = {.at = q->target, .end = q->target + len};
    *ret = (struct hub_target){.rev = mem_strdup("main"),
                               .path = mem_strdup(""),
                               .query = mem_strdup(q->target[len] ? q->target + len + 1 : "")};
    if (q->origin == HUB_AT_CDN) {
        ret->route = parse_cdn(h, &w, ret);
        return;
    }
    const char *prefix = h->opt.prefix ? h->opt.prefix : "";
    size_t skip = strlen(prefix);
    bool below = skip <= len && strncmp(q->target, prefix, skip) == 0;
    w.at += below ? skip : 0;
    ret->route = below ? parse_endpoint(&w, ret) : HUB_OTHER;
}

void hub_target_done(struct hub_target *t)
{
    mem_free(t->id);
    mem_free(t->rev);
    mem_free(t->path);
    mem_free(t->query);
}
