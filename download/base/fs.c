#include "download/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/fs_walk.h"
#include "download/base/mem.h"
#include "download/base/rng.h"
#include "download/base/str.h"

enum { ANY_DIR = 0777, OWN_DIR = 0700, ANY_FILE = 0666, OWN_FILE = 0600 }; // less the umask

/* What errno of a walk means; see fs_walk.h. */
static enum err walk_failed(const char *verb, const char *rel, struct why *why)
{
    switch (errno) {
    case ENOENT: return fail(why, ERR_NOT_FOUND, "'%s' does not exist", rel);
    case ELOOP: return fail(why, ERR_REFUSED, "'%s' is or goes through a symbolic link", rel);
    case EXDEV: return fail(why, ERR_REFUSED, "'%s' is no plain relative path", rel);
    default: return fail_errno(why, "cannot %s '%s'", verb, rel);
    }
}

/* Directories that are missing are made with `mode` unless that is 0. */
static enum err open_root(const char *path, mode_t mode, int *ret_fd, struct why *why)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
    int fd = open(path, FLAGS);
    if (fd < 0 && errno == ENOENT && mode) {
        if (fs_walk_make_path(path, mode) < 0) return fail_errno(why, "cannot make '%s'", path);
        fd = open(path, FLAGS);
    }
    if (fd < 0 && errno == ENOENT) return fail(why, ERR_NOT_FOUND, "'%s' does not exist", path);
    if (fd < 0) return fail_errno(why, "cannot open '%s'", path);
    *ret_fd = fd;
    return OK;
}

enum err fs_open_root(const char *path, bool create, int *ret_fd, struct why *why)
{
    return open_root(path, create ? ANY_DIR : 0, ret_fd, why);
}

enum err fs_open_private_root(const char *path, int *ret_fd, struct why *why)
{
    return open_root(path, OWN_DIR, ret_fd, why);
}

enum err fs_open_dir(int root_fd, const char *rel, bool create, int *ret_fd, struct why *why)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
    bool is_root = str_empty(rel) || str_eq(rel, ".");
    int fd = is_root ? openat(root_fd, ".", FLAGS) : fs_walk_open(root_fd, rel, FLAGS, 0);
    if (fd < 0 && errno == ENOENT && create && !is_root) {
        if (fs_walk_make_dirs(root_fd, rel) < 0) return walk_failed("make", rel, why);
        fd = fs_walk_open(root_fd, rel, FLAGS, 0);
    }
    if (fd < 0) return walk_failed("open", is_root ? "." : rel, why);
    *ret_fd = fd;
    return OK;
}

enum err fs_open_file(int root_fd, const char *rel, int flags, mode_t mode, int *ret_fd,
                      struct why *why)
{
    SCOPED(fs_closep) int fd = fs_walk_open(root_fd, rel, flags | O_NONBLOCK | O_NOCTTY, mode);
    if (fd < 0) return walk_failed("open", rel, why);
    struct stat st;
    if (fstat(fd, &st) < 0) return fail_errno(why, "cannot look at '%s'", rel);
    if (!S_ISREG(st.st_mode)) return fail(why, ERR_DISK, "'%s' is not a regular file", rel);
    *ret_fd = fd;
    fd = -1;
    return OK;
}

void fs_split(const char *rel, char *ret_dir, const char **ret_name)
{
    const char *slash = strrchr(rel, '/');
    size_t n = slash ? (size_t)(slash - rel) : 0;
    memcpy(ret_dir, rel, n);
    ret_dir[n] = '\0';
    *ret_name = slash ? slash + 1 : rel;
}

enum err fs_stat_file(int root_fd, const char *rel, struct fs_stamp *ret, struct why *why)
{
    // O_PATH needs no permission to read; with O_NOFOLLOW it opens a last symlink itself.
    SCOPED(fs_closep) int fd = fs_walk_open(root_fd, rel, O_PATH, 0);
    struct stat st;
    if (fd < 0) return walk_failed("look at", rel, why);
    if (fstat(fd, &st) < 0) return fail_errno(why, "cannot look at '%s'", rel);
    if (S_ISLNK(st.st_mode)) return fail(why, ERR_REFUSED, "'%s' is a symbolic link", rel);
    if (!S_ISREG(st.st_mode)) return fail(why, ERR_DISK, "'%s' is not a regular file", rel);
    return fs_stat_fd(fd, ret, why);
}

struct replacement {
    const char *rel; // for sentences
    const void *data;
    size_t len;
    mode_t mode;
    bool durable;
};

static enum err write_whole(int fd, const struct replacement *r, struct why *why)
{
    enum err e = fs_write_at(fd, r->data, r->len, 0, r->rel, why);
    if (e) return e;
    return r->durable ? fs_datasync(fd, r->rel, why) : OK;
}

/* Beside `name` under a name of our own, then over it. */
static enum err replace_in(int dir_fd, const char *name, const struct replacement *r,
                           struct why *why)
{
    char temp[sizeof(".shardfetch-.tmp") + 16];
    struct rng rng;
    rng_seed(&rng);
    snprintf(temp, sizeof(temp), ".shardfetch-%016" PRIx64 ".tmp", rng_next(&rng));

    SCOPED(fs_closep) int fd = -1;
    enum err e = fs_open_file(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL, r->mode, &fd, why);
    if (e) return e;
    e = write_whole(fd, r, why);
    if (!e && renameat(dir_fd, temp, dir_fd, name) < 0) {
        e = fail_errno(why, "cannot replace '%s'", r->rel);
    }
    if (e) unlinkat(dir_fd, temp, 0);
    return e;
}

enum err fs_replace_file(int root_fd, const char *rel, const void *data, size_t len, bool durable,
                         struct why *why)
{
    if (!fs_walk_is_safe(rel)) {
        errno = EXDEV;
        return walk_failed("replace", rel, why);
    }
    SCOPED(mem_freep) char *dir = mem_new(strlen(rel) + 1);
    const char *name = NULL;
    fs_split(rel, dir, &name);
    SCOPED(fs_closep) int dir_fd = -1;
    enum err e = fs_open_dir(root_fd, dir, true, &dir_fd, why);
    if (e) return e;
    const struct replacement r = {
        .rel = rel, .data = data, .len = len, .mode = ANY_FILE, .durable = durable};
    e = replace_in(dir_fd, name, &r, why);
    if (e) return e;
    return durable ? fs_sync_dir(dir_fd, dir, why) : OK;
}

enum err fs_replace_private_file(int dir_fd, const char *name, const void *data, size_t len,
                                 struct why *why)
{
    const struct replacement r = {.rel = name, .data = data, .len = len, .mode = OWN_FILE};
    return replace_in(dir_fd, name, &r, why);
}

enum err fs_read_small(int root_fd, const char *rel, size_t max, struct buf *ret, struct why *why)
{
    SCOPED(fs_closep) int fd = -1;
    enum err e = fs_open_file(root_fd, rel, O_RDONLY, 0, &fd, why);
    if (e) return e;

    SCOPED(buf_done) struct buf all;
    buf_init(&all, max);
    char chunk[16 * 1024];
    size_t got = sizeof(chunk);
    for (uint64_t at = 0; got == sizeof(chunk); at += got) {
        e = fs_read_at(fd, chunk, &got, at, rel, why);
        if (e) return e;
        if (got > max - all.len) {
            return fail(why, ERR_REFUSED, "'%s' has more than %zu bytes", rel, max);
        }
        if (!buf_try_add(&all, chunk, got)) {
            return fail(why, ERR_MEMORY, "no memory for '%s'", rel);
        }
    }
    buf_done(ret);
    *ret = all;
    buf_init(&all, 0);
    return OK;
}
