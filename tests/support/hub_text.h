/* hub_text.h - small text work of the embedded hub: percent coding, JSON strings, queries, globs.
 * Independent of the program's own parsers, which are what is tested. */
#ifndef SHARDFETCH_TESTS_HUB_TEXT_H
#define SHARDFETCH_TESTS_HUB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "download/base/buf.h"

/* Appends `s` as a quoted JSON string; bytes from 0x80 on as they are. */
void text_add_json(struct buf *b, const char *s);
/* Appends with everything but unreserved characters (and `/` when `keep_slash`) percent-encoded. */
void text_add_percent(struct buf *b, const char *s, bool keep_slash);
/* Decoded copy of s[0..len) (mem_free); "%" without two hex digits stays. */
char *text_unpercent(const char *s, size_t len);
/* Value of `key` in "a=b&c=d", decoded (mem_free); NULL when it is not there. */
char *text_query(const char *query, const char *key);
/* Copies the strings that are not NULL into one block (mem_free) and points the fields there. */
char *text_pack(const char **const *fields, size_t count);
bool text_is_commit(const char *s); // 40 lower-case hex digits
bool text_is_true(const char *s);   // "true", "True", "1"
/* fnmatch whose `*` crosses `/`; a NULL glob matches all, a NULL text none but that. */
bool text_glob(const char *glob, const char *text);

#endif
