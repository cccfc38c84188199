/* str.h - small text questions: prefixes, strict numbers, globs, ASCII case. Locale-free, pure. */
#ifndef SHARDFETCH_BASE_STR_H
#define SHARDFETCH_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL is equal to NULL only; it starts and ends with nothing. */
bool str_eq(const char *a, const char *b);
/* ASCII letters only; never the locale's folding (Turkish i). */
bool str_eq_nocase(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
/* The same, ASCII letters in either case. */
bool str_starts_nocase(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_empty(const char *s); // NULL or ""
/* A whole decimal number: digits only (no sign, no spaces), at least one, at most `max`. */
bool str_u64(const char *s, uint64_t max, uint64_t *ret);
bool str_u64_n(const char *s, size_t len, uint64_t max, uint64_t *ret);
/* curl's size suffixes in either case: "50M", "1.5G", "100k" up to P (powers of 1024, a part of a
 * byte is dropped); plain numbers and "512b" are bytes. At most INT64_MAX. */
bool str_bytes(const char *s, uint64_t *ret_bytes);
/* True for 1, on, yes, true in any case (huggingface_hub's rule). */
bool str_truthy(const char *s);
/* Python's fnmatchcase: `*` (crosses `/`), `?` (one code point), `[a-z]`, `[!a-z]`, no escapes, an
 * unclosed `[` is itself; "dir/" means all below. At most strlen(pattern) * strlen(path) steps. */
bool str_glob(const char *pattern, const char *path);
/* Edit distance in bytes for "did you mean", at most `limit` (limit + 1 when farther). */
size_t str_distance(const char *a, const char *b, size_t limit);
/* Valid UTF-8 by RFC 3629 (no surrogates, no overlong forms, at most U+10FFFF). */
bool str_is_utf8(const char *s, size_t len);
/* Bytes of the code point at `s` (1 to 4, by the same rule); 0 when `len` is 0 or it is none. */
size_t str_utf8_next(const char *s, size_t len, uint32_t *ret_code_point);

#endif
