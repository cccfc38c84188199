/* content.h - the bytes of one file of the embedded hub: a part held in memory, then generated or
 * read from a file. Immutable once made, so any thread may read. Digests come from OpenSSL
 * directly, on purpose: the program's own digests are among what is tested. */
#ifndef SHARDFETCH_TESTS_CONTENT_H
#define SHARDFETCH_TESTS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA1_HEX = 41, SHA256_HEX = 65 };

/* [0, head_len) is `head`; [head_len, size) is the file `fd` at the same offsets when fd >= 0, else
 * generated: 8-byte words that are a pure function of (seed, offset). */
struct content {
    char *head; // owned
    size_t head_len;
    uint64_t size;
    uint64_t seed;
    int fd; // owned, -1 = none
};

struct content content_of_bytes(const void *data, size_t len);
struct content content_of_text(char *take_text, size_t len);
/* Takes `fd`. */
struct content content_of_file(int fd, uint64_t size);
/* `take_head` may be NULL. */
struct content content_generated(char *take_head, size_t head_len, uint64_t size, uint64_t seed);
void content_done(struct content *c);

/* Fills `buf` with [offset, offset + len), which must lie inside; false when the file fails. */
bool content_read(const struct content *c, uint64_t offset, void *buf, size_t len);
bool content_sha256(const struct content *c, char ret_hex[SHA256_HEX]);
/* Git blob id: SHA-1 of "blob <size>\0" and the bytes. */
bool content_git_oid(const struct content *c, char ret_hex[SHA1_HEX]);

/* Digests of text, for ids that only have to look real. */
void text_sha256(const char *text, char ret_hex[SHA256_HEX]);
void text_git_oid(const char *text, char ret_hex[SHA1_HEX]);
/* HMAC-SHA256 as hex. */
void text_hmac(const char *key, const char *text, char ret_hex[SHA256_HEX]);
/* A seed from a seed and a name. */
uint64_t seed_of(uint64_t seed, const char *name);

#endif
