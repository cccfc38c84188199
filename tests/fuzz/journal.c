/* Any bytes as a journal: it opens, vouches for nothing outside the file, and says the same when it
 * is opened again; what is then added is vouched for too. A journal that we wrote and a cut or a
 * changed byte then damaged vouches only for what was written. */
#include "download/journal/journal.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/scoped.h"
#include "tests/fuzz/must.h"

enum { FILE_BYTES = 1000, INODE = 42, STEP_MAX = 32 };

static const uint8_t IDENTITY[JOURNAL_IDENTITY_BYTES] = {1, 2, 3};
static const struct journal_binding BINDING = {IDENTITY, FILE_BYTES, INODE};

static void must_lie_within(const struct ranges *inner, const struct ranges *outer)
{
    for (size_t i = 0; i < inner->count; i++) {
        struct range r = inner->items[i];
        MUST(r.from < r.to && ranges_reach(outer, r.from) >= r.to);
    }
}

/* What the journal of `fd` vouches for now. */
static struct ranges open_journal(int fd, struct journal *j)
{
    struct ranges done = {0};
    MUST(journal_open(j, fd, &BINDING, &done, NULL) == OK);
    return done;
}

static void any_bytes(int fd, const uint8_t *data, size_t size)
{
    struct ranges whole = {0};
    struct journal j;
    MUST(ftruncate(fd, 0) == 0 && fs_write_at(fd, data, size, 0, "fuzz", NULL) == OK);
    ranges_add(&whole, 0, FILE_BYTES);
    struct ranges first = open_journal(fd, &j);
    must_lie_within(&first, &whole);
    MUST(journal_add(&j, 10, 20, NULL) == OK);
    struct ranges second = open_journal(fd, &j);
    ranges_add(&first, 10, 20);
    must_lie_within(&first, &second);
    must_lie_within(&second, &first);
    ranges_done(&first);
    ranges_done(&second);
    ranges_done(&whole);
}

/* Pairs of bytes are ranges to write; the last three bytes say what is damaged then. */
static void damaged(int fd, const uint8_t *data, size_t size)
{
    struct ranges written = {0};
    struct journal j;
    if (size < 3) return;
    MUST(ftruncate(fd, 0) == 0);
    struct ranges none = open_journal(fd, &j);
    MUST(none.count == 0);
    for (size_t i = 0; i + 5 <= size && i < 2 * STEP_MAX; i += 2) {
        uint64_t to = (uint64_t)data[i] + 1 + data[i + 1];
        ranges_add(&written, data[i], to);
        MUST(journal_add(&j, data[i], to, NULL) == OK);
    }
    uint64_t end = j.seq * JOURNAL_RECORD_BYTES;
    uint64_t at = ((uint64_t)data[size - 3] << 8 | data[size - 2]) % end;
    uint8_t byte = 0;
    size_t one = 1;
    MUST(fs_read_at(fd, &byte, &one, at, "fuzz", NULL) == OK && one == 1);
    byte ^= data[size - 1];
    MUST(fs_write_at(fd, &byte, 1, at, "fuzz", NULL) == OK);
    if (data[size - 1] == 0) MUST(ftruncate(fd, (off_t)at) == 0);
    struct ranges back = open_journal(fd, &j);
    must_lie_within(&back, &written);
    ranges_done(&back);
    ranges_done(&written);
    ranges_done(&none);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(fs_closep) int fd = memfd_create("journal", MFD_CLOEXEC);
    MUST(fd >= 0);
    if (data) any_bytes(fd, data, size);
    if (data) damaged(fd, data, size);
    return 0;
}
