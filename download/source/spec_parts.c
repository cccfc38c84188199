#include "download/source/spec_parts.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"
#include "download/source/url.h"

void hub_parts_done(struct hub_parts *p)
{
    mem_free(p->repo);
    mem_free(p->revision);
    mem_free(p->path);
    *p = (struct hub_parts){0};
}

/* ---- pieces ---- */

/* Decoded copy; NULL on a bad escape. */
static char *decoded(const char *s, size_t len)
{
    char *text = mem_new(len + 1);
    if (url_decode(s, len, text)) return text;
    mem_free(text);
    return NULL;
}

/* Length of the revision at `s`: up to the next '/', but refs/pr/N and refs/convert/NAME whole. */
static size_t revision_len(const char *s)
{
    static const char *const SPECIAL[] = {"refs/pr/", "refs/convert/"};
    for (size_t i = 0; i < ARRAY_LEN(SPECIAL); i++) {
        size_t n = strlen(SPECIAL[i]);
        if (str_starts(s, SPECIAL[i])) return n + strcspn(s + n, "/");
    }
    return strcspn(s, "/");
}

static const char *take_revision(const char *s, size_t len, struct hub_parts *ret)
{
    ret->revision = decoded(s, len);
    if (!ret->revision) return "its revision holds a bad percent escape";
    return len == 0 ? "its revision is empty" : NULL;
}

/* Moves behind "models/", "datasets/" or "spaces/"; false when none stands there. */
static bool take_type(const char **s, struct hub_parts *ret)
{
    for (enum repo_type t = REPO_MODEL; t <= REPO_SPACE; t++) {
        const char *word = repo_type_plural(t);
        size_t n = strlen(word);
        if (!str_starts(*s, word) || (*s)[n] != '/') continue;
        ret->type = t;
        ret->has_type = true;
        *s += n + 1;
        return true;
    }
    return false;
}

/* ---- ORG/NAME[@REV] ---- */

const char *hub_parts_of_short(const char *text, struct hub_parts *ret)
{
    size_t repo = strcspn(text, "@");
    ret->repo = mem_strndup(text, repo);
    return text[repo] ? take_revision(text + repo + 1, strlen(text + repo + 1), ret) : NULL;
}

/* ---- hf:// ---- */

/* Three parts before any '@' whose first looks like a type; `dataset/x` is a repo of "dataset". */
static const char *wrong_type(const char *text)
{
    static const struct {
        const char *word, *rule;
    } WRONG[] = {
        {"model/", "did you mean 'hf://models/…'?"},
        {"dataset/", "did you mean 'hf://datasets/…'?"},
        {"space/", "did you mean 'hf://spaces/…'?"},
        {"kernels/", "the type 'kernels' is not known; it is models, datasets or spaces"},
        {"buckets/", "the type 'buckets' is not known; it is models, datasets or spaces"},
    };
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        if (!str_starts(text, WRONG[i].word)) continue;
        const char *rest = text + strlen(WRONG[i].word);
        return rest[strcspn(rest, "/@")] == '/' ? WRONG[i].rule : NULL;
    }
    return NULL;
}

const char *hub_parts_of_uri(const char *text, struct hub_parts *ret)
{
    const char *rest = text;
    if (!take_type(&rest, ret) && wrong_type(text)) return wrong_type(text);

    size_t first = strcspn(rest, "/@");
    size_t repo = first;
    if (rest[first] == '/') repo += 1 + strcspn(rest + first + 1, "/@");
    ret->repo = mem_strndup(rest, repo);
    rest += repo;
    if (*rest == '@') {
        size_t len = revision_len(++rest);
        const char *rule = take_revision(rest, len, ret);
        if (rule) return rule;
        rest += len;
    }
    if (*rest == '/' && rest[1]) ret->path = mem_strdup(rest + 1);
    return NULL;
}

/* ---- pages of the Hub ---- */

/* The path of `url` below the Hub that shows it, without its first '/'; NULL: no Hub of ours. */
static const char *hub_path(const char *url, const char *endpoint)
{
    static const char *const PUBLIC[] = {"huggingface.co", "www.huggingface.co", "hf.co"};
    struct url u;
    struct url ep;
    if (url_parse(url, &u, NULL) != OK) return NULL;
    if (endpoint && url_parse(endpoint, &ep, NULL) == OK && url_same_origin(&u, &ep)) {
        size_t n = strlen(ep.path);
        while (n > 0 && ep.path[n - 1] == '/')
            n--;
        bool below = strncmp(u.path, ep.path, n) == 0 && (u.path[n] == '/' || !u.path[n]);
        if (below) return u.path + n;
    }
    for (size_t i = 0; i < ARRAY_LEN(PUBLIC); i++) {
        if (str_eq(u.host, PUBLIC[i])) return u.path;
    }
    return NULL;
}

static bool is_view(const char *segment, size_t len)
{
    static const char *const VIEWS[] = {"tree", "blob", "resolve", "raw"};
    for (size_t i = 0; i < ARRAY_LEN(VIEWS); i++) {
        if (len == strlen(VIEWS[i]) && strncmp(segment, VIEWS[i], len) == 0) return true;
    }
    return false;
}

/* What follows the repo: "", or "/VIEW/REV[/PATH]". */
static const char *take_view(const char *rest, struct hub_parts *ret)
{
    static const char NO_REPO[] = "this page shows no repo and no file";
    if (!*rest || str_eq(rest, "/")) return NULL;
    size_t view = strcspn(rest + 1, "/");
    bool tree = strncmp(rest + 1, "tree", view) == 0;
    if (!is_view(rest + 1, view)) return NO_REPO;
    rest += 1 + view;
    if (*rest != '/' || !rest[1]) return NO_REPO;
    size_t len = revision_len(++rest);
    const char *rule = take_revision(rest, len, ret);
    if (rule) return rule;
    rest += len;
    if (!*rest || !rest[1]) return tree ? NULL : NO_REPO;
    SCOPED(mem_freep) char *path = decoded(rest + 1, strlen(rest + 1));
    if (!path) return "its path holds a bad percent escape";
    ret->path = tree && !str_ends(path, "/") ? mem_printf("%s/", path) : mem_strdup(path);
    return NULL;
}

static const char *take_page(const char *path, struct hub_parts *ret)
{
    static const char *const SITE[] = {"api/", "settings/", "join", "login", "docs/", "blog/"};
    for (size_t i = 0; i < ARRAY_LEN(SITE); i++) {
        if (str_starts(path, SITE[i])) return "this page shows no repo and no file";
    }
    take_type(&path, ret);
    ret->has_type = true; // a page says it by having no prefix
    size_t repo = strcspn(path, "/");
    const char *second = path[repo] ? path + repo + 1 : path + repo;
    size_t second_len = strcspn(second, "/");
    if (second_len > 0 && !is_view(second, second_len)) repo += 1 + second_len;
    ret->repo = decoded(path, repo);
    if (!ret->repo || repo == 0) return "this page shows no repo and no file";
    return take_view(path + repo, ret);
}

bool hub_parts_of_url(const char *url, const char *endpoint, struct hub_parts *ret,
                      const char **ret_rule)
{
    SCOPED(mem_freep) char *clear = NULL; // without dot segments
    if (url_resolve(url, "", &clear, NULL) != OK) return false;
    clear[strcspn(clear, "?")] = '\0';
    const char *path = hub_path(clear, endpoint);
    if (!path) return false;
    *ret_rule = take_page(*path == '/' ? path + 1 : path, ret);
    return true;
}
