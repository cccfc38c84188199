/* The part of fs.h that works on an open descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/str.h"

/* The one place where sizes become off_t; false: beyond INT64_MAX. */
static bool to_off(uint64_t n, off_t *ret)
{
    if (n > INT64_MAX) return false;
    *ret = (off_t)n;
    return true;
}

enum err fs_stat_fd(int fd, struct fs_stamp *ret, struct why *why)
{
    struct stat st;
    if (fstat(fd, &st) < 0) return fail_errno(why, "cannot look at an open file");
    if (!S_ISREG(st.st_mode)) return fail(why, ERR_DISK, "not a regular file");
    *ret = (struct fs_stamp){
        .size = (uint64_t)st.st_size,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
        .inode = st.st_ino,
        .device = st.st_dev,
    };
    return OK;
}

enum err fs_write_at(int fd, const void *data, size_t len, uint64_t offset, const char *name,
                     struct why *why)
{
    off_t at = 0;
    const char *bytes = data;
    uint64_t end = 0;
    if (__builtin_add_overflow(offset, len, &end) || end > INT64_MAX || !to_off(offset, &at)) {
        return fail(why, ERR_DISK, "cannot write '%s': offset too large", name);
    }
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, at);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO; // never seen for files, but it must not loop
        if (n <= 0) return fail_errno(why, "cannot write '%s'", name);
        bytes += n;
        len -= (size_t)n;
        at += n;
    }
    return OK;
}

enum err fs_read_at(int fd, void *data, size_t *len, uint64_t offset, const char *name,
                    struct why *why)
{
    off_t at = 0;
    char *bytes = data;
    size_t got = 0;
    if (!to_off(offset, &at)) {
        return fail(why, ERR_DISK, "cannot read '%s': offset too large", name);
    }
    while (got < *len) {
        ssize_t n = pread(fd, bytes + got, *len - got, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(why, "cannot read '%s'", name);
        if (n == 0) break;
        got += (size_t)n;
        at += n;
    }
    *len = got;
    return OK;
}

static uint64_t block_bytes(uint64_t blocks, uint64_t block)
{
    uint64_t bytes = 0;
    return __builtin_mul_overflow(blocks, block, &bytes) ? UINT64_MAX : bytes;
}

/* In memory a reservation is made by filling it with zeroes: what is free is only looked at. */
static bool reserve_in_memory(int fd, off_t end, int *ret_rc)
{
    struct statfs at;
    struct stat st;
    if (fstatfs(fd, &at) < 0 || at.f_type != TMPFS_MAGIC || fstat(fd, &st) < 0) return false;
    uint64_t present = (uint64_t)st.st_blocks * 512;
    uint64_t free = block_bytes(at.f_bavail, (uint64_t)at.f_bsize);
    bool limited = at.f_blocks > 0;
    bool fits = !limited || (uint64_t)end <= present || (uint64_t)end - present <= free;
    if (!fits) errno = ENOSPC;
    *ret_rc = fits ? 0 : -1;
    return true;
}

/* fallocate(2), not posix_fallocate(3): glibc's fallback for the latter writes zeroes. */
enum err fs_reserve(int fd, uint64_t size, const char *name, struct why *why)
{
    off_t end = 0;
    if (!to_off(size, &end)) {
        return fail(why, ERR_DISK, "cannot reserve space for '%s': size too large", name);
    }
    int rc = 0;
    if (!reserve_in_memory(fd, end, &rc)) {
        do {
            rc = end > 0 ? fallocate(fd, 0, 0, end) : 0;
        } while (rc < 0 && errno == EINTR);
    }
    if (rc < 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
        return fail_errno(why, "cannot reserve space for '%s'", name);
    }
    if (ftruncate(fd, end) < 0) return fail_errno(why, "cannot set the size of '%s'", name);
    return OK;
}

enum err fs_datasync(int fd, const char *name, struct why *why)
{
    // Once: after a failure the kernel forgets what it could not write, a second try would lie.
    if (fdatasync(fd) < 0) return fail_errno(why, "cannot make '%s' durable", name);
    return OK;
}

enum err fs_sync_dir(int dir_fd, const char *name, struct why *why)
{
    if (fsync(dir_fd) < 0 && errno != EINVAL) {
        return fail_errno(why, "cannot make directory '%s' durable", name);
    }
    return OK;
}

enum err fs_space(int fd, uint64_t *ret_free, uint64_t *ret_total, struct why *why)
{
    struct statvfs v;
    if (fstatvfs(fd, &v) < 0) return fail_errno(why, "cannot ask for free space");
    *ret_free = block_bytes(v.f_bavail, v.f_frsize);
    *ret_total = block_bytes(v.f_blocks, v.f_frsize);
    return OK;
}

mode_t fs_file_mode(void)
{
    enum { EVERYBODY = 0666, WITHOUT_PROC = 0644, ALL_BITS = 0777 };
    static const char FIELD[] = "Umask:";
    FILE *f = fopen("/proc/self/status", "re");
    if (!f) return WITHOUT_PROC;
    mode_t mode = WITHOUT_PROC;
    char line[256];
    while (fgets(line, sizeof(line), f)) {
        if (!str_starts(line, FIELD)) continue;
        unsigned long mask = strtoul(line + sizeof(FIELD) - 1, NULL, 8);
        mode = (mode_t)(EVERYBODY & ~(mask & ALL_BITS));
        break;
    }
    fclose(f);
    return mode;
}

void fs_closep(int *fd)
{
    int saved = errno;
    if (*fd >= 0) close(*fd);
    *fd = -1;
    errno = saved;
}
