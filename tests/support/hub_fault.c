#include "tests/support/hub_fault.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_text.h"

static const char *const route_names[] = {
    [HUB_ANY] = "any",         [HUB_INFO] = "info",   [HUB_TREE] = "tree", [HUB_PATHS] = "paths",
    [HUB_RESOLVE] = "resolve", [HUB_SMALL] = "small", [HUB_CDN] = "cdn",   [HUB_OTHER] = "other",
};

const char *hub_route_name(enum hub_route r)
{
    return route_names[r];
}

static bool route_parse(const char *word, enum hub_route *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(route_names); i++) {
        if (strcmp(word, route_names[i]) != 0) continue;
        *ret = (enum hub_route)i;
        return true;
    }
    return false;
}

/* #3  #2-4  #2+  ##3 */
static bool when_parse(const char *word, struct hub_fault *f)
{
    word += strspn(word, "#") == 2 ? (f->count_all = true, 2) : 1;
    char *end = NULL;
    unsigned long first = strtoul(word, &end, 10);
    unsigned long last = first;
    if (end == word || first == 0) return false;
    if (*end == '+') {
        last = UINT32_MAX;
        end++;
    } else if (*end == '-') {
        last = strtoul(end + 1, &end, 10);
    }
    f->first = (unsigned)first;
    f->last = (unsigned)last;
    return *end == '\0' && last >= first;
}

enum value { FLAG, NUMBER, UNSIGNED, TEXT };

/* How an action is written and which member it sets. */
static const struct action {
    const char *name;
    enum value value;
    size_t member;
} actions[] = {
    {"status", UNSIGNED, offsetof(struct hub_fault, status)},
    {"header", TEXT, offsetof(struct hub_fault, headers)},
    {"body", TEXT, offsetof(struct hub_fault, body)},
    {"location", TEXT, offsetof(struct hub_fault, location)},
    {"content-range", TEXT, offsetof(struct hub_fault, content_range)},
    {"etag", TEXT, offsetof(struct hub_fault, etag)},
    {"encoding", TEXT, offsetof(struct hub_fault, encoding)},
    {"hang-up", FLAG, offsetof(struct hub_fault, hang_up)},
    {"ignore-range", FLAG, offsetof(struct hub_fault, ignore_range)},
    {"as-200", FLAG, offsetof(struct hub_fault, as_200)},
    {"chunked", FLAG, offsetof(struct hub_fault, chunked)},
    {"length", NUMBER, offsetof(struct hub_fault, length)},
    {"delay", NUMBER, offsetof(struct hub_fault, delay_ms)},
    {"stall", NUMBER, offsetof(struct hub_fault, stall_at)},
    {"close", NUMBER, offsetof(struct hub_fault, close_at)},
    {"reset", NUMBER, offsetof(struct hub_fault, reset_at)},
    {"flip", NUMBER, offsetof(struct hub_fault, flip_at)},
    {"rate", NUMBER, offsetof(struct hub_fault, rate)},
    {"drip", NUMBER, offsetof(struct hub_fault, drip)},
};

static const struct action *action_find(const char *word, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (strlen(actions[i].name) == len && strncmp(actions[i].name, word, len) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static bool number_parse(const char *text, uint64_t *ret)
{
    char *end = NULL;
    *ret = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

/* NAME or NAME=VALUE; the value is decoded in place, so it lives with the caller's words. */
static bool action_parse(char *word, struct hub_fault *f)
{
    size_t len = strcspn(word, "=");
    const struct action *a = action_find(word, len);
    bool has_value = word[len] == '=';
    if (!a || has_value != (a->value != FLAG)) return false;
    char *member = (char *)f + a->member;
    char *text = word + len + (has_value ? 1 : 0);
    uint64_t n = 1;
    bool flag = true;

    switch (a->value) {
    case TEXT: {
        SCOPED(mem_freep) char *decoded = text_unpercent(text, strlen(text));
        memcpy(text, decoded, strlen(decoded) + 1); // never longer
        memcpy(member, &text, sizeof(text));
        return true;
    }
    case FLAG: memcpy(member, &flag, sizeof(flag)); return true;
    case NUMBER:
        if (!number_parse(text, &n)) return false;
        memcpy(member, &n, sizeof(n));
        return true;
    case UNSIGNED: {
        if (!number_parse(text, &n) || n > 999) return false;
        unsigned small = (unsigned)n;
        memcpy(member, &small, sizeof(small));
        return true;
    }
    }
    return false;
}

enum err hub_fault_parse(const char *spec, struct hub_fault *ret, char **ret_text, struct why *why)
{
    SCOPED(mem_freep) char *text = mem_strdup(spec);
    struct hub_fault f = HUB_FAULT_NONE;
    char *rest = NULL;
    const char *route = strtok_r(text, " ", &rest);
    if (!route || !route_parse(route, &f.route)) {
        return fail(why, ERR_USAGE, "'%s': no such route", spec);
    }
    f.glob = strtok_r(NULL, " ", &rest);
    if (!f.glob) return fail(why, ERR_USAGE, "'%s': no path", spec);
    size_t count = 0;
    for (char *word; (word = strtok_r(NULL, " ", &rest)); count++) {
        bool fine = *word == '#' ? when_parse(word, &f) : action_parse(word, &f);
        if (!fine) return fail(why, ERR_USAGE, "'%s': cannot read '%s'", spec, word);
    }
    if (count == 0) return fail(why, ERR_USAGE, "'%s': nothing to do", spec);
    *ret = f;
    *ret_text = TAKE(text);
    return OK;
}
