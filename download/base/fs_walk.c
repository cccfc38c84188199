#include "download/base/fs_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/mem.h"

enum { STEP_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

bool fs_walk_is_safe(const char *rel)
{
    for (;;) {
        size_t n = strcspn(rel, "/");
        if (n == 0) return false;
        if (rel[0] == '.' && (n == 1 || (n == 2 && rel[1] == '.'))) return false;
        if (!rel[n]) return true;
        rel += n + 1;
    }
}

/* O_DIRECTORY turns the ELOOP of O_NOFOLLOW into ENOTDIR: look what it was. */
static void tell_symlink(int dir_fd, const char *name)
{
    if (errno != ENOTDIR) return;
    struct stat st;
    bool is_link = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
    errno = is_link ? ELOOP : ENOTDIR;
}

static int open_one(int dir_fd, const char *name, int flags, mode_t mode)
{
    int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) tell_symlink(dir_fd, name);
    return fd;
}

/* fsync of a directory known by an O_PATH descriptor, which cannot be synced itself. */
static int sync_dir_at(int dir_fd)
{
    SCOPED(fs_closep) int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

static int make_and_open(int dir_fd, const char *name)
{
    if (mkdirat(dir_fd, name, 0777) == 0) {
        if (sync_dir_at(dir_fd) < 0) return -1;
    } else if (errno != EEXIST) { // EEXIST: somebody else was faster
        return -1;
    }
    return open_one(dir_fd, name, STEP_FLAGS, 0);
}

/* Steps through the directories of `path` (which is cut up), with `make` through new ones too, and
 * opens the last of them. */
static int step_down(int root_fd, char *path, bool make)
{
    int dir = -1; // -1: still at the root
    for (char *name = path; name;) {
        char *slash = strchr(name, '/');
        if (slash) *slash = '\0';
        int at = dir < 0 ? root_fd : dir;
        int next = open_one(at, name, STEP_FLAGS, 0);
        if (next < 0 && errno == ENOENT && make) next = make_and_open(at, name);
        fs_closep(&dir);
        if (next < 0) return -1;
        dir = next;
        name = slash ? slash + 1 : NULL;
    }
    return dir;
}

int fs_walk_open_by_component(int root_fd, const char *rel, int flags, mode_t mode)
{
    if (!fs_walk_is_safe(rel)) {
        errno = EXDEV;
        return -1;
    }
    const char *slash = strrchr(rel, '/');
    if (!slash) return open_one(root_fd, rel, flags, mode);
    SCOPED(mem_freep) char *parents = mem_strndup(rel, (size_t)(slash - rel));
    SCOPED(fs_closep) int dir = step_down(root_fd, parents, false);
    if (dir < 0) return -1;
    return open_one(dir, slash + 1, flags, mode);
}

/* Errors of openat2 after which the other way is asked. */
static bool is_no_verdict(int e)
{
    switch (e) {
    case ENOSYS: return true;  // a kernel before 5.6
    case EPERM: return true;   // a seccomp filter; or the file's own answer, given again then
    case EAGAIN: return true;  // the kernel could not tell in the midst of a rename
    case ENOTDIR: return true; // a file, or with O_DIRECTORY a symlink
    default: return false;
    }
}

int fs_walk_open(int root_fd, const char *rel, int flags, mode_t mode)
{
    if (!fs_walk_is_safe(rel)) {
        errno = EXDEV;
        return -1;
    }
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, root_fd, rel, &how, sizeof(how));
    if (fd < 0 && is_no_verdict(errno)) {
        return fs_walk_open_by_component(root_fd, rel, flags, mode);
    }
    return (int)fd;
}

int fs_walk_make_dirs(int root_fd, const char *rel)
{
    if (!fs_walk_is_safe(rel)) {
        errno = EXDEV;
        return -1;
    }
    SCOPED(mem_freep) char *path = mem_strdup(rel);
    SCOPED(fs_closep) int dir = step_down(root_fd, path, true);
    return dir < 0 ? -1 : 0;
}

static int make_user_dir(char *path, mode_t mode)
{
    if (mkdir(path, mode) < 0) return errno == EEXIST ? 0 : -1;
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] != '/')
        n--;
    char saved = path[n];
    path[n] = '\0';
    SCOPED(fs_closep) int parent = open(n ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    path[n] = saved;
    return parent < 0 ? -1 : sync_dir_at(parent);
}

/* Backwards to the longest prefix that can be made or is there, then forwards. */
int fs_walk_make_path(const char *path, mode_t mode)
{
    SCOPED(mem_freep) char *p = mem_strdup(path);
    size_t len = strlen(p);
    while (len > 1 && p[len - 1] == '/')
        p[--len] = '\0';
    size_t at = len;
    while (make_user_dir(p, mode) < 0) {
        if (errno != ENOENT) return -1;
        while (at > 0 && p[at] != '/')
            at--;
        while (at > 0 && p[at - 1] == '/')
            at--;
        if (at == 0) {
            errno = ENOENT;
            return -1;
        }
        p[at] = '\0';
    }
    for (; at < len; at = strlen(p)) {
        p[at] = '/';
        if (make_user_dir(p, mode) < 0) return -1;
    }
    return 0;
}
