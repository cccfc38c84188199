#include "download/journal/journal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/tmpdir.h"

static const uint8_t IDENTITY[JOURNAL_IDENTITY_BYTES] = {1, 2, 3};
static const uint8_t OTHER[JOURNAL_IDENTITY_BYTES] = {3, 2, 1};
static const struct journal_binding BINDING = {IDENTITY, 1000, 42};

static int open_at(const char *dir)
{
    SCOPED(fs_closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = openat(dir_fd, "journal", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    return fd;
}

/* Opens the journal that `dir` holds as `b` and says which bytes it vouches for. */
static struct ranges reopen(const char *dir, struct journal_binding b)
{
    SCOPED(fs_closep) int fd = open_at(dir);
    struct journal j;
    struct ranges done = {0};
    cr_assert_eq(journal_open(&j, fd, &b, &done, NULL), OK);
    return done;
}

/* [0, 100) and [200, 300) of 1000. */
static void write_two(const char *dir)
{
    SCOPED(fs_closep) int fd = open_at(dir);
    struct journal j;
    struct ranges done = {0};
    cr_assert_eq(journal_open(&j, fd, &BINDING, &done, NULL), OK);
    cr_assert_eq(done.count, 0);
    cr_assert_eq(journal_add(&j, 0, 100, NULL), OK);
    cr_assert_eq(journal_add(&j, 200, 300, NULL), OK);
}

Test(journal, crc32c_is_castagnolis)
{
    cr_expect_eq(crc32c("123456789", 9), 0xE3069283U); // RFC 3720 §B.4's polynomial, check value
    cr_expect_eq(crc32c("", 0), 0);
}

Test(journal, tells_the_next_run_what_is_there)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    write_two(dir);
    struct ranges done = reopen(dir, BINDING);
    cr_expect_eq(ranges_total(&done), 200);
    cr_expect(ranges_reach(&done, 0) == 100 && ranges_reach(&done, 200) == 300);
    ranges_done(&done);
}

Test(journal, goes_on_where_it_ended)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    write_two(dir);
    SCOPED(fs_closep) int fd = open_at(dir);
    struct journal j;
    struct ranges done = {0};
    cr_assert_eq(journal_open(&j, fd, &BINDING, &done, NULL), OK);
    cr_assert_eq(journal_add(&j, 100, 200, NULL), OK);
    ranges_done(&done);
    done = reopen(dir, BINDING);
    cr_expect_eq(ranges_reach(&done, 0), 300);
    ranges_done(&done);
}

static const struct {
    const char *name;
    struct journal_binding binding;
} STRANGERS[] = {
    {"another source", {OTHER, 1000, 42}},
    {"another size", {IDENTITY, 1001, 42}},
    {"another part file", {IDENTITY, 1000, 43}},
};

Test(journal, of_something_else_counts_for_nothing)
{
    for (size_t i = 0; i < ARRAY_LEN(STRANGERS); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        write_two(dir);
        struct ranges done = reopen(dir, STRANGERS[i].binding);
        cr_expect_eq(done.count, 0, "%s", STRANGERS[i].name);
        ranges_done(&done);
        done = reopen(dir, BINDING); // it was started anew for the stranger
        cr_expect_eq(done.count, 0, "%s", STRANGERS[i].name);
        ranges_done(&done);
    }
}

Test(journal, restarted_forgets_its_ranges)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    write_two(dir);
    {
        SCOPED(fs_closep) int fd = open_at(dir);
        struct journal j;
        struct ranges done = {0};
        cr_assert_eq(journal_open(&j, fd, &BINDING, &done, NULL), OK);
        cr_assert_eq(journal_restart(&j, NULL), OK);
        cr_assert_eq(journal_add(&j, 500, 600, NULL), OK);
        ranges_done(&done);
    }
    struct ranges done = reopen(dir, BINDING);
    cr_expect(ranges_total(&done) == 100 && ranges_reach(&done, 500) == 600);
    ranges_done(&done);
}

enum { WHOLE = 3 * JOURNAL_RECORD_BYTES };

Test(journal, torn_at_any_byte_keeps_whole_records_only)
{
    SCOPED(tmpdir_freep) char *from = tmpdir_new();
    write_two(from);
    SCOPED(mem_freep) char *bytes = tmpdir_get(from, "journal", NULL);
    for (size_t len = 0; len <= WHOLE; len++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        tmpdir_put(dir, "journal", bytes, len);
        struct ranges done = reopen(dir, BINDING);
        size_t want = len == WHOLE ? 200 : len >= WHOLE - JOURNAL_RECORD_BYTES ? 100 : 0;
        cr_expect_eq(ranges_total(&done), want, "cut at %zu", len);
        ranges_done(&done);
    }
}

Test(journal, with_any_bit_changed_vouches_only_for_what_came_before)
{
    SCOPED(tmpdir_freep) char *from = tmpdir_new();
    write_two(from);
    SCOPED(mem_freep) char *bytes = tmpdir_get(from, "journal", NULL);
    for (size_t at = 0; at < WHOLE; at++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (char)(1 << bit);
            tmpdir_put(dir, "journal", bytes, WHOLE);
            bytes[at] ^= (char)(1 << bit);
            struct ranges done = reopen(dir, BINDING);
            size_t want = at < WHOLE - JOURNAL_RECORD_BYTES ? 0 : 100;
            cr_expect_eq(ranges_total(&done), want, "bit %d of byte %zu", bit, at);
            ranges_done(&done);
        }
    }
}

Test(journal, what_followed_a_bad_record_stays_forgotten)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    write_two(dir);
    SCOPED(mem_freep) char *bytes = tmpdir_get(dir, "journal", NULL);
    bytes[JOURNAL_RECORD_BYTES + 16] ^= 1; // of [0, 100)
    tmpdir_put(dir, "journal", bytes, WHOLE);
    {
        SCOPED(fs_closep) int fd = open_at(dir);
        struct journal j;
        struct ranges done = {0};
        cr_assert_eq(journal_open(&j, fd, &BINDING, &done, NULL), OK);
        cr_expect_eq(done.count, 0, "the reader stops at the first bad one");
        cr_assert_eq(journal_add(&j, 500, 600, NULL), OK); // takes the bad one's place
    }
    struct ranges done = reopen(dir, BINDING);
    cr_expect_eq(ranges_total(&done), 100, "[200, 300) has come back");
    cr_expect_eq(ranges_reach(&done, 500), 600);
    ranges_done(&done);
}

static const struct {
    const char *name;
    uint64_t from, to;
} NOT_BELIEVED[] = {
    {"empty", 5, 5},
    {"backwards", 6, 5},
    {"beyond the file", 900, 1001},
    {"far beyond the file", UINT64_MAX - 1, UINT64_MAX},
};

Test(journal, ranges_that_cannot_be_are_not_believed)
{
    for (size_t i = 0; i < ARRAY_LEN(NOT_BELIEVED); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        write_two(dir);
        {
            SCOPED(fs_closep) int fd = open_at(dir);
            struct journal j;
            struct ranges done = {0};
            cr_assert_eq(journal_open(&j, fd, &BINDING, &done, NULL), OK);
            cr_assert_eq(journal_add(&j, NOT_BELIEVED[i].from, NOT_BELIEVED[i].to, NULL), OK);
            cr_assert_eq(journal_add(&j, 300, 400, NULL), OK);
            ranges_done(&done);
        }
        struct ranges done = reopen(dir, BINDING);
        cr_expect_eq(ranges_total(&done), 200, "%s", NOT_BELIEVED[i].name);
        ranges_done(&done);
    }
}

Test(journal, a_reordered_or_repeated_record_ends_it)
{
    SCOPED(tmpdir_freep) char *from = tmpdir_new();
    write_two(from);
    SCOPED(mem_freep) char *bytes = tmpdir_get(from, "journal", NULL);
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    char twice[WHOLE];
    memcpy(twice, bytes, 2 * (size_t)JOURNAL_RECORD_BYTES);
    memcpy(twice + 2 * (size_t)JOURNAL_RECORD_BYTES, bytes + JOURNAL_RECORD_BYTES,
           JOURNAL_RECORD_BYTES);
    tmpdir_put(dir, "journal", twice, WHOLE);
    struct ranges done = reopen(dir, BINDING);
    cr_expect_eq(ranges_total(&done), 100, "only the first is in its place");
    ranges_done(&done);
}

Test(journal, says_when_it_cannot_be_written)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    write_two(dir);
    SCOPED(fs_closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SCOPED(fs_closep) int fd = openat(dir_fd, "journal", O_RDONLY | O_CLOEXEC);
    struct journal j;
    struct ranges done = {0};
    struct why why = {""};
    cr_assert_eq(journal_open(&j, fd, &BINDING, &done, NULL), OK);
    cr_expect_eq(journal_add(&j, 1, 2, &why), ERR_DISK);
    cr_expect(why.text[0]);
    ranges_done(&done);
}
