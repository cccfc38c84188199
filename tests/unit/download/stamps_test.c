#include "download/stamps.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/tmpdir.h"

static const struct fs_stamp STAT = {.size = 5, .mtime_ns = 1000000007, .inode = 42};

static struct stamps *open_in(const char *dir, int *ret_fd)
{
    *ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return stamps_open(*ret_fd, "verified");
}

static bool holds(const char *dir, const char *path, const char *identity, struct fs_stamp now)
{
    SCOPED(fs_closep) int fd = -1;
    struct stamps *s = open_in(dir, &fd);
    bool held = stamps_hold(s, path, identity, &now);
    stamps_free(s);
    return held;
}

static void vouch(const char *dir, const char *path, const char *identity, struct fs_stamp now)
{
    SCOPED(fs_closep) int fd = -1;
    struct stamps *s = open_in(dir, &fd);
    stamps_add(s, path, identity, &now);
    stamps_free(s);
}

Test(stamps, hold_for_the_same_file_only)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    vouch(dir, "a b/c", "sha256:00", STAT);
    cr_expect(holds(dir, "a b/c", "sha256:00", STAT));
    cr_expect_not(holds(dir, "a b/d", "sha256:00", STAT));
    cr_expect_not(holds(dir, "a b/c", "sha256:01", STAT));
    cr_expect_not(holds(dir, "a b/c", NULL, STAT));
    struct fs_stamp changed = STAT;
    changed.size++;
    cr_expect_not(holds(dir, "a b/c", "sha256:00", changed));
    changed = STAT;
    changed.mtime_ns++;
    cr_expect_not(holds(dir, "a b/c", "sha256:00", changed));
    changed = STAT;
    changed.inode++;
    cr_expect_not(holds(dir, "a b/c", "sha256:00", changed));
}

Test(stamps, the_last_word_on_a_path_counts)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    vouch(dir, "x", "sha256:00", STAT);
    vouch(dir, "y", "sha256:00", STAT);
    vouch(dir, "x", "sha256:01", STAT);
    cr_expect_not(holds(dir, "x", "sha256:00", STAT));
    cr_expect(holds(dir, "x", "sha256:01", STAT));
    cr_expect(holds(dir, "y", "sha256:00", STAT));
}

static const struct {
    const char *name, *text;
} BAD[] = {
    {"cut short", "1 sha256:00 5 1000000007 42 x"},
    {"another version", "2 sha256:00 5 1000000007 42 x\n"},
    {"a field short", "1 sha256:00 5 1000000007 x\n"},
    {"no number", "1 sha256:00 five 1000000007 42 x\n"},
    {"a negative number", "1 sha256:00 -5 1000000007 42 x\n"},
    {"empty", ""},
    {"blank lines", "\n\n\n"},
};

Test(stamps, lines_that_are_not_ours_vouch_for_nothing)
{
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        tmpdir_put_text(dir, "verified", BAD[i].text);
        cr_expect_not(holds(dir, "x", "sha256:00", STAT), "%s", BAD[i].name);
    }
}

Test(stamps, a_name_that_would_break_the_lines_is_not_noted)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    vouch(dir, "a\n1 sha256:00 5 1000000007 42 x", "sha256:00", STAT);
    vouch(dir, "x", "etag:a b", STAT);
    cr_expect_not(tmpdir_has(dir, "verified"));
}

Test(stamps, a_line_after_one_that_was_cut_short_is_whole)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    tmpdir_put_text(dir, "verified", "1 sha256:00 5 1000000007 42 w\n1 sha256:00 5 1000");
    vouch(dir, "x", "sha256:00", STAT);
    cr_expect(holds(dir, "w", "sha256:00", STAT));
    cr_expect(holds(dir, "x", "sha256:00", STAT));
}

Test(stamps, several_of_one_run_are_whole_lines)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    tmpdir_put_text(dir, "verified", "1 sha256:00 5");
    SCOPED(fs_closep) int fd = -1;
    struct stamps *s = open_in(dir, &fd);
    stamps_add(s, "a", "sha256:00", &STAT);
    stamps_add(s, "b", "sha256:00", &STAT);
    stamps_free(s);
    size_t len = 0;
    SCOPED(mem_freep) char *text = tmpdir_get(dir, "verified", &len);
    cr_expect_str_eq(text, "1 sha256:00 5\n"
                           "1 sha256:00 5 1000000007 42 a\n"
                           "1 sha256:00 5 1000000007 42 b\n");
}

Test(stamps, where_nothing_can_be_written_nothing_is_vouched_for)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    tmpdir_put_text(dir, "verified/is-a-directory", "");
    vouch(dir, "x", "sha256:00", STAT);
    cr_expect_not(holds(dir, "x", "sha256:00", STAT));
}

Test(stamps, a_path_of_the_longest_length_is_kept)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    char path[4096];
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    vouch(dir, path, "sha256:00", STAT);
    cr_expect(holds(dir, path, "sha256:00", STAT));
}
