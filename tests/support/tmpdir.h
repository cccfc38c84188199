/* tmpdir.h - a directory of a test's own, and files in it. Failing to make or fill one ends the
 * process: no test can go on without. */
#ifndef SHARDFETCH_TESTS_TMPDIR_H
#define SHARDFETCH_TESTS_TMPDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/scoped.h"

/* A new empty directory below $TMPDIR (or /tmp): its absolute path, freed and removed by
 * tmpdir_free. */
char *tmpdir_new(void);
/* Removes the whole tree, read-only directories included, following no symlink. NULL is fine. */
void tmpdir_free(char *dir);
void tmpdir_freep(char **dir); // for SCOPED

/* Writes a file, making its parents. */
void tmpdir_put(const char *dir, const char *rel, const void *data, size_t len);
void tmpdir_put_text(const char *dir, const char *rel, const char *text);
/* The whole file with a NUL behind it (mem_free), NULL when it cannot be read. */
char *tmpdir_get(const char *dir, const char *rel, size_t *ret_len);
bool tmpdir_has(const char *dir, const char *rel); // lstat: dangling symlinks count
/* Size of a regular file; -1 when it is none. */
int64_t tmpdir_size(const char *dir, const char *rel);
bool tmpdir_sha256(const char *dir, const char *rel, char ret_hex[65]);
/* Regular files below `rel` ("" = all), however deep. */
size_t tmpdir_count(const char *dir, const char *rel);
/* True when some regular file below contains the text: for "the token is nowhere on disk". */
bool tmpdir_contains(const char *dir, const char *text);

#endif
