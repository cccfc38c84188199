#include "download/base/json.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "download/base/json_scan.h"
#include "download/base/mem.h"
#include "download/base/str.h"

/* A cJSON node. cJSON keeps no text of numbers, so json_parse puts the exact integer into the bits
 * of a number's `valuedouble` and whether it is one into `valueint`; nobody else reads the two. */
struct json {
    cJSON node;
};

struct json_doc {
    cJSON *root;
};

static const struct json *of(const cJSON *node)
{
    return (const struct json *)(const void *)node;
}

static void number_set(cJSON *node, uint64_t value)
{
    _Static_assert(sizeof(node->valuedouble) == sizeof(value), "the integer takes its place");
    node->valueint = value != JSON_NO_INTEGER;
    memcpy(&node->valuedouble, &value, sizeof(value));
}

/* Visits the tree in the order of the text, where the scan met the same numbers. False: cJSON saw
 * other numbers than the scan. */
static bool numbers_put(cJSON *root, const struct json_numbers *numbers)
{
    cJSON *up[JSON_MAX_DEPTH + 1];
    size_t depth = 0;
    size_t used = 0;
    for (cJSON *node = root; node;) {
        if (cJSON_IsNumber(node)) {
            if (used == numbers->count) return false;
            number_set(node, numbers->values[used++]);
        }
        if (node->child) {
            if (depth == JSON_MAX_DEPTH) return false;
            up[depth++] = node;
            node = node->child;
            continue;
        }
        while (!node->next && depth > 0)
            node = up[--depth];
        node = node->next;
    }
    return used == numbers->count;
}

/* ---- cJSON's memory is counted, too ---- */

static void *hook_new(size_t size)
{
    return mem_lib_new(MEM_JSON, size);
}

static pthread_once_t hooks_set = PTHREAD_ONCE_INIT;

static void set_hooks(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = hook_new, .free_fn = mem_free});
}

enum err json_parse(const char *text, size_t len, struct json_doc **ret, struct why *why)
{
    return json_parse_keys(text, len, JSON_KEYS_FOLDED, ret, why);
}

enum err json_parse_keys(const char *text, size_t len, enum json_keys keys, struct json_doc **ret,
                         struct why *why)
{
    struct json_numbers numbers = {0};
    enum err e = json_scan(text, len, keys, &numbers, why);
    if (e) return e;

    SCOPED(json_doc_freep) struct json_doc *doc = mem_new(sizeof(*doc));
    pthread_once(&hooks_set, set_hooks);
    doc->root = cJSON_ParseWithLength(text, len);
    bool same = doc->root && numbers_put(doc->root, &numbers);
    mem_free(numbers.values);
    // The scan is narrower than cJSON, so only memory can be missing here.
    if (!doc->root) return fail(why, ERR_MEMORY, "no memory for JSON of %zu bytes", len);
    if (!same) return fail(why, ERR_INTERNAL, "cJSON and the scan disagree");
    *ret = TAKE(doc);
    return OK;
}

void json_doc_free(struct json_doc *d)
{
    if (!d) return;
    cJSON_Delete(d->root);
    mem_free(d);
}

const struct json *json_root(const struct json_doc *d)
{
    return d ? of(d->root) : NULL;
}

bool json_is_object(const struct json *v)
{
    return v && cJSON_IsObject(&v->node);
}

bool json_is_array(const struct json *v)
{
    return v && cJSON_IsArray(&v->node);
}

bool json_is_null(const struct json *v)
{
    return v && cJSON_IsNull(&v->node);
}

const struct json *json_get(const struct json *v, const char *key)
{
    if (!json_is_object(v)) return NULL;
    const struct json *member = json_first(v);
    while (member && !str_eq(json_key(member), key))
        member = json_next(member);
    return member;
}

const char *json_string(const struct json *v)
{
    return v && cJSON_IsString(&v->node) ? v->node.valuestring : NULL;
}

bool json_u64(const struct json *v, uint64_t *ret)
{
    if (!v || !cJSON_IsNumber(&v->node) || !v->node.valueint) return false;
    memcpy(ret, &v->node.valuedouble, sizeof(*ret));
    return true;
}

bool json_bool(const struct json *v, bool *ret)
{
    if (!v || !cJSON_IsBool(&v->node)) return false;
    *ret = cJSON_IsTrue(&v->node);
    return true;
}

const struct json *json_first(const struct json *v)
{
    return v ? of(v->node.child) : NULL;
}

const struct json *json_next(const struct json *v)
{
    return v ? of(v->node.next) : NULL;
}

const char *json_key(const struct json *v)
{
    return v ? v->node.string : NULL;
}

size_t json_count(const struct json *v)
{
    size_t n = 0;
    for (const struct json *member = json_first(v); member; member = json_next(member))
        n++;
    return n;
}

void json_library_version(char *ret, size_t size)
{
    snprintf(ret, size, "%s", cJSON_Version());
}
