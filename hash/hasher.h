/* hasher.h - a digest being computed over a stream of bytes, one row of ops per kind.
 * One thread at a time; ownership may move between threads. SHA-256 states can be saved and
 * restored at 64-byte boundaries (40 bytes: H0..H7 then the byte count, big-endian; FIPS 180-4).
 * A restored state is believed: whoever keeps one guards it (the journal's checksums). */
#ifndef SHARDFETCH_HASH_HASHER_H
#define SHARDFETCH_HASH_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash/digest.h"

enum { HASHER_STATE_BYTES = 40 };

struct hasher;

/* `total_bytes` is the size of the whole file (git's header needs it; sha256 ignores it).
 * NULL for DIGEST_NONE or when the library refuses. */
struct hasher *hasher_new(enum digest_kind kind, uint64_t total_bytes);
void hasher_free(struct hasher *h); // NULL is fine
enum digest_kind hasher_kind(const struct hasher *h);
/* Bytes of the file fed so far (git's header not counted). */
uint64_t hasher_bytes(const struct hasher *h);
bool hasher_update(struct hasher *h, const void *data, size_t len);
/* Ends the stream; the hasher may then only be freed (all else answers false). */
bool hasher_finish(struct hasher *h, struct digest *ret);
/* False: not SHA-256, or not at a multiple of 64 bytes. */
bool hasher_save(const struct hasher *h, uint8_t ret_state[HASHER_STATE_BYTES]);
/* NULL: a byte count that is no multiple of 64, or beyond SHA-256's own limit of 2^61 - 1. */
struct hasher *hasher_restore(const uint8_t state[HASHER_STATE_BYTES]);

/* "3.0.19": of OpenSSL at run time. */
void hasher_library_version(char *ret, size_t size);

#endif
