/* fs.h - files and directories below a held root: no path of outside origin reaches open(2).
 * A root is an open directory; every walk below it goes through
 * openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS), by component with
 * O_NOFOLLOW where the call is missing (ENOSYS, EPERM by seccomp). Errors are ERR_DISK with the
 * path and errno's text. ERR_REFUSED: a symlink on the way or at its end, or a `rel` that is
 * absolute or has an empty, `.` or `..` component. Any thread. */
#ifndef SHARDFETCH_BASE_FS_H
#define SHARDFETCH_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "download/base/buf.h"
#include "download/base/err.h"
#include "download/base/scoped.h"

/* What stat says of a regular file, for "is it still the one we checked". */
struct fs_stamp {
    uint64_t size;
    int64_t mtime_ns;
    uint64_t inode;
    uint64_t device;
};

/* Opens directory `path` (made with its parents, durably, when `create`), the one place where a
 * path of the user's own is followed, symlinks included. ERR_NOT_FOUND when absent. */
NODISCARD enum err fs_open_root(const char *path, bool create, int *ret_fd, struct why *why);
/* The same, made when it is missing, for nobody but this user (XDG Base Directory). */
NODISCARD enum err fs_open_private_root(const char *path, int *ret_fd, struct why *why);
/* Opens directory `rel` ("" or "." = the root itself) below `root_fd`; with `create` makes what is
 * missing and fsyncs the parents of what it made. ERR_NOT_FOUND when absent. */
NODISCARD enum err fs_open_dir(int root_fd, const char *rel, bool create, int *ret_fd,
                               struct why *why);
/* Opens a regular file below `root_fd`; O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK (a planted FIFO must
 * not hang us) are always added, O_CREAT makes no directories. ERR_NOT_FOUND when it is absent and
 * not to be made, or a parent is absent; ERR_DISK when it is no regular file. */
NODISCARD enum err fs_open_file(int root_fd, const char *rel, int flags, mode_t mode, int *ret_fd,
                                struct why *why);
/* Splits `rel` into its directory ("" when none) and last component. `ret_dir` needs strlen+1. */
void fs_split(const char *rel, char *ret_dir, const char **ret_name);
/* ERR_NOT_FOUND when absent; ERR_DISK when it is no regular file, ERR_REFUSED for a symlink. */
NODISCARD enum err fs_stat_file(int root_fd, const char *rel, struct fs_stamp *ret,
                                struct why *why);
NODISCARD enum err fs_stat_fd(int fd, struct fs_stamp *ret, struct why *why);

/* All of it at `offset`; loops over short writes and EINTR. `name` is for the sentence. */
NODISCARD enum err fs_write_at(int fd, const void *data, size_t len, uint64_t offset,
                               const char *name, struct why *why);
/* Up to `*len` bytes; `*len` becomes what was got, less only at the end of the file. Untouched on
 * failure. */
NODISCARD enum err fs_read_at(int fd, void *data, size_t *len, uint64_t offset, const char *name,
                              struct why *why);
/* Reserves [0, size) and makes it the file's size; where the file system cannot reserve, or would
 * write zeroes to do it (tmpfs), only sees that it is free and sets the size. */
NODISCARD enum err fs_reserve(int fd, uint64_t size, const char *name, struct why *why);
NODISCARD enum err fs_datasync(int fd, const char *name, struct why *why);
/* fsync of a directory; ignored where the file system does not know it (EINVAL). */
NODISCARD enum err fs_sync_dir(int dir_fd, const char *name, struct why *why);

/* Replaces `rel` with `data` so that readers see the old or the new one: temporary name beside it
 * (".shardfetch-<16 hex>.tmp"), write, optional fdatasync, rename, optional fsync of the directory.
 * A symlink under the name is replaced, not followed. Makes missing directories. */
NODISCARD enum err fs_replace_file(int root_fd, const char *rel, const void *data, size_t len,
                                   bool durable, struct why *why);
/* The same in that directory itself, for nobody but this user; not durable. */
NODISCARD enum err fs_replace_private_file(int dir_fd, const char *name, const void *data,
                                           size_t len, struct why *why);
/* Reads a small regular file whole, in place of what was in `ret` (whose maximum becomes `max`);
 * ERR_NOT_FOUND when absent, ERR_REFUSED beyond `max`. */
NODISCARD enum err fs_read_small(int root_fd, const char *rel, size_t max, struct buf *ret,
                                 struct why *why);
/* Free bytes for this user and in all. */
NODISCARD enum err fs_space(int fd, uint64_t *ret_free, uint64_t *ret_total, struct why *why);
/* Mode a new file gets here: 0666 less the umask, found without changing the umask (from
 * /proc/self/status, 0644 where that is not readable). */
mode_t fs_file_mode(void);

void fs_closep(int *fd); // for SCOPED: closes when >= 0

#endif
