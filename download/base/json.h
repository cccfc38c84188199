/* json.h - the one strict JSON profile (RFC 8259, narrower) over cJSON, and the encoder.
 * cJSON alone truncates at \u0000, folds key case, takes the first duplicate, rounds integers to
 * doubles, accepts trailing bytes and invalid UTF-8. So a scan goes first: UTF-8 (RFC 3629), depth
 * at most JSON_MAX_DEPTH, no NUL (raw or escaped), no lone surrogates, no raw control bytes, JSON
 * number form of at most JSON_MAX_NUMBER characters, no duplicate and no case-variant (ASCII) keys
 * within an object, at most JSON_MAX_VALUES values, nothing after the value; O(n log n) whatever
 * the input. Integers are exact: taken from the token's text, never from a double. Documents are
 * immutable; any thread, one at a time. cJSON lives in json.c alone. */
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
    // a listing of 100,000 files has 1.1 million; each costs about 150 bytes
    JSON_MAX_VALUES = 2 * 1024 * 1024,
    JSON_MAX_NUMBER = 63, // characters; what cJSON's buffer for one number holds
};
#define JSON_MAX_INTEGER UINT64_C(9007199254740992) // 2^53, exact in every consumer

struct json_doc; // owns everything reached from it
struct json;     // a value inside a document, borrowed

/* ERR_REFUSED with line:column (bytes, from 1) and the rule that was broken; ERR_MEMORY. `text`
 * need not end in NUL and is not needed afterwards. */
NODISCARD enum err json_parse(const char *text, size_t len, struct json_doc **ret, struct why *why);
enum json_keys {
    JSON_KEYS_FOLDED, // `size` and `Size` in one object: refused
    JSON_KEYS_EXACT, // two keys: for names of files, and for replies with people's own keys in them
};
/* json_parse is the folded one. */
NODISCARD enum err json_parse_keys(const char *text, size_t len, enum json_keys keys,
                                   struct json_doc **ret, struct why *why);
void json_doc_free(struct json_doc *d);
SCOPED_FREE(struct json_doc, json_doc)
const struct json *json_root(const struct json_doc *d);

/* All accept NULL (and then answer "no"), so look-ups chain. */
bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_null(const struct json *v);
/* Exact, case-sensitive, one walk over the members. NULL when absent or `v` is no object. */
const struct json *json_get(const struct json *v, const char *key);
const char *json_string(const struct json *v);      // NULL when not a string
bool json_u64(const struct json *v, uint64_t *ret); // false: no integer token in [0, INT64_MAX]
bool json_bool(const struct json *v, bool *ret);
/* First member of an array or object, the next one, and a member's key (NULL in arrays). */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v);
size_t json_count(const struct json *v);

/* Encoder: appends a quoted string. Escapes `"`, `\`, everything below 0x20, 0x7f–0x9f, and what is
 * invisible, turns text around or breaks lines (U+00AD, U+061C, U+180E, U+200B–200F, U+2028–202E,
 * U+2060–206F, U+FEFF, U+FFF9–FFFB, U+E0000–E007F); a byte that is no UTF-8 becomes U+FFFD. Returns
 * false when something had to be replaced. */
bool json_add_string(struct buf *b, const char *s, size_t len);
/* ,"key":"value" etc.; no comma right after `{` or `[` or in an empty buffer. NULL values print
 * null. */
void json_add_key(struct buf *b, const char *key);
void json_add_str_field(struct buf *b, const char *key, const char *value);
void json_add_u64_field(struct buf *b, const char *key, uint64_t value);
void json_add_bool_field(struct buf *b, const char *key, bool value);
void json_add_null_field(struct buf *b, const char *key);

/* "1.7.15": of cJSON at run time. */
void json_library_version(char *ret, size_t size);

#endif
