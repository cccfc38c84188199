/* sha256.h - SHA-256 (FIPS 180-4) with a state that can leave the process. Only hasher.c uses it.
 */
#ifndef SHARDFETCH_HASH_SHA256_H
#define SHARDFETCH_HASH_SHA256_H

#include "hash/hasher_ops.h"

extern const struct hasher_ops SHA256_OPS;

/* The chaining words; the caller has checked that the position is a multiple of 64. */
void sha256_save_words(const struct hasher *h, uint32_t ret_words[8]);
/* Puts a started hasher at `bytes`, a multiple of 64. */
void sha256_restore_words(struct hasher *h, const uint32_t words[8], uint64_t bytes);

#endif
