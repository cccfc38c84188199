#include "download/plan/select.h"

#include <string.h>

#include "download/base/clean.h"
#include "download/base/str.h"

static bool given(const char *const *list)
{
    return list && *list;
}

static bool any_glob(const char *const *patterns, const char *path)
{
    for (; *patterns; patterns++) {
        if (str_glob(*patterns, path)) return true;
    }
    return false;
}

/* ---- names ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The listed path that the user most likely meant, or NULL: the same file elsewhere, else the
 * fewest changed bytes, at most a third of the name. */
static const char *nearest(const struct listing *l, const char *name)
{
    size_t limit = strlen(name) / 3 + 1;
    const char *best = NULL;
    for (size_t i = 0; i < l->count; i++) {
        const char *path = l->entries[i].path;
        if (str_eq_nocase(base_name(path), base_name(name))) return path;
        size_t d = str_distance(name, path, limit);
        if (d > limit || (best && d == limit)) continue;
        limit = d;
        best = path;
    }
    return best;
}

/* Is `name` (without its slash) a directory of the listing? */
static bool is_directory(const struct listing *l, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < l->count; i++) {
        if (str_starts(l->entries[i].path, name) && l->entries[i].path[n] == '/') return true;
    }
    return false;
}

static enum err name_missing(const struct listing *l, const char *name, struct why *why)
{
    struct clean a;
    struct clean b;
    clean(name, &a);
    if (is_directory(l, name)) {
        return fail(why, ERR_NOT_FOUND, "'%s' is a directory: write '%s/' for all below it", a.text,
                    a.text);
    }
    const char *near = nearest(l, name);
    if (near) {
        return fail(why, ERR_NOT_FOUND, "no file '%s' there; did you mean '%s'?", a.text,
                    clean(near, &b));
    }
    return fail(why, ERR_NOT_FOUND, "no file '%s' among the %zu there", a.text, l->count);
}

/* Is there something that `name` or `dir/` selects? Marks it in `wanted` unless that is NULL. */
static bool mark_name(const struct listing *l, const char *name, bool *wanted)
{
    bool below = str_ends(name, "/");
    bool found = false;
    for (size_t i = 0; i < l->count; i++) {
        const char *path = l->entries[i].path;
        if (below ? !str_starts(path, name) : !str_eq(path, name)) continue;
        found = true;
        if (wanted) wanted[i] = true;
    }
    return found;
}

static enum err select_names(const char *const *names, const struct listing *l, bool *ret_wanted,
                             struct why *why)
{
    for (const char *const *name = names; *name; name++) {
        if (!mark_name(l, *name, NULL)) return name_missing(l, *name, why);
    }
    memset(ret_wanted, 0, l->count * sizeof(*ret_wanted));
    for (const char *const *name = names; *name; name++)
        mark_name(l, *name, ret_wanted);
    return OK;
}

/* ---- all ---- */

static enum err nothing_matched(const struct selection *s, const struct listing *l, struct why *why)
{
    struct clean a;
    if (given(s->include)) {
        return fail(why, ERR_NOT_FOUND, "none of the %zu files matches --include '%s'%s", l->count,
                    clean(s->include[0], &a), s->include[1] ? " or the others" : "");
    }
    return fail(why, ERR_NOT_FOUND, "--exclude '%s'%s leaves none of the %zu files",
                clean(s->exclude[0], &a), s->exclude[1] ? " with the others" : "", l->count);
}

static bool glob_wants(const struct selection *s, const char *path)
{
    if (given(s->include) && !any_glob(s->include, path)) return false;
    return !given(s->exclude) || !any_glob(s->exclude, path);
}

enum err select_files(const struct selection *s, const struct listing *l, bool *ret_wanted,
                      struct why *why)
{
    if (given(s->names)) return select_names(s->names, l, ret_wanted, why);
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++)
        count += glob_wants(s, l->entries[i].path);
    if (count == 0 && l->count > 0) return nothing_matched(s, l, why);
    for (size_t i = 0; i < l->count; i++)
        ret_wanted[i] = glob_wants(s, l->entries[i].path);
    return OK;
}
