#include "download/plan/path.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path_fold.h"

static enum err refuse(const char *path, const char *rule, struct why *why)
{
    struct clean room;
    return fail(why, ERR_REFUSED, "unsafe name '%s': %s", clean(path, &room), rule);
}

/* The rule that one component breaks, or NULL. */
static const char *component_fault(const char *s, size_t len)
{
    if (len == 0) return "it has an empty component";
    if (len == 1 && s[0] == '.') return "it has a '.' component";
    if (len == 2 && s[0] == '.' && s[1] == '.') return "it has a '..' component";
    if (len > PATH_COMPONENT_MAX) return "a component is longer than 255 bytes";
    return NULL;
}

/* The rule that the bytes break, or NULL. */
static const char *text_fault(const char *path, size_t len)
{
    while (len > 0) {
        uint32_t c = 0;
        size_t n = str_utf8_next(path, len, &c);
        if (n == 0) return "it is not valid UTF-8";
        if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return "it holds a control character";
        if (c == '\\') return "it holds a backslash";
        path += n;
        len -= n;
    }
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Our partials, journals and metadata live there (contract.md, "Where files go"). Compared without
 * case, because some targets do not know it. */
static const char *state_fault(const char *path)
{
    static const char STATE[] = ".cache/huggingface";
    if (str_eq_nocase(path, ".cache") || str_eq_nocase(path, STATE)) {
        return "our own state directory has that name (leave it out with --exclude)";
    }
    if (str_starts_nocase(path, STATE) && path[sizeof(STATE) - 1] == '/') {
        return "it is in our own state directory (leave it out with --exclude "
               "'.cache/huggingface/*')";
    }
    return NULL;
}

static const char *path_fault(const char *path)
{
    size_t len = strlen(path);
    if (len == 0) return "it is empty";
    if (len > PATH_TOTAL_MAX) return "it is longer than 4000 bytes";
    const char *fault = text_fault(path, len);
    if (fault) return fault;
    if (path[0] == '/') return "it is absolute";
    if (path[len - 1] == '/') return "it ends in '/'";
    if (is_letter(path[0]) && path[1] == ':') return "it begins with a drive";
    for (const char *p = path;; p++) {
        size_t n = strcspn(p, "/");
        fault = component_fault(p, n);
        if (fault) return fault;
        p += n;
        if (!*p) break;
    }
    return state_fault(path);
}

enum err path_check(const char *path, struct why *why)
{
    const char *fault = path_fault(path);
    return fault ? refuse(path, fault, why) : OK;
}

/* ---- all together ---- */

struct named {
    const char *key;  // what is compared: the path or its fold
    const char *path; // as the source wrote it
};

/* Byte order with '/' before everything else, so that all of `a/…` follows `a` at once. */
static int compare_keys(const void *va, const void *vb)
{
    const struct named *a = va;
    const struct named *b = vb;
    const unsigned char *p = (const unsigned char *)a->key;
    const unsigned char *q = (const unsigned char *)b->key;
    while (*p && *p == *q) {
        p++;
        q++;
    }
    if (*p == *q) return 0;
    if (!*p || !*q) return *p ? 1 : -1;
    if (*p == '/' || *q == '/') return *p == '/' ? -1 : 1;
    return *p < *q ? -1 : 1;
}

static bool is_above(const char *dir, const char *path)
{
    size_t n = strlen(dir);
    return str_starts(path, dir) && path[n] == '/';
}

/* The first neighbours whose keys are the same or file and directory: the second one, or NULL. */
static const struct named *find_clash(struct named *all, size_t count)
{
    qsort(all, count, sizeof(*all), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (str_eq(all[i - 1].key, all[i].key) || is_above(all[i - 1].key, all[i].key)) {
            return &all[i];
        }
    }
    return NULL;
}

static enum err refuse_pair(const struct named *second, const char *rule, struct why *why)
{
    struct clean a;
    struct clean b;
    return fail(why, ERR_REFUSED, "unsafe names '%s' and '%s': %s", clean(second[-1].path, &a),
                clean(second->path, &b), rule);
}

static enum err check_exact(struct named *all, size_t count, struct why *why)
{
    const struct named *clash = find_clash(all, count);
    if (!clash) return OK;
    if (str_eq(clash[-1].path, clash->path)) {
        return refuse(clash->path, "it is listed twice", why);
    }
    return refuse_pair(clash, "one is a file and a directory", why);
}

static enum err check_folded(struct named *all, size_t count, enum path_twins twins,
                             const char **ret_twin, struct why *why)
{
    size_t folded = 0;
    for (; folded < count; folded++) {
        char *key = path_fold(all[folded].path);
        if (!key) break;
        all[folded].key = key;
    }
    enum err e = OK;
    const struct named *clash = NULL;
    if (folded < count) {
        e = fail(why, ERR_MEMORY, "no memory to compare %zu names", count);
    } else {
        clash = find_clash(all, count);
    }
    if (clash && twins == PATH_TWINS_REFUSED) {
        e = refuse_pair(clash, "the target cannot tell them apart", why);
    }
    if (!e) *ret_twin = clash ? clash->path : NULL;
    for (size_t i = 0; i < count; i++) {
        char *key = NULL;
        if (all[i].key != all[i].path) memcpy(&key, &all[i].key, sizeof(key)); // ours: drop const
        mem_free(key);
    }
    return e;
}

enum err path_check_all(const char *const *paths, size_t count, enum path_twins twins,
                        const char **ret_twin, struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        enum err e = path_check(paths[i], why);
        if (e) return e;
    }
    SCOPED(mem_freep) struct named *all = mem_try(count * sizeof(*all));
    if (!all) return fail(why, ERR_MEMORY, "no memory to compare %zu names", count);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct named){.key = paths[i], .path = paths[i]};
    enum err e = check_exact(all, count, why);
    return e ? e : check_folded(all, count, twins, ret_twin, why);
}
