#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "download/base/mem.h"
#include "download/base/rng.h"
#include "download/base/scoped.h"
#include "hash/hasher.h"

static void hasher_freep(struct hasher **h)
{
    hasher_free(*h);
}

static void expect_hex(struct hasher *h, const char *hex, const char *name)
{
    struct digest d = {0};
    char got[DIGEST_HEX_MAX];
    cr_assert(hasher_finish(h, &d), "%s", name);
    digest_print_hex(&d, got);
    cr_expect_str_eq(got, hex, "%s: %s", name, got);
}

/* FIPS 180-4 and the NIST CAVP short messages. */
Test(hasher, sha256_of_the_nist_vectors)
{
    static const struct {
        const char *text;
        size_t repeat;
        const char *hex;
    } cases[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {"\xd3", 1, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
        {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(hasher_freep) struct hasher *h = hasher_new(DIGEST_SHA256, 0);
        cr_assert(h);
        for (size_t n = 0; n < cases[i].repeat; n++)
            cr_assert(hasher_update(h, cases[i].text, strlen(cases[i].text)));
        cr_expect_eq(hasher_bytes(h), cases[i].repeat * strlen(cases[i].text));
        expect_hex(h, cases[i].hex, cases[i].hex);
    }
}

/* Ids as `git hash-object` prints them. */
Test(hasher, git_sha1_is_the_blob_id)
{
    static const struct {
        const char *text;
        size_t len;
        const char *hex;
    } cases[] = {
        {"", 0, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"},
        {"test content\n", 13, "d670460b4b4aece5915caf5c68d12f560a9fe3e4"},
        {"what is up, doc?", 16, "bd9dbf5aae1a3862dd1526723246b20206e5fc37"},
        {"{}\n", 3, "0967ef424bce6791893e9a57bb952f80fd536e93"},
        {"a\0b", 3, "20b5be91886d0b6f26dc98a225c0dac05fe2c86e"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(hasher_freep) struct hasher *h = hasher_new(DIGEST_GIT_SHA1, cases[i].len);
        cr_assert(h);
        cr_assert(hasher_update(h, cases[i].text, cases[i].len));
        cr_expect_eq(hasher_bytes(h), cases[i].len, "git's header is not counted");
        expect_hex(h, cases[i].hex, cases[i].text);
    }
}

Test(hasher, the_announced_size_is_part_of_a_blob_id)
{
    SCOPED(hasher_freep) struct hasher *right = hasher_new(DIGEST_GIT_SHA1, 3);
    SCOPED(hasher_freep) struct hasher *wrong = hasher_new(DIGEST_GIT_SHA1, 4);
    SCOPED(hasher_freep) struct hasher *huge = hasher_new(DIGEST_GIT_SHA1, UINT64_MAX);
    cr_assert(right && wrong && huge);
    struct digest a = {0};
    struct digest b = {0};
    cr_assert(hasher_update(right, "abc", 3) && hasher_update(wrong, "abc", 3));
    cr_assert(hasher_finish(right, &a) && hasher_finish(wrong, &b));
    cr_expect(!digest_equal(&a, &b));
    expect_hex(huge, "28019d83417e895c777a217a3ef5845a26a3ea49", "blob 18446744073709551615");
}

Test(hasher, there_is_none_for_no_digest)
{
    cr_expect_null(hasher_new(DIGEST_NONE, 0));
    cr_expect_null(hasher_new((enum digest_kind)99, 0));
    hasher_free(NULL);
}

Test(hasher, a_finished_hasher_answers_no)
{
    SCOPED(hasher_freep) struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    struct digest d = {0};
    uint8_t state[HASHER_STATE_BYTES];
    cr_assert(h && hasher_kind(h) == DIGEST_SHA256);
    cr_assert(hasher_finish(h, &d));
    cr_expect(!hasher_finish(h, &d));
    cr_expect(!hasher_update(h, "a", 1));
    cr_expect(!hasher_save(h, state));
}

static void evp_sha256(const uint8_t *data, size_t len, uint8_t ret[DIGEST_MAX_BYTES])
{
    cr_assert(EVP_Digest(data, len, ret, NULL, EVP_sha256(), NULL));
}

static uint8_t *random_bytes(struct rng *r, size_t len)
{
    uint8_t *bytes = mem_new(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)rng_next(r);
    return bytes;
}

/* A random message in random pieces; wherever a piece ends at a multiple of 64 the state leaves
 * the hasher and comes back into a new one. Returns how often it did. */
static unsigned cut_and_compare(struct rng *r, const uint8_t *data, size_t len)
{
    uint8_t expected[DIGEST_MAX_BYTES];
    evp_sha256(data, len, expected);
    struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    unsigned moves = 0;
    for (size_t at = 0; at < len;) {
        size_t piece = 1 + (size_t)rng_below(r, 300);
        if (rng_below(r, 2)) piece = piece / 64 * 64 + (64 - at % 64); // to a boundary
        if (piece > len - at) piece = len - at;
        cr_assert(hasher_update(h, data + at, piece));
        at += piece;

        uint8_t state[HASHER_STATE_BYTES];
        cr_assert_eq(hasher_save(h, state), at % 64 == 0, "at %zu", at);
        if (at % 64 != 0) continue;
        hasher_free(h);
        h = hasher_restore(state);
        cr_assert(h);
        cr_assert_eq(hasher_bytes(h), at);
        moves++;
    }
    struct digest d = {0};
    cr_assert(hasher_finish(h, &d));
    hasher_free(h);
    cr_assert_arr_eq(d.bytes, expected, sizeof(expected), "length %zu", len);
    return moves;
}

Test(hasher, saved_and_restored_anywhere_it_agrees_with_evp)
{
    enum { MESSAGES = 300, MAX_LEN = 8192, MOVES = 1000 };
    struct rng r = {.state = 20261123};
    SCOPED(mem_freep) uint8_t *data = random_bytes(&r, MAX_LEN);
    unsigned moves = 0;
    for (int i = 0; i < MESSAGES; i++)
        moves += cut_and_compare(&r, data, (size_t)rng_below(&r, MAX_LEN));
    cr_expect_geq(moves, MOVES, "only %u cut points", moves);
}

Test(hasher, every_length_around_the_blocks_agrees_with_evp)
{
    enum { MAX_LEN = 64 * 5 };
    struct rng r = {.state = 7};
    SCOPED(mem_freep) uint8_t *data = random_bytes(&r, MAX_LEN);
    for (size_t len = 0; len <= MAX_LEN; len++) {
        uint8_t expected[DIGEST_MAX_BYTES];
        evp_sha256(data, len, expected);
        SCOPED(hasher_freep) struct hasher *h = hasher_new(DIGEST_SHA256, len);
        struct digest d = {0};
        cr_assert(hasher_update(h, data, len) && hasher_finish(h, &d));
        cr_assert_arr_eq(d.bytes, expected, sizeof(expected), "length %zu", len);
    }
}

/* FIPS 180-4 §5.3.3: H(0), then the count. */
Test(hasher, a_state_is_the_words_and_the_count_in_big_endian)
{
    static const uint8_t initial[HASHER_STATE_BYTES] = {
        0x6a, 0x09, 0xe6, 0x67, 0xbb, 0x67, 0xae, 0x85, 0x3c, 0x6e, 0xf3, 0x72, 0xa5, 0x4f,
        0xf5, 0x3a, 0x51, 0x0e, 0x52, 0x7f, 0x9b, 0x05, 0x68, 0x8c, 0x1f, 0x83, 0xd9, 0xab,
        0x5b, 0xe0, 0xcd, 0x19, 0,    0,    0,    0,    0,    0,    0,    0,
    };
    uint8_t state[HASHER_STATE_BYTES];
    SCOPED(hasher_freep) struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    cr_assert(hasher_save(h, state));
    cr_expect_arr_eq(state, initial, sizeof(initial));

    uint8_t block[320] = {0};
    cr_assert(hasher_update(h, block, sizeof(block)));
    cr_assert(hasher_save(h, state));
    cr_expect_eq(state[38], 320 >> 8);
    cr_expect_eq(state[39], 320 & 0xFF);
}

Test(hasher, only_sha256_at_a_block_can_be_saved)
{
    uint8_t state[HASHER_STATE_BYTES] = {7};
    SCOPED(hasher_freep) struct hasher *git = hasher_new(DIGEST_GIT_SHA1, 0);
    cr_expect(!hasher_save(git, state));
    SCOPED(hasher_freep) struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    cr_assert(hasher_update(h, "a", 1));
    cr_expect(!hasher_save(h, state));
    cr_expect_eq(state[0], 7, "untouched on failure");
}

static void put_count(uint8_t state[HASHER_STATE_BYTES], uint64_t bytes)
{
    for (int i = 0; i < 8; i++)
        state[32 + i] = (uint8_t)(bytes >> (56 - 8 * i));
}

Test(hasher, a_count_that_cannot_be_is_refused)
{
    static const struct {
        uint64_t bytes;
        bool ok;
    } cases[] = {
        {0, true},
        {64, true},
        {1, false},
        {63, false},
        {UINT64_C(1) << 40, true},
        {(UINT64_C(1) << 40) + 32, false},
        {(UINT64_C(1) << 61) - 64, true},
        {UINT64_C(1) << 61, false}, // 2^64 bits
        {UINT64_MAX, false},
        {UINT64_MAX - 63, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t state[HASHER_STATE_BYTES] = {0};
        put_count(state, cases[i].bytes);
        SCOPED(hasher_freep) struct hasher *h = hasher_restore(state);
        cr_expect_eq(h != NULL, cases[i].ok, "%zu", i);
    }
}

/* The padding of a message beyond 2^32 bits and bytes: the state restored with a large count must
 * end in a block with that count, which we compress here from the same words as a message whose
 * last block is that padding. */
Test(hasher, counts_beyond_4_gib_reach_the_padding)
{
    static const uint64_t counts[] = {
        UINT64_C(1) << 29,         UINT64_C(1) << 32,        (UINT64_C(1) << 32) + 64,
        (UINT64_C(5) << 40) + 128, (UINT64_C(1) << 61) - 64,
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        uint8_t state[HASHER_STATE_BYTES];
        SCOPED(hasher_freep) struct hasher *first = hasher_new(DIGEST_SHA256, 0);
        uint8_t block[64] = {1, 2, 3};
        cr_assert(hasher_update(first, block, sizeof(block)) && hasher_save(first, state));

        uint8_t padding[64] = {0x80};
        for (int b = 0; b < 8; b++)
            padding[56 + b] = (uint8_t)((counts[i] << 3) >> (56 - 8 * b));
        uint8_t expected[HASHER_STATE_BYTES];
        cr_assert(hasher_update(first, padding, sizeof(padding)) && hasher_save(first, expected));

        put_count(state, counts[i]);
        SCOPED(hasher_freep) struct hasher *h = hasher_restore(state);
        struct digest d = {0};
        cr_assert(h);
        cr_expect_eq(hasher_bytes(h), counts[i]);
        cr_assert(hasher_finish(h, &d));
        cr_expect_arr_eq(d.bytes, expected, DIGEST_MAX_BYTES, "count %zu", i);
    }
}

Test(hasher, a_stream_longer_than_sha256_allows_is_refused)
{
    uint8_t state[HASHER_STATE_BYTES] = {0};
    put_count(state, (UINT64_C(1) << 61) - 64);
    SCOPED(hasher_freep) struct hasher *h = hasher_restore(state);
    uint8_t block[64] = {0};
    cr_assert(h);
    cr_expect(!hasher_update(h, block, 64));
    cr_expect(hasher_update(h, block, 63));
    cr_expect(!hasher_update(h, block, 1));
}
