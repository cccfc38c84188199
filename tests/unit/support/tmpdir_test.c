#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/tmpdir.h"

Test(tmpdir, files_go_in_and_come_out)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    size_t len = 0;
    char hex[65];
    tmpdir_put(dir, "a/b/c.bin", "x\0y", 3);
    tmpdir_put_text(dir, "t", "");
    SCOPED(mem_freep) char *data = tmpdir_get(dir, "a/b/c.bin", &len);
    cr_assert_eq(len, 3);
    cr_expect_arr_eq(data, "x\0y", 4);
    cr_expect_eq(tmpdir_size(dir, "a/b/c.bin"), 3);
    cr_expect_eq(tmpdir_size(dir, "a/b"), -1);
    cr_expect_eq(tmpdir_size(dir, "none"), -1);
    cr_expect_eq(tmpdir_count(dir, ""), 2);
    cr_expect_eq(tmpdir_count(dir, "a"), 1);
    cr_expect(tmpdir_contains(dir, "x"));
    cr_expect_not(tmpdir_contains(dir, "z"));
    cr_assert(tmpdir_sha256(dir, "t", hex));
    cr_expect_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(tmpdir, goes_away_whole_and_nothing_behind_a_link_with_it)
{
    SCOPED(tmpdir_freep) char *other = tmpdir_new();
    tmpdir_put_text(other, "keep", "1");
    char *dir = tmpdir_new();
    SCOPED(mem_freep) char *link = mem_printf("%s/link", dir);
    SCOPED(mem_freep) char *closed = mem_printf("%s/closed", dir);
    SCOPED(mem_freep) char *name = mem_strdup(dir);
    cr_assert_eq(symlink(other, link), 0);
    tmpdir_put_text(dir, "closed/file", "1");
    cr_assert_eq(chmod(closed, 0), 0);
    cr_expect(tmpdir_has(dir, "link"));
    tmpdir_free(dir);
    struct stat st;
    cr_expect_eq(lstat(name, &st), -1);
    cr_expect(tmpdir_has(other, "keep"));
}
