#include "hash/hasher.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "hash/git_sha1.h"
#include "hash/hasher_ops.h"
#include "hash/sha256.h"

enum { SHA256_BLOCK = 64, SHA256_WORDS = 8 };

static const uint64_t SHA256_MAX_BYTES = UINT64_MAX >> 3; // FIPS 180-4 §1: below 2^64 bits

static const struct hasher_ops *const ROWS[] = {
    [DIGEST_NONE] = NULL,
    [DIGEST_SHA256] = &SHA256_OPS,
    [DIGEST_GIT_SHA1] = &GIT_SHA1_OPS,
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

struct hasher *hasher_new(enum digest_kind kind, uint64_t total_bytes)
{
    const struct hasher_ops *ops = (size_t)kind < ROW_COUNT ? ROWS[kind] : NULL;
    if (!ops) return NULL;
    struct hasher *h = OPENSSL_zalloc(ops->object_bytes);
    if (!h) return NULL;
    h->ops = ops;
    if (!ops->start(h, total_bytes)) {
        hasher_free(h);
        return NULL;
    }
    return h;
}

void hasher_free(struct hasher *h)
{
    if (!h) return;
    if (h->ops->clear) h->ops->clear(h);
    OPENSSL_free(h);
}

enum digest_kind hasher_kind(const struct hasher *h)
{
    return h->ops->kind;
}

uint64_t hasher_bytes(const struct hasher *h)
{
    return h->bytes;
}

bool hasher_update(struct hasher *h, const void *data, size_t len)
{
    if (h->finished || len > SHA256_MAX_BYTES - h->bytes) return false;
    if (len == 0) return true;
    if (!h->ops->update(h, data, len)) return false;
    h->bytes += len;
    return true;
}

bool hasher_finish(struct hasher *h, struct digest *ret)
{
    if (h->finished) return false;
    h->finished = true;
    struct digest d = {.kind = h->ops->kind};
    if (!h->ops->finish(h, d.bytes)) return false;
    *ret = d;
    return true;
}

static void put_be(uint8_t *to, uint64_t n, size_t bytes)
{
    for (; bytes > 0; n >>= 8)
        to[--bytes] = (uint8_t)(n & 0xFF);
}

static uint64_t get_be(const uint8_t *from, size_t bytes)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | from[i];
    return n;
}

bool hasher_save(const struct hasher *h, uint8_t ret_state[HASHER_STATE_BYTES])
{
    if (h->ops != &SHA256_OPS || h->finished || h->bytes % SHA256_BLOCK != 0) return false;
    uint32_t words[SHA256_WORDS];
    sha256_save_words(h, words);
    for (size_t i = 0; i < SHA256_WORDS; i++)
        put_be(ret_state + 4 * i, words[i], 4);
    put_be(ret_state + sizeof(words), h->bytes, sizeof(h->bytes));
    return true;
}

struct hasher *hasher_restore(const uint8_t state[HASHER_STATE_BYTES])
{
    uint32_t words[SHA256_WORDS];
    for (size_t i = 0; i < SHA256_WORDS; i++)
        words[i] = (uint32_t)get_be(state + 4 * i, 4);
    uint64_t bytes = get_be(state + sizeof(words), sizeof(bytes));
    if (bytes % SHA256_BLOCK != 0 || bytes > SHA256_MAX_BYTES) return NULL;

    struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    if (!h) return NULL;
    sha256_restore_words(h, words, bytes);
    h->bytes = bytes;
    return h;
}

void hasher_library_version(char *ret, size_t size)
{
    snprintf(ret, size, "%s", OpenSSL_version(OPENSSL_VERSION_STRING));
}
