/* floor_write - COUNT files of BYTES each into DIR: space reserved first, then 256 KiB pwrites, on
 * as many cores as there are files for.
 * Without KEY the same buffer again and again: nothing but writing is measured. With KEY the bytes
 * are AES-128 in counter mode under KEY and the file's index, which is how the benchmark makes its
 * input: as fast as memory, the same for the same KEY, and nothing a file system could compress.
 * usage: bench_floor_write DIR COUNT BYTES [KEY] */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/bench/parallel.h"

enum { CHUNK_BYTES = 256 * 1024, COUNT_MAX = 1000000, AES_BYTES = 16 };

struct input {
    const char *dir;
    uint64_t bytes;
    uint64_t key;
    bool random;
};

static const uint8_t zeros[CHUNK_BYTES];

/* The stream of file `index`; NULL when the library refuses. */
static EVP_CIPHER_CTX *stream_new(uint64_t number, size_t index)
{
    uint8_t key[AES_BYTES] = {0};
    uint8_t counter[AES_BYTES] = {0}; // the file's index in front, the block's number behind
    uint64_t file = index;
    memcpy(key, &number, sizeof(number));
    memcpy(counter, &file, sizeof(file));
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, counter)) return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

static bool fill(EVP_CIPHER_CTX *stream, uint8_t *chunk)
{
    int n = 0;
    return !stream || EVP_EncryptUpdate(stream, chunk, &n, zeros, CHUNK_BYTES) == 1;
}

static bool write_all(int fd, uint64_t bytes, uint8_t *chunk, EVP_CIPHER_CTX *stream)
{
    if (bytes > 0 && fallocate(fd, 0, 0, (off_t)bytes) != 0) return false;
    for (uint64_t at = 0; at < bytes; at += CHUNK_BYTES) {
        uint64_t left = bytes - at;
        size_t n = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        if (!fill(stream, chunk)) return false;
        if (pwrite(fd, chunk, n, (off_t)at) != (ssize_t)n) return false;
    }
    return true;
}

static bool write_file(void *user, size_t index)
{
    const struct input *in = user;
    SCOPED(mem_freep) char *path = mem_printf("%s/shard-%05zu.bin", in->dir, index);
    SCOPED(mem_freep) uint8_t *chunk = mem_new(CHUNK_BYTES);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        perror(path);
        return false;
    }
    EVP_CIPHER_CTX *stream = in->random ? stream_new(in->key, index) : NULL;
    bool written = (stream || !in->random) && write_all(fd, in->bytes, chunk, stream);
    EVP_CIPHER_CTX_free(stream);
    if (!written) perror(path);
    return close(fd) == 0 && written;
}

int main(int argc, char **argv)
{
    struct input in = {.dir = argv[1], .random = argc == 5};
    uint64_t count = 0;
    bool known = (argc == 4 || argc == 5) && str_u64(argv[2], COUNT_MAX, &count) &&
                 str_u64(argv[3], INT64_MAX, &in.bytes);
    if (!known || (in.random && !str_u64(argv[4], UINT64_MAX, &in.key))) {
        fputs("usage: bench_floor_write DIR COUNT BYTES [KEY]\n", stderr);
        return 2;
    }
    return parallel_run(write_file, &in, count) ? 0 : 1;
}
