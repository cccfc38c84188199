#include "hash/git_sha1.h"

#include <inttypes.h>
#include <stdio.h>

#include <openssl/evp.h>

struct git_sha1 {
    struct hasher hasher;
    EVP_MD_CTX *ctx;
};

static struct git_sha1 *of(struct hasher *h)
{
    return (struct git_sha1 *)(void *)h;
}

static bool git_sha1_start(struct hasher *h, uint64_t total_bytes)
{
    struct git_sha1 *g = of(h);
    g->ctx = EVP_MD_CTX_new();
    if (!g->ctx || EVP_DigestInit_ex(g->ctx, EVP_sha1(), NULL) != 1) return false;
    char header[sizeof("blob ") + 20]; // 20 digits are the longest uint64_t
    int n = snprintf(header, sizeof(header), "blob %" PRIu64, total_bytes);
    return EVP_DigestUpdate(g->ctx, header, (size_t)n + 1) == 1; // its NUL belongs to the header
}

static bool git_sha1_update(struct hasher *h, const void *data, size_t len)
{
    return EVP_DigestUpdate(of(h)->ctx, data, len) == 1;
}

static bool git_sha1_finish(struct hasher *h, uint8_t ret_bytes[DIGEST_MAX_BYTES])
{
    return EVP_DigestFinal_ex(of(h)->ctx, ret_bytes, NULL) == 1;
}

static void git_sha1_clear(struct hasher *h)
{
    EVP_MD_CTX_free(of(h)->ctx);
}

const struct hasher_ops GIT_SHA1_OPS = {
    .kind = DIGEST_GIT_SHA1,
    .object_bytes = sizeof(struct git_sha1),
    .start = git_sha1_start,
    .update = git_sha1_update,
    .finish = git_sha1_finish,
    .clear = git_sha1_clear,
};
