#include "tests/support/content.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

enum { BLOCK_BYTES = 256 * 1024 }; // stays in the second-level cache between filling and hashing

#define WEYL UINT64_C(0x9E3779B97F4A7C15) // 2^64 / golden ratio: successive words lie far apart
#define MIX  UINT64_C(0xBF58476D1CE4E5B9) // multiplier of splitmix64

struct content content_of_bytes(const void *data, size_t len)
{
    char *copy = mem_new(len + 1);
    if (len > 0) memcpy(copy, data, len);
    return content_of_text(copy, len);
}

struct content content_of_text(char *take_text, size_t len)
{
    return (struct content){.head = take_text, .head_len = len, .size = len, .fd = -1};
}

struct content content_of_file(int fd, uint64_t size)
{
    return (struct content){.size = size, .fd = fd};
}

struct content content_generated(char *take_head, size_t head_len, uint64_t size, uint64_t seed)
{
    return (struct content){
        .head = take_head, .head_len = head_len, .size = size, .seed = seed, .fd = -1};
}

void content_done(struct content *c)
{
    if (c->fd >= 0) close(c->fd);
    mem_free(c->head);
    *c = (struct content){.fd = -1};
}

/* ---- reading ---- */

static inline uint64_t word_at(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + index * WEYL;
    z ^= z >> 32;
    z *= MIX;
    return z ^ (z >> 29);
}

static void fill_bytes(uint64_t seed, uint64_t offset, unsigned char *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = offset + i;
        buf[i] = (unsigned char)(word_at(seed, at / 8) >> (8 * (at % 8)));
    }
}

static void fill(uint64_t seed, uint64_t offset, unsigned char *buf, size_t len)
{
    size_t lead = (size_t)((8 - offset % 8) % 8);
    if (lead > len) lead = len;
    fill_bytes(seed, offset, buf, lead);

    uint64_t index = (offset + lead) / 8;
    size_t words = (len - lead) / 8;
    unsigned char *out = buf + lead;
    for (size_t i = 0; i < words; i++) {
        uint64_t w = word_at(seed, index + i);
        memcpy(out + 8 * i, &w, 8);
    }
    size_t done = lead + 8 * words;
    fill_bytes(seed, offset + done, buf + done, len - done);
}

static bool read_file(int fd, uint64_t offset, unsigned char *buf, size_t len)
{
    while (len > 0) {
        ssize_t n = pread(fd, buf, len, (off_t)offset);
        if (n <= 0) return false;
        buf += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

bool content_read(const struct content *c, uint64_t offset, void *buf, size_t len)
{
    unsigned char *out = buf;
    if (offset > c->size || len > c->size - offset) return false;
    if (offset < c->head_len) {
        size_t n = c->head_len - (size_t)offset;
        if (n > len) n = len;
        memcpy(out, c->head + offset, n);
        out += n;
        offset += n;
        len -= n;
    }
    if (len == 0) return true;
    if (c->fd >= 0) return read_file(c->fd, offset, out, len);
    fill(c->seed, offset, out, len);
    return true;
}

/* ---- digests ---- */

static void to_hex(const unsigned char *bytes, size_t len, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * len] = '\0';
}

static void md_freep(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}

static bool digest_of(const struct content *c, const EVP_MD *kind, const char *lead,
                      size_t lead_len, char *ret_hex)
{
    SCOPED(md_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
    SCOPED(mem_freep) unsigned char *block = mem_new(BLOCK_BYTES);
    if (!md || !EVP_DigestInit_ex(md, kind, NULL)) return false;
    if (!EVP_DigestUpdate(md, lead, lead_len)) return false;

    for (uint64_t at = 0; at < c->size;) {
        size_t n = c->size - at < BLOCK_BYTES ? (size_t)(c->size - at) : BLOCK_BYTES;
        if (!content_read(c, at, block, n) || !EVP_DigestUpdate(md, block, n)) return false;
        at += n;
    }
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!EVP_DigestFinal_ex(md, sum, &len)) return false;
    to_hex(sum, len, ret_hex);
    return true;
}

bool content_sha256(const struct content *c, char ret_hex[SHA256_HEX])
{
    return digest_of(c, EVP_sha256(), "", 0, ret_hex);
}

bool content_git_oid(const struct content *c, char ret_hex[SHA1_HEX])
{
    char lead[40];
    int n = snprintf(lead, sizeof(lead), "blob %llu", (unsigned long long)c->size);
    return digest_of(c, EVP_sha1(), lead, (size_t)n + 1, ret_hex); // with its NUL
}

void text_sha256(const char *text, char ret_hex[SHA256_HEX])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!EVP_Digest(text, strlen(text), sum, &len, EVP_sha256(), NULL)) len = 0;
    to_hex(sum, len, ret_hex);
}

void text_git_oid(const char *text, char ret_hex[SHA1_HEX])
{
    struct content c = content_of_bytes(text, strlen(text));
    if (!content_git_oid(&c, ret_hex)) ret_hex[0] = '\0';
    content_done(&c);
}

void text_hmac(const char *key, const char *text, char ret_hex[SHA256_HEX])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const unsigned char *data = (const unsigned char *)text;
    if (!HMAC(EVP_sha256(), key, (int)strlen(key), data, strlen(text), sum, &len)) len = 0;
    to_hex(sum, len, ret_hex);
}

uint64_t seed_of(uint64_t seed, const char *name)
{
    uint64_t h = seed ^ UINT64_C(0xCBF29CE484222325); // FNV-1a, then one mixing round
    for (const char *p = name; *p; p++) {
        h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001B3);
    }
    return word_at(h, 1);
}
