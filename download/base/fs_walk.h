/* fs_walk.h - how a name below a held directory becomes a descriptor, without following any
 * symlink. Only fs.c (and tests) include this. All return a descriptor or 0, or -1 and errno: ELOOP
 * for a symlink on the way or at its end, EXDEV for a name that is not safe (fs_walk_is_safe),
 * ENOENT, ENOTDIR, EACCES … as open(2). `rel` is never empty here. */
#ifndef SHARDFETCH_BASE_FS_WALK_H
#define SHARDFETCH_BASE_FS_WALK_H

#include <stdbool.h>
#include <sys/types.h>

/* Components without `/`, none empty, `.` or `..`; not absolute. */
bool fs_walk_is_safe(const char *rel);

/* openat2(2), or by component where it does not work. O_CLOEXEC and O_NOFOLLOW are added. */
int fs_walk_open(int root_fd, const char *rel, int flags, mode_t mode);
/* The same by openat(2) for each component: the fallback, with the same verdicts. */
int fs_walk_open_by_component(int root_fd, const char *rel, int flags, mode_t mode);

/* Makes the directories of `rel` that are missing, each durable (its parent fsynced); 0 or -1. */
int fs_walk_make_dirs(int root_fd, const char *rel);
/* The same for a path of the user's own: symlinks are followed. */
int fs_walk_make_path(const char *path, mode_t mode);

#endif
