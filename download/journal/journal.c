#include "download/journal/journal.h"

#include <string.h>
#include <unistd.h>

#include "download/base/fs.h"

/* A record, all numbers little-endian:
 *   0 magic "SFJ1"   4 type   8 seq   16 a   24 b   32 inode   40 identity (32)   72 zero   124 crc
 * HEADER: a = size of the file, b = 0. RANGE: a = from, b = to; inode and identity zero. */
enum { TYPE_HEADER = 1, TYPE_RANGE = 2 };
enum { AT_TYPE = 4, AT_SEQ = 8, AT_A = 16, AT_B = 24, AT_INODE = 32, AT_IDENTITY = 40 };
enum { AT_CRC = JOURNAL_RECORD_BYTES - 4 };

static const char MAGIC[4] = {'S', 'F', 'J', '1'};
static const char NAME[] = "journal";

uint32_t crc32c(const void *data, size_t len)
{
    const unsigned char *p = data;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (UINT32_C(0x82F63B78) & (0U - (crc & 1U)));
    }
    return ~crc;
}

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static void seal(unsigned char record[JOURNAL_RECORD_BYTES], uint64_t type, uint64_t seq)
{
    memcpy(record, MAGIC, sizeof(MAGIC));
    put(record + AT_TYPE, type, 4);
    put(record + AT_SEQ, seq, 8);
    put(record + AT_CRC, crc32c(record, AT_CRC), 4);
}

static bool sealed(const unsigned char record[JOURNAL_RECORD_BYTES], uint64_t type, uint64_t seq)
{
    return memcmp(record, MAGIC, sizeof(MAGIC)) == 0 && get(record + AT_TYPE, 4) == type &&
           get(record + AT_SEQ, 8) == seq && get(record + AT_CRC, 4) == crc32c(record, AT_CRC);
}

static enum err append(struct journal *j, unsigned char record[JOURNAL_RECORD_BYTES], uint64_t type,
                       struct why *why)
{
    seal(record, type, j->seq);
    enum err e =
        fs_write_at(j->fd, record, JOURNAL_RECORD_BYTES, j->seq * JOURNAL_RECORD_BYTES, NAME, why);
    if (!e) j->seq++;
    return e;
}

/* True when the first record is ours, whole, and of the same file. */
static bool header_matches(const unsigned char *record, const unsigned char *expected)
{
    return sealed(record, TYPE_HEADER, 0) && memcmp(record, expected, AT_CRC) == 0;
}

/* Behind the first bad record others may still be whole: what is added in its place must not bring
 * them back to life. */
static enum err drop_rest(const struct journal *j, struct why *why)
{
    off_t end = (off_t)j->seq * JOURNAL_RECORD_BYTES;
    return ftruncate(j->fd, end) ? fail_errno(why, "cannot shorten the journal") : OK;
}

static enum err read_ranges(struct journal *j, uint64_t size, struct ranges *ret, struct why *why)
{
    unsigned char record[JOURNAL_RECORD_BYTES] = {0};
    for (;;) {
        size_t got = sizeof(record);
        enum err e = fs_read_at(j->fd, record, &got, j->seq * JOURNAL_RECORD_BYTES, NAME, why);
        if (e) return e;
        if (got == 0) return OK;
        bool whole = got == sizeof(record) && sealed(record, TYPE_RANGE, j->seq);
        uint64_t from = get(record + AT_A, 8);
        uint64_t to = get(record + AT_B, 8);
        if (!whole || from >= to || to > size) return drop_rest(j, why);
        ranges_add(ret, from, to);
        j->seq++;
    }
}

static void make_header(const struct journal_binding *b, unsigned char ret[JOURNAL_RECORD_BYTES])
{
    memset(ret, 0, JOURNAL_RECORD_BYTES);
    put(ret + AT_A, b->size, 8);
    put(ret + AT_INODE, b->part_inode, 8);
    memcpy(ret + AT_IDENTITY, b->identity, JOURNAL_IDENTITY_BYTES);
    seal(ret, TYPE_HEADER, 0);
}

enum err journal_open(struct journal *j, int fd, const struct journal_binding *binding,
                      struct ranges *ret_done, struct why *why)
{
    *j = (struct journal){.fd = fd};
    unsigned char header[JOURNAL_RECORD_BYTES];
    make_header(binding, header);
    unsigned char record[JOURNAL_RECORD_BYTES];
    size_t got = sizeof(record);
    enum err e = fs_read_at(fd, record, &got, 0, NAME, why);
    if (e) return e;
    if (got == sizeof(record) && header_matches(record, header)) {
        j->seq = 1;
        return read_ranges(j, binding->size, ret_done, why);
    }
    if (ftruncate(fd, 0)) return fail_errno(why, "cannot empty the journal");
    return append(j, header, TYPE_HEADER, why);
}

enum err journal_add(struct journal *j, uint64_t from, uint64_t to, struct why *why)
{
    unsigned char record[JOURNAL_RECORD_BYTES] = {0};
    put(record + AT_A, from, 8);
    put(record + AT_B, to, 8);
    return append(j, record, TYPE_RANGE, why);
}

enum err journal_restart(struct journal *j, struct why *why)
{
    if (ftruncate(j->fd, JOURNAL_RECORD_BYTES)) {
        return fail_errno(why, "cannot shorten the journal");
    }
    j->seq = 1;
    return OK;
}
