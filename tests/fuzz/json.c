/* What the scan accepts cJSON parses to the same tree; a tree written out by our encoder parses
 * again and writes out the same; every member is found by its key. */
#include <string.h>

#include "download/base/json.h"
#include "tests/fuzz/must.h"

static void write_scalar(struct buf *b, const struct json *v)
{
    uint64_t n = 0;
    bool yes = false;
    const char *s = json_string(v);
    if (s) {
        MUST(json_add_string(b, s, strlen(s)));
    } else if (json_u64(v, &n)) {
        MUST(n <= INT64_MAX);
        buf_addf(b, "%llu", (unsigned long long)n);
    } else if (json_bool(v, &yes)) {
        buf_adds(b, yes ? "true" : "false");
    } else {
        buf_adds(b, json_is_null(v) ? "null" : "-1"); // a number that is no integer of ours
    }
}

/* Writes the start of `v`; a container stays open. */
static void write_start(struct buf *b, const struct json *v)
{
    if (json_is_object(v)) {
        buf_addc(b, '{');
    } else if (json_is_array(v)) {
        buf_addc(b, '[');
    } else {
        write_scalar(b, v);
    }
}

static void write_key_of(struct buf *b, const struct json *parent, const struct json *v)
{
    if (json_is_object(parent)) {
        MUST(json_get(parent, json_key(v)) == v);
        json_add_key(b, json_key(v));
    } else if (json_first(parent) != v) {
        buf_addc(b, ',');
    }
}

static void write_tree(struct buf *b, const struct json *root)
{
    const struct json *parents[JSON_MAX_DEPTH + 1];
    const struct json *members[JSON_MAX_DEPTH + 1]; // the next one to write
    size_t depth = 0;
    const struct json *v = root;
    while (v) {
        write_start(b, v);
        if (json_is_object(v) || json_is_array(v)) {
            MUST(depth < JSON_MAX_DEPTH);
            parents[depth] = v;
            members[depth++] = json_first(v);
        }
        while (depth > 0 && !members[depth - 1]) {
            depth--;
            buf_addc(b, json_is_object(parents[depth]) ? '}' : ']');
        }
        if (depth == 0) return;
        v = members[depth - 1];
        members[depth - 1] = json_next(v);
        write_key_of(b, parents[depth - 1], v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    SCOPED(json_doc_freep) struct json_doc *again = NULL;
    struct why why = {""};
    enum err e = json_parse((const char *)data, size, &doc, &why);
    MUST(e == OK || e == ERR_REFUSED);
    MUST((e == OK) == (doc != NULL));
    if (e) {
        MUST(strncmp(why.text, "invalid JSON at ", 16) == 0);
        return 0;
    }

    SCOPED(buf_done) struct buf first;
    SCOPED(buf_done) struct buf second;
    buf_init(&first, JSON_MAX_BYTES);
    buf_init(&second, JSON_MAX_BYTES);
    write_tree(&first, json_root(doc));
    MUST(json_parse(buf_str(&first), first.len, &again, &why) == OK);
    write_tree(&second, json_root(again));
    MUST(strcmp(buf_str(&first), buf_str(&second)) == 0);
    return 0;
}
