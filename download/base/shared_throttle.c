#include "download/base/shared_throttle.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/str.h"

/* Between processes only what needs no lock of the library's is whole. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_LONG_LOCK_FREE == 2, "needs atomics");

static const char MEMORY[] = "/dev/shm"; // shm_open's place on Linux, shm_overview(7)
enum { OTHERS = 0077 };

/* The runtime directory has to be the user's and nobody else's (XDG Base Directory). */
static int open_runtime_dir(const char *path)
{
    if (str_empty(path)) return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & OTHERS)) {
        return fd;
    }
    fs_closep(&fd);
    return -1;
}

static enum err open_bucket(const char *runtime_dir, int *ret_fd, struct why *why)
{
    char name[64] = "shardfetch-rate";
    SCOPED(fs_closep) int dir = open_runtime_dir(runtime_dir);
    const char *shown = runtime_dir;
    if (dir < 0) {
        shown = MEMORY;
        dir = open(MEMORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0) return fail_errno(why, "cannot open '%s'", MEMORY);
        snprintf(name, sizeof(name), "shardfetch-rate-%llu", (unsigned long long)geteuid());
    }
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    SCOPED(fs_closep) int fd = openat(dir, name, flags, 0600);
    if (fd < 0) return fail_errno(why, "cannot open the shared rate '%s/%s'", shown, name);
    struct stat st;
    if (fstat(fd, &st)) return fail_errno(why, "cannot look at '%s/%s'", shown, name);
    bool ours =
        S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 && !(st.st_mode & OTHERS);
    if (!ours) {
        return fail(why, ERR_REFUSED, "'%s/%s' is not a file of this user's alone", shown, name);
    }
    *ret_fd = fd;
    fd = -1;
    return OK;
}

enum err shared_throttle_open(const char *runtime_dir, struct throttle **ret, struct why *why)
{
    SCOPED(fs_closep) int fd = -1;
    enum err e = open_bucket(runtime_dir, &fd, why);
    if (e) return e;
    /* A new one is all zero: no rate, nothing owed. Setting the size again changes nothing. */
    if (ftruncate(fd, sizeof(struct throttle))) return fail_errno(why, "no room for a shared rate");
    void *p = mmap(NULL, sizeof(struct throttle), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) return fail_errno(why, "cannot map the shared rate");
    *ret = p;
    return OK;
}

void shared_throttle_close(struct throttle *t)
{
    if (t) munmap(t, sizeof(*t));
}
