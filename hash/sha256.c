/* The one user of OpenSSL's low-level SHA-256: EVP cannot hand out its state (before OpenSSL 4.0),
 * SHA256_CTX is a public struct, and both run the same assembly. Its h[] are FIPS 180-4's H0..H7;
 * at a multiple of 64 bytes nothing is buffered, so they and the count are the whole state. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "hash/sha256.h"

#include <openssl/sha.h>

struct sha256 {
    struct hasher hasher;
    SHA256_CTX ctx;
};

static struct sha256 *of(struct hasher *h)
{
    return (struct sha256 *)(void *)h;
}

static bool sha256_start(struct hasher *h, uint64_t total_bytes)
{
    (void)total_bytes;
    return SHA256_Init(&of(h)->ctx) == 1;
}

static bool sha256_update(struct hasher *h, const void *data, size_t len)
{
    return SHA256_Update(&of(h)->ctx, data, len) == 1;
}

static bool sha256_finish(struct hasher *h, uint8_t ret_bytes[DIGEST_MAX_BYTES])
{
    return SHA256_Final(ret_bytes, &of(h)->ctx) == 1;
}

const struct hasher_ops SHA256_OPS = {
    .kind = DIGEST_SHA256,
    .object_bytes = sizeof(struct sha256),
    .start = sha256_start,
    .update = sha256_update,
    .finish = sha256_finish,
};

void sha256_save_words(const struct hasher *h, uint32_t ret_words[8])
{
    const struct sha256 *s = (const struct sha256 *)(const void *)h;
    for (int i = 0; i < 8; i++)
        ret_words[i] = s->ctx.h[i];
}

void sha256_restore_words(struct hasher *h, const uint32_t words[8], uint64_t bytes)
{
    struct sha256 *s = of(h);
    for (int i = 0; i < 8; i++)
        s->ctx.h[i] = words[i];
    uint64_t bits = bytes << 3;
    s->ctx.Nl = (SHA_LONG)(bits & UINT32_MAX);
    s->ctx.Nh = (SHA_LONG)(bits >> 32);
    s->ctx.num = 0;
}
