#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/fs.h"
#include "download/base/str.h"
#include "tests/support/tmpdir.h"

static char *top;
static int top_fd;
static struct why why;
static int fd;

static void start(void)
{
    top = tmpdir_new();
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(fs_open_file(top_fd, "f", O_RDWR | O_CREAT, 0600, &fd, &why), OK);
}

static void stop(void)
{
    fs_closep(&fd);
    close(top_fd);
    tmpdir_free(top);
}

TestSuite(fs_io, .init = start, .fini = stop);

static void limit_file_size(rlim_t bytes)
{
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    cr_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct stat look(void)
{
    struct stat st;
    cr_assert_eq(fstat(fd, &st), 0);
    return st;
}

Test(fs_io, what_is_written_at_an_offset_is_read_there)
{
    char got[16] = {0};
    size_t n = 8;
    cr_expect_eq(fs_write_at(fd, "world", 5, 6, "f", &why), OK);
    cr_expect_eq(fs_write_at(fd, "hello ", 6, 0, "f", &why), OK);
    cr_expect_eq(fs_write_at(fd, "", 0, 1000, "f", &why), OK);
    cr_expect_eq(fs_read_at(fd, got, &n, 3, "f", &why), OK);
    cr_expect_eq(n, 8);
    cr_expect_str_eq(got, "lo world");
}

Test(fs_io, a_read_is_short_only_at_the_end)
{
    static const struct {
        uint64_t offset;
        size_t len;
        size_t got;
    } cases[] = {{0, 0, 0}, {0, 5, 5}, {0, 16, 5}, {2, 16, 3}, {4, 1, 1}, {5, 16, 0}, {500, 16, 0}};
    cr_assert_eq(fs_write_at(fd, "12345", 5, 0, "f", &why), OK);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char got[16] = {0};
        size_t n = cases[i].len;
        cr_expect_eq(fs_read_at(fd, got, &n, cases[i].offset, "f", &why), OK, "%zu", i);
        cr_expect_eq(n, cases[i].got, "%zu: %zu", i, n);
    }
    char got[16];
    size_t n = 1;
    cr_expect_eq(fs_read_at(fd, got, &n, UINT64_MAX, "f", &why), ERR_DISK);
    cr_expect_eq(fs_read_at(-1, got, &n, 0, "f", &why), ERR_DISK);
    cr_expect_eq(n, 1, "untouched on failure");
}

/* The kernel writes what fits and says so: a short write, and an error for the rest. */
Test(fs_io, a_short_write_goes_on_until_it_fails)
{
    limit_file_size(10);
    cr_expect_eq(fs_write_at(fd, "0123456789abcdef", 16, 0, "the file", &why), ERR_DISK);
    cr_expect_str_eq(why.text, "cannot write 'the file': File too large");
    cr_expect_eq(look().st_size, 10);
}

Test(fs_io, offsets_that_are_no_file_offsets_are_refused)
{
    cr_expect_eq(fs_write_at(fd, "x", 1, INT64_MAX, "f", &why), ERR_DISK);
    cr_expect_eq(fs_write_at(fd, "x", 1, UINT64_MAX, "f", &why), ERR_DISK);
    cr_expect_eq(fs_write_at(fd, "x", 1, (uint64_t)INT64_MAX + 1, "f", &why), ERR_DISK);
    cr_expect_eq(fs_reserve(fd, (uint64_t)INT64_MAX + 1, "f", &why), ERR_DISK);
    cr_expect_eq(look().st_size, 0);
}

Test(fs_io, reserving_sets_size_and_takes_the_blocks)
{
    const uint64_t size = 1 << 20;
    cr_expect_eq(fs_reserve(fd, size, "f", &why), OK, "%s", why.text);
    cr_expect_eq((uint64_t)look().st_size, size);
    cr_expect_geq((uint64_t)look().st_blocks * 512, size);
    cr_assert_eq(fs_write_at(fd, "end", 3, size - 3, "f", &why), OK);

    cr_expect_eq(fs_reserve(fd, 2 * size, "f", &why), OK);
    char got[4] = {0};
    size_t n = 3;
    cr_expect(fs_read_at(fd, got, &n, size - 3, "f", &why) == OK && str_eq(got, "end"));
    cr_expect_eq(fs_reserve(fd, 10, "f", &why), OK, "smaller: the size is what was asked for");
    cr_expect_eq(look().st_size, 10);
    cr_expect_eq(fs_reserve(fd, 0, "f", &why), OK);
    cr_expect_eq(look().st_size, 0);
}

Test(fs_io, space_that_is_not_there_cannot_be_reserved)
{
    limit_file_size(4096);
    cr_expect_eq(fs_reserve(fd, 8192, "the file", &why), ERR_DISK);
    cr_expect_str_eq(why.text, "cannot reserve space for 'the file': File too large");
    cr_expect_eq(look().st_size, 0);
}

Test(fs_io, in_memory_nothing_is_filled_with_zeroes_to_reserve_it)
{
    const uint64_t size = 64 << 20;
    SCOPED(fs_closep) int memory = memfd_create("f", MFD_CLOEXEC);
    cr_expect_eq(fs_reserve(memory, size, "f", &why), OK, "%s", why.text);
    struct stat st;
    cr_assert_eq(fstat(memory, &st), 0);
    cr_expect_eq((uint64_t)st.st_size, size);
    cr_expect_eq(st.st_blocks, 0);
}

Test(fs_io, memory_that_is_not_there_cannot_be_reserved)
{
    SCOPED(fs_closep) int memory = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct statfs at;
    bool has_limit =
        memory >= 0 && !fstatfs(memory, &at) && at.f_type == TMPFS_MAGIC && at.f_blocks;
    if (!has_limit) cr_skip_test("no tmpfs of a known size at /dev/shm");
    uint64_t free = at.f_bavail * (uint64_t)at.f_bsize;
    cr_expect_eq(fs_reserve(memory, free + (UINT64_C(1) << 40), "the file", &why), ERR_DISK);
    cr_expect_str_eq(why.text, "cannot reserve space for 'the file': No space left on device");
    cr_expect_eq(fs_reserve(memory, 4096, "the file", &why), OK);
}

Test(fs_io, files_and_directories_can_be_synced)
{
    cr_expect_eq(fs_datasync(fd, "f", &why), OK);
    cr_expect_eq(fs_sync_dir(top_fd, "dir", &why), OK);
    cr_expect_eq(fs_datasync(-1, "the file", &why), ERR_DISK);
    cr_expect_str_eq(why.text, "cannot make 'the file' durable: Bad file descriptor");
    cr_expect_eq(fs_sync_dir(-1, "d", &why), ERR_DISK);

    int ends[2]; // fsync of a pipe is EINVAL, as of a directory where it means nothing
    cr_assert_eq(pipe(ends), 0);
    cr_expect_eq(fs_sync_dir(ends[0], "d", &why), OK);
    cr_expect_eq(fs_datasync(ends[0], "f", &why), ERR_DISK, "a file must be durable");
}

Test(fs_io, free_space_is_at_most_the_whole)
{
    uint64_t available = 0;
    uint64_t total = 0;
    cr_expect_eq(fs_space(top_fd, &available, &total, &why), OK);
    cr_expect_gt(total, 0);
    cr_expect_leq(available, total);
    cr_expect_eq(fs_space(-1, &available, &total, &why), ERR_DISK);
}

Test(fs_io, the_mode_of_new_files_follows_the_umask)
{
    static const struct {
        mode_t mask;
        mode_t mode;
    } cases[] = {{0022, 0644}, {0, 0666}, {0077, 0600}, {0027, 0640}, {0777, 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        umask(cases[i].mask);
        cr_expect_eq(fs_file_mode(), cases[i].mode, "%o", cases[i].mask);
    }
}

Test(fs_io, closing_nothing_is_harmless)
{
    int none = -1;
    fs_closep(&none);
    int copy = dup(fd);
    fs_closep(&copy);
    cr_expect_eq(copy, -1);
}
