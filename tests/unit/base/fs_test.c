#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/support/tmpdir.h"

static char *top;
static int top_fd;
static struct why why;

static void start(void)
{
    top = tmpdir_new();
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tmpdir_put(top, "dir/file", "hello", 5);
    cr_assert_eq(symlinkat("dir", top_fd, "to-dir"), 0);
    cr_assert_eq(symlinkat("dir/file", top_fd, "to-file"), 0);
}

static void stop(void)
{
    close(top_fd);
    tmpdir_free(top);
}

TestSuite(fs, .init = start, .fini = stop);

static size_t entries_of(const char *rel)
{
    SCOPED(fs_closep) int fd = -1;
    cr_assert_eq(fs_open_dir(top_fd, rel, false, &fd, &why), OK);
    DIR *dir = fdopendir(dup(fd));
    size_t n = 0;
    for (struct dirent *d = readdir(dir); d; d = readdir(dir))
        n += !str_eq(d->d_name, ".") && !str_eq(d->d_name, "..");
    closedir(dir);
    return n;
}

static void expect_content(const char *rel, const char *content)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 0);
    cr_assert_eq(fs_read_small(top_fd, rel, 1000, &b, &why), OK, "%s", why.text);
    cr_expect_str_eq(buf_str(&b), content, "'%s'", rel);
}

/* ---- opening ---- */

Test(fs, a_root_is_made_with_its_parents_and_follows_symlinks)
{
    char path[700];
    SCOPED(fs_closep) int fd = -1;
    snprintf(path, sizeof(path), "%s/to-dir/a//b/c/", top);
    cr_expect_eq(fs_open_root(path, false, &fd, &why), ERR_NOT_FOUND);
    cr_expect_eq(fd, -1);
    cr_assert_eq(fs_open_root(path, true, &fd, &why), OK, "%s", why.text);
    cr_expect_eq(faccessat(top_fd, "dir/a/b/c", F_OK, 0), 0);
    fs_closep(&fd);
    cr_expect_eq(fs_open_root(path, true, &fd, &why), OK, "it is there already");
    fs_closep(&fd);
    snprintf(path, sizeof(path), "%s/dir/file", top);
    cr_expect_eq(fs_open_root(path, true, &fd, &why), ERR_DISK);
    snprintf(path, sizeof(path), "%s/dir/file/x", top);
    cr_expect_eq(fs_open_root(path, true, &fd, &why), ERR_DISK);
    cr_expect(str_ends(why.text, "Not a directory"), "%s", why.text);
    cr_expect_eq(fs_open_root("", true, &fd, &why), ERR_DISK);
    cr_expect_eq(fs_open_root("/", true, &fd, &why), OK);
}

Test(fs, a_relative_root_is_made_below_the_working_directory)
{
    cr_assert_eq(fchdir(top_fd), 0);
    SCOPED(fs_closep) int fd = -1;
    cr_expect_eq(fs_open_root("here/there", true, &fd, &why), OK, "%s", why.text);
    cr_expect_eq(faccessat(top_fd, "here/there", F_OK, 0), 0);
}

static const struct open_case {
    const char *rel;
    enum err file;   // of fs_open_file for reading
    enum err stat;   // of fs_stat_file
    enum err dir;    // of fs_open_dir
    enum err create; // of fs_open_dir with `create`
} OPENINGS[] = {
    {"dir/file", OK, OK, ERR_DISK, ERR_DISK},
    {"dir", ERR_DISK, ERR_DISK, OK, OK},
    {"absent", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND, OK},
    {"gone/below", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND, OK},
    {"dir/file/x", ERR_DISK, ERR_DISK, ERR_DISK, ERR_DISK},
    {"to-file", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"to-dir", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"to-dir/file", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"to-dir/new", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"..", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"dir/../dir/file", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"/etc/passwd", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"dir//file", ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
    {"", ERR_REFUSED, ERR_REFUSED, OK, OK},
    {".", ERR_REFUSED, ERR_REFUSED, OK, OK},
};

Test(fs, every_name_has_its_verdict)
{
    for (size_t i = 0; i < ARRAY_LEN(OPENINGS); i++) {
        const struct open_case *c = &OPENINGS[i];
        SCOPED(fs_closep) int file = -1;
        SCOPED(fs_closep) int dir = -1;
        SCOPED(fs_closep) int made = -1;
        struct fs_stamp stamp;
        cr_expect_eq(fs_open_file(top_fd, c->rel, O_RDONLY, 0, &file, &why), c->file, "'%s'",
                     c->rel);
        cr_expect_eq(fs_stat_file(top_fd, c->rel, &stamp, &why), c->stat, "stat '%s'", c->rel);
        cr_expect_eq(fs_open_dir(top_fd, c->rel, false, &dir, &why), c->dir, "dir '%s'", c->rel);
        cr_expect_eq(fs_open_dir(top_fd, c->rel, true, &made, &why), c->create, "mk '%s'", c->rel);
        cr_expect_eq(file >= 0, c->file == OK);
        cr_expect_eq(dir >= 0, c->dir == OK);
        cr_expect_eq(made >= 0, c->create == OK);
    }
}

Test(fs, a_planted_fifo_is_refused_at_once, .timeout = 20)
{
    cr_assert_eq(mkfifoat(top_fd, "fifo", 0600), 0);
    int fd = -1;
    struct fs_stamp stamp;
    cr_expect_eq(fs_open_file(top_fd, "fifo", O_RDONLY, 0, &fd, &why), ERR_DISK);
    cr_expect_eq(fs_open_file(top_fd, "fifo", O_WRONLY, 0, &fd, &why), ERR_DISK);
    cr_expect_eq(fs_stat_file(top_fd, "fifo", &stamp, &why), ERR_DISK);
    cr_expect_eq(fd, -1);
}

Test(fs, a_file_is_created_where_its_directory_is)
{
    SCOPED(fs_closep) int fd = -1;
    cr_expect_eq(fs_open_file(top_fd, "no/x", O_WRONLY | O_CREAT, 0600, &fd, &why), ERR_NOT_FOUND);
    cr_expect_eq(fs_open_file(top_fd, "dir/x", O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, &why), OK);
    struct stat st;
    cr_assert_eq(fstat(fd, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    fs_closep(&fd);
    cr_expect_eq(fs_open_file(top_fd, "dir/x", O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, &why),
                 ERR_DISK);
    cr_expect_str_eq(why.text, "cannot open 'dir/x': File exists");
}

Test(fs, a_stamp_tells_one_file_from_another)
{
    tmpdir_put(top, "other", "hello", 5);
    struct fs_stamp a;
    struct fs_stamp b;
    struct fs_stamp c;
    cr_assert_eq(fs_stat_file(top_fd, "dir/file", &a, &why), OK);
    cr_assert_eq(fs_stat_file(top_fd, "other", &b, &why), OK);
    cr_expect_eq(a.size, 5);
    cr_expect_eq(a.device, b.device);
    cr_expect_neq(a.inode, b.inode);

    SCOPED(fs_closep) int fd = -1;
    cr_assert_eq(fs_open_file(top_fd, "dir/file", O_RDWR, 0, &fd, &why), OK);
    const struct timespec times[2] = {{.tv_sec = 5, .tv_nsec = 7}, {.tv_sec = 9, .tv_nsec = 11}};
    cr_assert_eq(futimens(fd, times), 0);
    cr_assert_eq(fs_stat_fd(fd, &c, &why), OK);
    cr_expect_eq(c.inode, a.inode);
    cr_expect_eq(c.mtime_ns, INT64_C(9000000011));
    cr_expect_eq(fs_stat_fd(top_fd, &c, &why), ERR_DISK, "a directory");
    cr_expect_eq(fs_stat_fd(-1, &c, &why), ERR_DISK);
}

Test(fs, names_are_split_at_the_last_slash)
{
    static const struct {
        const char *rel;
        const char *dir;
        const char *name;
    } cases[] = {{"a", "", "a"}, {"a/b", "a", "b"}, {"a/b/c.d", "a/b", "c.d"}, {"a/", "a", ""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char dir[16];
        const char *name = NULL;
        fs_split(cases[i].rel, dir, &name);
        cr_expect_str_eq(dir, cases[i].dir);
        cr_expect_str_eq(name, cases[i].name);
    }
}

/* ---- whole files ---- */

Test(fs, replacing_makes_directories_and_leaves_nothing_else)
{
    cr_expect_eq(fs_replace_file(top_fd, "a/b/c", "one", 3, true, &why), OK, "%s", why.text);
    expect_content("a/b/c", "one");
    cr_expect_eq(fs_replace_file(top_fd, "a/b/c", "", 0, false, &why), OK);
    expect_content("a/b/c", "");
    cr_expect_eq(entries_of("a/b"), 1);
}

Test(fs, replacing_does_not_follow_symlinks)
{
    cr_expect_eq(fs_replace_file(top_fd, "to-dir/file", "evil", 4, false, &why), ERR_REFUSED);
    cr_expect_eq(fs_replace_file(top_fd, "../file", "evil", 4, false, &why), ERR_REFUSED);
    cr_expect_eq(fs_replace_file(top_fd, "to-file", "new", 3, false, &why), OK);
    expect_content("dir/file", "hello");
    expect_content("to-file", "new");
}

Test(fs, a_replacement_that_fails_leaves_the_old_file_and_no_other)
{
    cr_assert_eq(mkdirat(top_fd, "dir/taken", 0700), 0);
    cr_expect_eq(fs_replace_file(top_fd, "dir/taken", "x", 1, true, &why), ERR_DISK);
    cr_expect_eq(entries_of("dir"), 2);

    static const char big[70000];
    const struct rlimit small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    cr_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0); // a disk that is full after 4 KiB
    cr_expect_eq(fs_replace_file(top_fd, "dir/file", big, sizeof(big), true, &why), ERR_DISK);
    cr_expect_str_eq(why.text, "cannot write 'dir/file': File too large");
    expect_content("dir/file", "hello");
    cr_expect_eq(entries_of("dir"), 2);
}

static atomic_bool replacing;

/* Reads without end while the file is replaced: it must always be one version, whole. */
static void *read_versions(void *arg)
{
    size_t *torn = arg;
    while (atomic_load(&replacing)) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 0);
        bool ok = fs_read_small(top_fd, "dir/version", 10000, &b, NULL) == OK && b.len == 10000;
        for (size_t i = 1; ok && i < b.len; i++)
            ok = b.data[i] == b.data[0];
        *torn += !ok;
    }
    return NULL;
}

Test(fs, readers_see_the_old_version_or_the_new)
{
    char data[10000];
    memset(data, 'a', sizeof(data));
    tmpdir_put(top, "dir/version", data, sizeof(data));
    atomic_store(&replacing, true);
    size_t torn = 0;
    pthread_t reader;
    cr_assert_eq(pthread_create(&reader, NULL, read_versions, &torn), 0);
    for (int i = 0; i < 500; i++) {
        memset(data, 'a' + i % 26, sizeof(data));
        cr_expect_eq(fs_replace_file(top_fd, "dir/version", data, sizeof(data), false, &why), OK);
    }
    atomic_store(&replacing, false);
    pthread_join(reader, NULL);
    cr_expect_eq(torn, 0, "%zu torn reads", torn);
}

Test(fs, small_files_are_read_up_to_their_maximum)
{
    SCOPED(mem_freep) char *data = mem_new(40000);
    memset(data, 'x', 40000);
    static const struct {
        size_t size;
        size_t max;
        enum err e;
    } cases[] = {
        {0, 0, OK},         {1, 0, ERR_REFUSED},         {5, 5, OK},         {6, 5, ERR_REFUSED},
        {16384, 16384, OK}, {16385, 16384, ERR_REFUSED}, {16385, 16385, OK}, {40000, 40000, OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tmpdir_put(top, "f", data, cases[i].size);
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 100);
        buf_adds(&b, "before");
        cr_expect_eq(fs_read_small(top_fd, "f", cases[i].max, &b, &why), cases[i].e, "%zu", i);
        cr_expect_eq(b.len, cases[i].e ? 6 : cases[i].size, "%zu: untouched on failure", i);
    }
    struct buf b;
    buf_init(&b, 1);
    cr_expect_eq(fs_read_small(top_fd, "absent", 1, &b, &why), ERR_NOT_FOUND);
    cr_expect_str_eq(why.text, "'absent' does not exist");
    cr_expect_eq(fs_read_small(top_fd, "to-file", 9, &b, &why), ERR_REFUSED);
    cr_expect_eq(fs_read_small(top_fd, "dir", 9, &b, &why), ERR_DISK);
}
