#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/fs.h"
#include "download/base/fs_walk.h"
#include "download/base/scoped.h"
#include "tests/support/tmpdir.h"

static char *top;
static int top_fd;

static void start(void)
{
    top = tmpdir_new();
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tmpdir_put(top, "dir/sub/file", "x", 1);
    tmpdir_put(top, "file", "x", 1);
    cr_assert_eq(symlinkat("dir", top_fd, "to-dir"), 0);
    cr_assert_eq(symlinkat("file", top_fd, "to-file"), 0);
    cr_assert_eq(symlinkat("nowhere", top_fd, "dangling"), 0);
    cr_assert_eq(symlinkat("/", top_fd, "to-root"), 0);
    cr_assert_eq(symlinkat("sub", top_fd, "dir/to-sub"), 0);
    cr_assert_eq(symlinkat("..", top_fd, "dir/up"), 0);
}

static void stop(void)
{
    close(top_fd);
    tmpdir_free(top);
}

TestSuite(fs_walk, .init = start, .fini = stop);

Test(fs_walk, safe_names_stay_below)
{
    static const char *const safe[] = {"a", "a/b", "...", "a/..b/c..", ".a", "a b/\xC3\xA9", "-"};
    static const char *const unsafe[] = {"",     "/",    "/a",     "a/",        "a//b",
                                         ".",    "./a",  "a/.",    "a/./b",     "..",
                                         "../a", "a/..", "a/../b", "a/b/../..", "//"};
    for (size_t i = 0; i < ARRAY_LEN(safe); i++)
        cr_expect(fs_walk_is_safe(safe[i]), "'%s'", safe[i]);
    for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
        cr_expect(!fs_walk_is_safe(unsafe[i]), "'%s'", unsafe[i]);
}

static const struct walk_case {
    const char *rel;
    int flags;
    int error; // 0: opens
} CASES[] = {
    {"file", O_RDONLY, 0},
    {"dir/sub/file", O_RDONLY, 0},
    {"dir/sub", O_RDONLY | O_DIRECTORY, 0},
    {"dir/sub/new", O_WRONLY | O_CREAT, 0},
    {"dir", O_PATH, 0},
    {"file", O_RDONLY | O_DIRECTORY, ENOTDIR},
    {"file/x", O_RDONLY, ENOTDIR},
    {"dir", O_WRONLY, EISDIR},
    {"absent", O_RDONLY, ENOENT},
    {"absent/x", O_WRONLY | O_CREAT, ENOENT},
    {"file", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
    {"to-file", O_RDONLY, ELOOP},
    {"to-file", O_WRONLY | O_CREAT, ELOOP},
    {"dangling", O_WRONLY | O_CREAT, ELOOP},
    {"dangling", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
    {"to-dir", O_RDONLY, ELOOP},
    {"to-dir", O_RDONLY | O_DIRECTORY, ELOOP},
    {"to-dir/sub/file", O_RDONLY, ELOOP},
    {"to-dir/sub", O_RDONLY | O_DIRECTORY, ELOOP},
    {"to-dir/sub/file", O_PATH, ELOOP},
    {"to-root/etc/passwd", O_RDONLY, ELOOP},
    {"dir/to-sub/file", O_RDONLY, ELOOP},
    {"dir/to-sub/new", O_WRONLY | O_CREAT, ELOOP},
    {"dir/up/file", O_RDONLY, ELOOP},
    {"dir/../file", O_RDONLY, EXDEV},
    {"../x", O_RDONLY, EXDEV},
    {"..", O_RDONLY | O_DIRECTORY, EXDEV},
    {"/etc/passwd", O_RDONLY, EXDEV},
    {"dir//sub", O_RDONLY, EXDEV},
    {"dir/", O_RDONLY, EXDEV},
    {"", O_RDONLY, EXDEV},
};

static void expect_verdicts(int (*walk)(int, const char *, int, mode_t), const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const struct walk_case *c = &CASES[i];
        errno = 0;
        SCOPED(fs_closep) int fd = walk(top_fd, c->rel, c->flags, 0600);
        int error = fd < 0 ? errno : 0;
        cr_expect_eq(error, c->error, "%s of '%s' (flags %o): %s", name, c->rel, (unsigned)c->flags,
                     strerror(error));
        if (fd >= 0) cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC, "'%s'", c->rel);
    }
}

Test(fs_walk, openat2_gives_these_verdicts)
{
    expect_verdicts(fs_walk_open, "openat2");
}

Test(fs_walk, the_fallback_gives_the_same)
{
    expect_verdicts(fs_walk_open_by_component, "by component");
}

Test(fs_walk, a_last_symlink_can_be_looked_at_either_way)
{
    SCOPED(fs_closep) int a = fs_walk_open(top_fd, "dir/to-sub", O_PATH, 0);
    SCOPED(fs_closep) int b = fs_walk_open_by_component(top_fd, "dir/to-sub", O_PATH, 0);
    struct stat sa;
    struct stat sb;
    cr_assert(fstat(a, &sa) == 0 && fstat(b, &sb) == 0);
    cr_expect(S_ISLNK(sa.st_mode) && S_ISLNK(sb.st_mode));
}

Test(fs_walk, missing_directories_are_made_and_only_those)
{
    cr_expect_eq(fs_walk_make_dirs(top_fd, "dir/new/deep"), 0);
    cr_expect_eq(fs_walk_make_dirs(top_fd, "dir/new/deep"), 0, "they are there already");
    struct stat st;
    cr_expect(fstatat(top_fd, "dir/new/deep", &st, 0) == 0 && S_ISDIR(st.st_mode));
}

Test(fs_walk, directories_are_made_through_no_symlink)
{
    static const struct {
        const char *rel;
        int error;
    } cases[] = {
        {"to-dir/new", ELOOP}, {"dir/to-sub/new", ELOOP}, {"dangling/new", ELOOP},
        {"dangling", ELOOP},   {"file/new", ENOTDIR},     {"file", ENOTDIR},
        {"../new", EXDEV},     {"dir/../new", EXDEV},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cr_expect_eq(fs_walk_make_dirs(top_fd, cases[i].rel), -1, "'%s'", cases[i].rel);
        cr_expect_eq(errno, cases[i].error, "'%s': %s", cases[i].rel, strerror(errno));
    }
    cr_expect_eq(faccessat(top_fd, "dir/new", F_OK, 0), -1);
    cr_expect_eq(faccessat(top_fd, "dir/sub/new", F_OK, 0), -1);
    cr_expect_eq(faccessat(top_fd, "nowhere", F_OK, 0), -1);
}
