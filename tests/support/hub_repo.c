#include "tests/support/hub_repo.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

enum { COMMIT_TEXT_MAX = 1 << 30 };

static const char *const kind_names[HUB_KINDS] = {"models", "datasets", "spaces"};

const char *hub_kind_name(enum hub_kind k)
{
    return kind_names[k];
}

/* Room for one more in a growing array, by doubling. */
static void *grown(void *array, size_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0) return array;
    return mem_resize(array, (count ? 2 * count : 1) * size);
}

static void commit_free(struct hub_commit *c)
{
    mem_free(c->files);
    mem_free(c);
}

static void repo_free(struct hub_repo *r)
{
    for (size_t i = 0; i < r->commit_count; i++) {
        commit_free(r->commits[i]);
    }
    for (size_t i = 0; i < r->ref_count; i++) {
        mem_free(r->refs[i].name);
    }
    for (size_t i = 0; i < r->grant_count; i++) {
        mem_free(r->grants[i]);
    }
    mem_free(r->commits);
    mem_free(r->refs);
    mem_free(r->grants);
    mem_free(r->moved_to);
    mem_free(r->id);
    mem_free(r);
}

void hub_store_done(struct hub_store *s)
{
    for (size_t i = 0; i < s->repo_count; i++) {
        repo_free(s->repos[i]);
    }
    for (size_t i = 0; i < s->file_count; i++) {
        content_done(&s->files[i]->content);
        mem_free(s->files[i]->path);
        mem_free(s->files[i]);
    }
    mem_free(s->repos);
    mem_free(s->files);
    *s = (struct hub_store){0};
}

/* ---- repos and refs ---- */

enum hub_kind hub_repo_split(const char *name, const char **ret_id)
{
    for (enum hub_kind k = HUB_MODELS; k < HUB_KINDS; k++) {
        size_t n = strlen(kind_names[k]);
        if (strncmp(name, kind_names[k], n) == 0 && name[n] == '/') {
            *ret_id = name + n + 1;
            return k;
        }
    }
    *ret_id = name;
    return HUB_MODELS;
}

struct hub_repo *hub_repo_find(const struct hub_store *s, enum hub_kind kind, const char *id)
{
    for (size_t i = 0; i < s->repo_count; i++) {
        struct hub_repo *r = s->repos[i];
        if (r->kind == kind && strcmp(r->id, id) == 0) return r;
    }
    return NULL;
}

struct hub_repo *hub_repo_get(struct hub_store *s, const char *name)
{
    const char *id = NULL;
    enum hub_kind kind = hub_repo_split(name, &id);
    struct hub_repo *r = hub_repo_find(s, kind, id);
    if (r) return r;

    r = mem_new(sizeof(*r));
    *r = (struct hub_repo){.kind = kind, .id = mem_strdup(id)};
    s->repos = grown(s->repos, s->repo_count, sizeof(struct hub_repo *));
    s->repos[s->repo_count++] = r;
    (void)hub_repo_commit_files(r, NULL, 0, NULL, NULL);
    return r;
}

const struct hub_commit *hub_repo_commit(const struct hub_repo *r, const char *rev)
{
    if (strcmp(rev, "HEAD") == 0) rev = "main"; // huggingface.js asks so for model info
    for (size_t i = 0; i < r->ref_count; i++) {
        if (strcmp(r->refs[i].name, rev) == 0) return r->refs[i].commit;
    }
    for (size_t i = 0; i < r->commit_count; i++) {
        if (strcmp(r->commits[i]->sha, rev) == 0) return r->commits[i];
    }
    return NULL;
}

void hub_repo_set_ref(struct hub_repo *r, const char *ref, const struct hub_commit *c)
{
    for (size_t i = 0; i < r->ref_count; i++) {
        if (strcmp(r->refs[i].name, ref) == 0) {
            r->refs[i].commit = c;
            return;
        }
    }
    r->refs = grown(r->refs, r->ref_count, sizeof(*r->refs));
    r->refs[r->ref_count++] = (struct hub_ref){.name = mem_strdup(ref), .commit = c};
}

void hub_repo_grant(struct hub_repo *r, const char *token)
{
    r->grants = grown(r->grants, r->grant_count, sizeof(char *));
    r->grants[r->grant_count++] = mem_strdup(token);
}

bool hub_repo_granted(const struct hub_repo *r, const char *token)
{
    for (size_t i = 0; token && i < r->grant_count; i++) {
        if (strcmp(r->grants[i], token) == 0) return true;
    }
    return false;
}

/* ---- commits ---- */

static int by_path(const void *a, const void *b)
{
    const struct hub_file *const *x = a;
    const struct hub_file *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

const struct hub_file *hub_commit_file(const struct hub_commit *c, const char *path)
{
    size_t from = 0;
    for (size_t to = c->count; from < to;) {
        size_t mid = from + (to - from) / 2;
        int order = strcmp(c->files[mid]->path, path);
        if (order == 0) return c->files[mid];
        if (order < 0) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return NULL;
}

static void commit_name(struct hub_commit *c, const struct hub_repo *r, const char *sha)
{
    struct buf text;
    buf_init(&text, COMMIT_TEXT_MAX);
    buf_addf(&text, "%s/%s %zu\n", hub_kind_name(r->kind), r->id, r->commit_count);
    for (size_t i = 0; i < c->count; i++) {
        buf_addf(&text, "%s %s\n", c->files[i]->oid, c->files[i]->path);
    }
    if (sha) {
        memcpy(c->sha, sha, SHA1_HEX - 1);
    } else {
        text_git_oid(buf_str(&text), c->sha);
    }
    buf_done(&text);
}

const struct hub_commit *hub_repo_commit_files(struct hub_repo *r, struct hub_file *const *with,
                                               size_t count, const char *without, const char *sha)
{
    const struct hub_commit *old = hub_repo_commit(r, "main");
    size_t old_count = old ? old->count : 0;
    struct hub_commit *c = mem_new(sizeof(*c));
    c->files = mem_array(old_count + count + 1, sizeof(struct hub_file *));
    if (count > 0) memcpy(c->files, with, count * sizeof(struct hub_file *));
    c->count = count;
    qsort(c->files, c->count, sizeof(struct hub_file *), by_path);

    struct hub_commit fresh = {.files = c->files, .count = count};
    for (size_t i = 0; i < old_count; i++) {
        const char *path = old->files[i]->path;
        if (hub_commit_file(&fresh, path) || (without && strcmp(path, without) == 0)) continue;
        c->files[c->count++] = old->files[i];
    }
    qsort(c->files, c->count, sizeof(struct hub_file *), by_path);
    commit_name(c, r, sha);

    r->commits = grown(r->commits, r->commit_count, sizeof(struct hub_commit *));
    r->commits[r->commit_count++] = c;
    hub_repo_set_ref(r, "main", c);
    return c;
}
