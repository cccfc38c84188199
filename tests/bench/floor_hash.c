/* floor_hash - SHA-256 of COUNT files of BYTES each, on as many cores as there are files for.
 * The bytes come from one small buffer that stays in the cache: nothing but hashing is measured.
 * usage: bench_floor_hash COUNT BYTES */
#include <stdint.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "download/base/str.h"
#include "tests/bench/parallel.h"

enum { CHUNK_BYTES = 256 * 1024, COUNT_MAX = 1000000 };

static const uint8_t chunk[CHUNK_BYTES];

static bool hash_all(EVP_MD_CTX *ctx, uint64_t left)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    if (!EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) return false;
    while (left > 0) {
        size_t n = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        if (!EVP_DigestUpdate(ctx, chunk, n)) return false;
        left -= n;
    }
    return EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
}

static bool hash_file(void *user, size_t index)
{
    (void)index; // all files are alike
    const uint64_t *bytes = user;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && hash_all(ctx, *bytes);
    EVP_MD_CTX_free(ctx);
    return done;
}

int main(int argc, char **argv)
{
    uint64_t count = 0;
    uint64_t bytes = 0;
    if (argc != 3 || !str_u64(argv[1], COUNT_MAX, &count) || !str_u64(argv[2], INT64_MAX, &bytes)) {
        fputs("usage: bench_floor_hash COUNT BYTES\n", stderr);
        return 2;
    }
    return parallel_run(hash_file, &bytes, count) ? 0 : 1;
}
