#include "download/source/repo_id.h"

#include <stdbool.h>
#include <string.h>

#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path.h"

enum { SEGMENT_MAX = 96, REVISION_MAX = 255 };

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* \b[\w\-.]{1,96}\b : begins and ends with a letter, digit or underscore. */
static const char *segment_fault(const char *s, size_t len)
{
    if (len == 0) return "a part of it is empty";
    if (len > SEGMENT_MAX) return "a part of it is longer than 96 characters";
    for (size_t i = 0; i < len; i++) {
        if (!is_word(s[i]) && s[i] != '-' && s[i] != '.') {
            return "it may hold letters, digits, '-', '_' and '.' only";
        }
    }
    if (!is_word(s[0]) || !is_word(s[len - 1]))
        return "a part of it begins or ends with '-' or '.'";
    return NULL;
}

/* The Hub's pages use these words as types, so nobody can be called so. */
static bool is_type(const char *id, size_t owner_len)
{
    static const char *const TYPES[] = {"models", "datasets", "spaces"};
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        if (strlen(TYPES[i]) == owner_len && str_starts(id, TYPES[i])) return true;
    }
    return false;
}

const char *repo_id_fault(const char *id)
{
    if (str_empty(id)) return "it is empty";
    const char *slash = strchr(id, '/');
    const char *name = slash ? slash + 1 : id;
    if (strchr(name, '/')) return "it has more than one '/'";
    const char *fault = slash ? segment_fault(id, (size_t)(slash - id)) : NULL;
    if (!fault) fault = segment_fault(name, strlen(name));
    if (fault) return fault;
    if (slash && is_type(id, (size_t)(slash - id))) {
        return "its first part is a type, not an owner; write 'hf://' before it if that is meant";
    }
    if (strstr(id, "--")) return "it holds '--'";
    if (strstr(id, "..")) return "it holds '..'";
    if (str_ends(id, ".git")) return "it ends in '.git'";
    return NULL;
}

const char *revision_fault(const char *rev)
{
    if (str_empty(rev)) return "it is empty";
    if (strlen(rev) > REVISION_MAX) return "it is longer than 255 bytes";
    if (strpbrk(rev, " ~^:?*[")) return "git allows no such name"; // git-check-ref-format
    if (path_check(rev, NULL) != OK) return "it is no safe name";
    return NULL;
}
