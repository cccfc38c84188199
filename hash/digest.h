/* digest.h - which digest a file is expected to have, and how it is written.
 * A digest is its bytes; text is only parsed (strictly) and printed, never used as a path or
 * compared. Pure, any thread; `bool` results, false = refused and nothing written. */
#ifndef SHARDFETCH_HASH_DIGEST_H
#define SHARDFETCH_HASH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest_kind {
    DIGEST_NONE = 0, // the source gives none
    DIGEST_SHA256,   // FIPS 180-4, "sha256:" + 64 lower-case hex digits
    DIGEST_GIT_SHA1, // SHA-1 of "blob <size>\0" + bytes (git blob id), "git-sha1:" + 40 hex digits
};

enum {
    DIGEST_MAX_BYTES = 32,
    DIGEST_HEX_MAX = 2 * DIGEST_MAX_BYTES + 1,
    DIGEST_TEXT_MAX = sizeof("git-sha1:") - 1 + DIGEST_HEX_MAX,
};

struct digest {
    enum digest_kind kind;
    uint8_t bytes[DIGEST_MAX_BYTES]; // the first digest_size(kind) count, the others are 0
};

/* 32, 20, 0. */
size_t digest_size(enum digest_kind kind);
/* "sha256", "git-sha1", "none". */
const char *digest_name(enum digest_kind kind);
/* Exactly "NAME:HEX", lower case, right length, nothing after it. */
bool digest_parse(const char *text, size_t len, struct digest *ret);
/* Exactly the hex digits of `kind` (upper case accepted only where a source's format allows it:
 * `digest_parse_hex_any_case`). */
bool digest_parse_hex(enum digest_kind kind, const char *hex, size_t len, struct digest *ret);
bool digest_parse_hex_any_case(enum digest_kind kind, const char *hex, size_t len,
                               struct digest *ret);
/* "sha256:…"; "" for DIGEST_NONE. */
void digest_print(const struct digest *d, char ret_text[DIGEST_TEXT_MAX]);
/* Hex digits only; "" for DIGEST_NONE. */
void digest_print_hex(const struct digest *d, char ret_hex[DIGEST_HEX_MAX]);
/* DIGEST_NONE is equal to nothing, itself included: no digest is never a match. */
bool digest_equal(const struct digest *a, const struct digest *b);

#endif
