/* One pass over the text, without recursion: a stack of open containers, at most JSON_MAX_DEPTH.
 * Keys of open objects are kept decoded and lower-cased in one arena; when an object closes, its
 * keys are sorted and neighbours compared, which stays O(n log n) for hostile input too. */
#include "download/base/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/buf.h"
#include "download/base/json.h"
#include "download/base/json_text.h"
#include "download/base/mem.h"
#include "download/base/str.h"

struct key {
    uint64_t hash;
    uint32_t arena_at; // decoded, lower-cased bytes: arena[arena_at .. arena_at + len)
    uint32_t len;
    uint32_t text_at; // where its quote is in the text
};

struct container {
    bool is_object;
    size_t first_key; // keys[first_key..key_count) are this object's while it is on top
    size_t arena_at;
};

struct scan {
    const char *text;
    size_t len;
    size_t at;
    const char *broken; // the rule, NULL so far
    bool no_memory;
    bool fold_keys;
    size_t values;
    size_t depth;
    struct container open[JSON_MAX_DEPTH];
    struct buf arena;
    struct key *keys;
    size_t key_count;
    size_t key_cap;
    struct json_numbers numbers;
};

static bool broken(struct scan *s, const char *rule)
{
    s->broken = rule;
    return false;
}

static bool no_memory(struct scan *s)
{
    s->no_memory = true;
    return false;
}

/* Room for one more item; NULL when there is no memory and `items` stays. */
static void *grown(void *items, size_t count, size_t *cap, size_t item_bytes)
{
    if (count < *cap) return items;
    size_t more = *cap ? *cap * 2 : 64;
    void *bigger = mem_try_resize(items, more * item_bytes);
    if (bigger) *cap = more;
    return bigger;
}

/* The byte at the position, 0 at the end (a NUL in the text is no part of any rule either). */
static char peek(const struct scan *s)
{
    return s->at < s->len ? s->text[s->at] : '\0';
}

static void skip_space(struct scan *s)
{
    char c = peek(s);
    while (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
        s->at++;
        c = peek(s);
    }
}

static bool take_string(struct scan *s, struct buf *ret)
{
    const char *rule = json_text_take(s->text, s->len, &s->at, ret);
    return rule ? broken(s, rule) : true;
}

/* ---- keys ---- */

static int key_order(const void *pa, const void *pb, void *arena)
{
    const struct key *a = pa;
    const struct key *b = pb;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    const char *bytes = arena;
    return memcmp(bytes + a->arena_at, bytes + b->arena_at, a->len);
}

/* Lower-cases the key in the arena if `fold`; FNV-1a on the way (only to sort fast: equal is
 * memcmp). */
static uint64_t fold_and_hash(char *s, size_t len, bool fold)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < len; i++) {
        if (fold && s[i] >= 'A' && s[i] <= 'Z') s[i] = (char)(s[i] - 'A' + 'a');
        hash = (hash ^ (unsigned char)s[i]) * UINT64_C(0x100000001B3);
    }
    return hash;
}

static bool take_key(struct scan *s)
{
    skip_space(s);
    if (peek(s) != '"') return broken(s, "expected a key in quotes");
    struct key *keys = grown(s->keys, s->key_count, &s->key_cap, sizeof(*keys));
    if (!keys) return no_memory(s);
    s->keys = keys;

    size_t text_at = s->at;
    size_t arena_at = s->arena.len;
    if (!take_string(s, &s->arena)) return false;
    if (s->arena.overflowed) return no_memory(s);
    size_t len = s->arena.len - arena_at;
    keys[s->key_count++] = (struct key){
        .hash = fold_and_hash(s->arena.data + arena_at, len, s->fold_keys),
        .arena_at = (uint32_t)arena_at,
        .len = (uint32_t)len,
        .text_at = (uint32_t)text_at,
    };

    skip_space(s);
    if (peek(s) != ':') return broken(s, "expected ':' after a key");
    s->at++;
    return true;
}

static bool keys_differ(struct scan *s, const struct container *object)
{
    size_t count = s->key_count - object->first_key;
    if (count < 2) return true;
    struct key *keys = s->keys + object->first_key;
    qsort_r(keys, count, sizeof(*keys), key_order, s->arena.data);
    for (size_t i = 1; i < count; i++) {
        if (key_order(&keys[i - 1], &keys[i], s->arena.data) != 0) continue;
        uint32_t a = keys[i - 1].text_at;
        uint32_t b = keys[i].text_at;
        s->at = a > b ? a : b;
        return broken(s, "key appears twice in one object (case does not count)");
    }
    return true;
}

/* ---- values ---- */

static size_t take_digits(struct scan *s)
{
    size_t from = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at - from;
}

static bool take_number(struct scan *s)
{
    size_t from = s->at;
    if (peek(s) == '-') s->at++;
    bool zero = peek(s) == '0';
    size_t digits = take_digits(s);
    if (digits == 0 || (zero && digits > 1)) return broken(s, "number of a wrong form");
    bool integer = true;
    if (peek(s) == '.') {
        integer = false;
        s->at++;
        if (take_digits(s) == 0) return broken(s, "number of a wrong form");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        integer = false;
        s->at++;
        if (peek(s) == '+' || peek(s) == '-') s->at++;
        if (take_digits(s) == 0) return broken(s, "number of a wrong form");
    }
    if (s->at - from > JSON_MAX_NUMBER) return broken(s, "number too long");

    struct json_numbers *list = &s->numbers;
    uint64_t *values = grown(list->values, list->count, &list->cap, sizeof(*values));
    if (!values) return no_memory(s);
    list->values = values;
    uint64_t value = JSON_NO_INTEGER;
    if (integer && !str_u64_n(s->text + from, s->at - from, INT64_MAX, &value)) {
        value = JSON_NO_INTEGER;
    }
    values[list->count++] = value;
    return true;
}

static bool take_word(struct scan *s)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        size_t n = strlen(WORDS[i]);
        if (s->len - s->at < n || memcmp(s->text + s->at, WORDS[i], n) != 0) continue;
        s->at += n;
        return true;
    }
    return broken(s, s->at == s->len ? "text ends early" : "expected a value");
}

static bool close_container(struct scan *s)
{
    const struct container *c = &s->open[--s->depth];
    if (c->is_object && !keys_differ(s, c)) return false;
    s->at++;
    s->key_count = c->first_key;
    s->arena.len = c->arena_at;
    return true;
}

/* Stops before the first member's value with `*ret_has_members`, or behind an empty container. */
static bool open_container(struct scan *s, bool *ret_has_members)
{
    bool is_object = peek(s) == '{';
    if (s->depth == JSON_MAX_DEPTH) return broken(s, "nested too deeply");
    s->open[s->depth++] = (struct container){
        .is_object = is_object,
        .first_key = s->key_count,
        .arena_at = s->arena.len,
    };
    s->at++;
    skip_space(s);
    *ret_has_members = peek(s) != (is_object ? '}' : ']');
    if (!*ret_has_members) return close_container(s);
    return !is_object || take_key(s);
}

/* Behind a value: closes what ends here, then stops before the next value or at depth 0. */
static bool next_value(struct scan *s)
{
    while (s->depth > 0) {
        bool is_object = s->open[s->depth - 1].is_object;
        skip_space(s);
        if (peek(s) == ',') {
            s->at++;
            return !is_object || take_key(s);
        }
        if (s->at == s->len) return broken(s, "text ends early");
        if (peek(s) != (is_object ? '}' : ']')) return broken(s, "expected ',' or the end");
        if (!close_container(s)) return false;
    }
    return true;
}

static bool take_value(struct scan *s)
{
    bool has_members = false;
    if (++s->values > JSON_MAX_VALUES) return broken(s, "too many values");
    skip_space(s);
    char c = peek(s);
    bool ok = false;
    if (c == '{' || c == '[') {
        ok = open_container(s, &has_members);
    } else if (c == '"') {
        ok = take_string(s, NULL);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        ok = take_number(s);
    } else {
        ok = take_word(s);
    }
    return ok && (has_members || next_value(s));
}

static bool take_document(struct scan *s)
{
    do {
        if (!take_value(s)) return false;
    } while (s->depth > 0);
    skip_space(s);
    return s->at == s->len || broken(s, "bytes after the value");
}

static enum err refuse(const struct scan *s, struct why *why)
{
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < s->at && i < s->len; i++) {
        bool ends = s->text[i] == '\n';
        line += ends;
        column = ends ? 1 : column + 1;
    }
    return fail(why, ERR_REFUSED, "invalid JSON at %zu:%zu: %s", line, column, s->broken);
}

enum err json_scan(const char *text, size_t len, enum json_keys keys, struct json_numbers *ret,
                   struct why *why)
{
    if (len > JSON_MAX_BYTES) {
        return fail(why, ERR_REFUSED, "JSON of %zu bytes, more than %d", len, JSON_MAX_BYTES);
    }
    struct scan s = {.text = text, .len = len, .fold_keys = keys == JSON_KEYS_FOLDED};
    buf_init(&s.arena, len); // decoding never lengthens
    bool ok = take_document(&s);
    buf_done(&s.arena);
    mem_free(s.keys);
    if (ok) {
        *ret = s.numbers;
        return OK;
    }
    mem_free(s.numbers.values);
    if (s.no_memory) return fail(why, ERR_MEMORY, "no memory for JSON of %zu bytes", len);
    return refuse(&s, why);
}
