/* json.h - the one strict JSON profile (RFC 8259, narrower) over cJSON, and the encoder.
 * cJSON alone truncates at \u0000, folds key case, takes the first duplicate, rounds integers to
 * doubles, accepts trailing bytes and invalid UTF-8. So a scan goes first: UTF-8 (RFC 3629), depth
 * at most JSON_MAX_DEPTH, no NUL (raw or escaped), no lone surrogates, no raw control bytes, JSON
 * number form, no duplicate and no case-variant keys within an object, nothing after the value.
 * Integers are exact: taken from the token's text, never from a double.
 * Documents are immutable; any thread, one at a time. cJSON lives in json.c alone. */
#ifndef SHARDFETCH_BASE_JSON_H
#define SHARDFETCH_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/buf.h"
#include "download/base/err.h"
#include "download/base/scoped.h"

enum {
    JSON_MAX_DEPTH = 32,
    JSON_MAX_BYTES = 64 * 1024 * 1024, // decoded size of the largest document we read
};
#define JSON_MAX_INTEGER UINT64_C(9007199254740992) // 2^53, exact in every consumer

struct json_doc; // owns everything reached from it
struct json;     // a value inside a document, borrowed

/* ERR_REFUSED with line:column and the rule that was broken. */
NODISCARD enum err json_parse(const char *text, size_t len, struct json_doc **ret, struct why *why);
void json_doc_free(struct json_doc *d);
SCOPED_FREE(struct json_doc, json_doc)
const struct json *json_root(const struct json_doc *d);

/* All accept NULL (and then answer "no"), so look-ups chain. */
bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_null(const struct json *v);
/* Exact, case-sensitive. NULL when absent or `v` is no object. */
const struct json *json_get(const struct json *v, const char *key);
const char *json_string(const struct json *v);      // NULL when not a string
bool json_u64(const struct json *v, uint64_t *ret); // false: no integer in [0, INT64_MAX]
bool json_bool(const struct json *v, bool *ret);
/* First member of an array or object, the next one, and a member's key (NULL in arrays). */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v);
size_t json_count(const struct json *v);

/* Encoder: appends a quoted string. Escapes `"`, `\`, everything below 0x20, 0x7f–0x9f, bidi and
 * other format characters (U+200B–200F, U+202A–202E, U+2060–2069, U+FEFF); invalid UTF-8 becomes
 * U+FFFD. Returns false when something had to be replaced. */
bool json_add_string(struct buf *b, const char *s, size_t len);
/* ,"key":"value" etc.; no comma right after `{` or `[`. NULL values print null. */
void json_add_key(struct buf *b, const char *key);
void json_add_str_field(struct buf *b, const char *key, const char *value);
void json_add_u64_field(struct buf *b, const char *key, uint64_t value);
void json_add_bool_field(struct buf *b, const char *key, bool value);
void json_add_null_field(struct buf *b, const char *key);

#endif
