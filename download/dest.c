#include "download/dest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/dest_private.h"

/* bford.info/cachedir: the first line is the standard's, the rest is for people. */
static const char CACHEDIR_TAG[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                                   "# This file is a cache directory tag created by shardfetch.\n"
                                   "# See https://bford.info/cachedir/\n";
static const char LOCAL_HUB[] = ".cache/huggingface";

/* Written once, where nobody else did; its absence harms nothing. */
static void add_marker(int root_fd, const char *folder, const char *name, const char *text)
{
    SCOPED(mem_freep) char *rel = folder[0] ? mem_printf("%s/%s", folder, name) : mem_strdup(name);
    struct fs_stamp there;
    if (fs_stat_file(root_fd, rel, &there, NULL) != ERR_NOT_FOUND) return;
    err_ignore(fs_replace_file(root_fd, rel, text, strlen(text), false, NULL));
}

static enum err make_folders(const struct dest *d, struct why *why)
{
    SCOPED(fs_closep) int state_fd = -1;
    enum err e = fs_open_dir(d->root_fd, d->state_rel, true, &state_fd, why);
    if (e) return e;
    if (d->is_cache) {
        add_marker(d->root_fd, "", "CACHEDIR.TAG", CACHEDIR_TAG);
    } else {
        add_marker(d->root_fd, LOCAL_HUB, "CACHEDIR.TAG", CACHEDIR_TAG);
        add_marker(d->root_fd, LOCAL_HUB, ".gitignore", "*\n");
    }
    return OK;
}

/* Identifies the kernel's current run (proc(5)); "" where it does not tell. */
static char *read_boot_id(void)
{
    enum { ID_MAX_BYTES = 64 };
    SCOPED(fs_closep) int fd = -1;
    struct buf id;
    buf_init(&id, ID_MAX_BYTES);
    if (!fs_open_root("/proc/sys/kernel/random", false, &fd, NULL)) {
        err_ignore(fs_read_small(fd, "boot_id", ID_MAX_BYTES, &id, NULL)); // then it stays empty
    }
    return buf_take(&id);
}

enum err dest_open(const struct settings *s, const struct source_spec *spec, bool read_only,
                   struct dest **ret, struct why *why)
{
    SCOPED(dest_freep) struct dest *d = mem_new(sizeof(*d));
    d->root_fd = -1;
    d->state_fd = -1;
    d->file_mode = fs_file_mode();
    d->is_hub = spec->kind == SOURCE_HUB;
    d->is_cache = d->is_hub && !s->local_dir;
    d->no_symlinks = s->no_symlinks;
    d->no_sync = s->no_sync;
    d->writes = !read_only;
    d->boot_id = read_boot_id();
    d->shown = mem_strdup(d->is_cache ? s->cache_dir : s->local_dir ? s->local_dir : ".");
    if (d->is_cache) {
        d->repo_rel = dest_repo_folder(spec);
        d->hub_rel = mem_strdup(d->repo_rel);
        d->state_rel = mem_printf("%s/.shardfetch", d->repo_rel);
    } else {
        d->repo_rel = mem_strdup("");
        d->hub_rel = mem_strdup(LOCAL_HUB);
        d->state_rel = mem_printf("%s/shardfetch", LOCAL_HUB);
    }
    enum err e = fs_open_root(d->shown, !read_only, &d->root_fd, why);
    if (e == ERR_NOT_FOUND && read_only) e = OK; // every look below it says "absent"
    if (!e && !read_only) e = make_folders(d, why);
    if (!e && !read_only) e = fs_open_dir(d->root_fd, d->state_rel, true, &d->state_fd, why);
    if (e) return e;
    SCOPED(mem_freep) char *stamps = mem_printf("%s/verified", d->state_rel);
    d->stamps = stamps_open(d->root_fd, stamps);
    *ret = TAKE(d);
    return OK;
}

/* A run that found nothing to put there, perhaps a repo with a typo in its name, leaves no folder
 * behind that other tools take for a broken repo. */
static void drop_empty_folders(const struct dest *d)
{
    if (!d->writes || !d->is_cache) return;
    if (unlinkat(d->root_fd, d->state_rel, AT_REMOVEDIR)) return; // in use, or gone
    unlinkat(d->root_fd, d->repo_rel, AT_REMOVEDIR);
}

void dest_free(struct dest *d)
{
    if (!d) return;
    drop_empty_folders(d);
    stamps_free(d->stamps);
    fs_closep(&d->state_fd);
    fs_closep(&d->root_fd);
    mem_free(d->shown);
    mem_free(d->boot_id);
    mem_free(d->repo_rel);
    mem_free(d->state_rel);
    mem_free(d->hub_rel);
    mem_free(d);
}

bool dest_is_cache(const struct dest *d)
{
    return d->is_cache;
}

/* Of the file system that an absent root would be made on: that of its nearest ancestor. */
static enum err open_ancestor(const char *root, int *ret_fd, struct why *why)
{
    SCOPED(mem_freep) char *path = mem_strdup(root);
    for (;;) {
        char *slash = strrchr(path, '/');
        if (!slash) return fs_open_root(".", false, ret_fd, why);
        slash[slash == path] = '\0'; // "/" stays
        enum err e = fs_open_root(path, false, ret_fd, why);
        if (e != ERR_NOT_FOUND) return e;
    }
}

enum err dest_space(const struct dest *d, uint64_t *ret_free, uint64_t *ret_total, struct why *why)
{
    if (d->root_fd >= 0) return fs_space(d->root_fd, ret_free, ret_total, why);
    SCOPED(fs_closep) int fd = -1;
    enum err e = open_ancestor(d->shown, &fd, why);
    return e ? e : fs_space(fd, ret_free, ret_total, why);
}

bool dest_folds_case(const struct dest *d)
{
    SCOPED(mem_freep) char *lower = mem_printf("%s/case-probe", d->state_rel);
    SCOPED(mem_freep) char *upper = mem_printf("%s/CASE-PROBE", d->state_rel);
    if (fs_replace_file(d->root_fd, lower, "", 0, false, NULL)) return false;
    struct fs_stamp stat;
    bool folds = fs_stat_file(d->root_fd, upper, &stat, NULL) == OK;
    unlinkat(d->root_fd, lower, 0);
    return folds;
}

static bool link_is_right(const struct dest *d, const struct dest_names *n)
{
    if (!n->link_rel) return true;
    char dir[PATH_MAX];
    const char *name = NULL;
    if (strlen(n->link_rel) >= sizeof(dir)) return false;
    fs_split(n->link_rel, dir, &name);
    SCOPED(fs_closep) int dir_fd = -1;
    if (fs_open_dir(d->root_fd, dir, false, &dir_fd, NULL)) return false;
    char target[PATH_MAX];
    ssize_t len = readlinkat(dir_fd, name, target, sizeof(target) - 1);
    if (len < 0) return false;
    target[len] = '\0';
    return str_eq(target, n->link_target);
}

enum dest_state dest_look(const struct dest *d, const struct dest_names *n, uint64_t size)
{
    struct fs_stamp now;
    if (fs_stat_file(d->root_fd, n->final_rel, &now, NULL)) return DEST_ABSENT;
    if (size != SIZE_NOT_KNOWN && now.size != size) return DEST_ABSENT;
    if (!stamps_hold(d->stamps, n->final_rel, n->identity, &now)) return DEST_UNVERIFIED;
    return link_is_right(d, n) ? DEST_PRESENT : DEST_UNLINKED;
}

/* Something carries that name, of any kind; links are not followed. */
static bool name_exists(const struct dest *d, const char *rel)
{
    char dir[PATH_MAX];
    const char *name = NULL;
    if (strlen(rel) >= sizeof(dir)) return false;
    fs_split(rel, dir, &name);
    SCOPED(fs_closep) int fd = -1;
    struct stat st;
    if (fs_open_dir(d->root_fd, dir, false, &fd, NULL)) return false;
    return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool dest_was_published(const struct dest *d, const struct dest_names *n)
{
    if (n->link_rel) return name_exists(d, n->link_rel);
    return n->meta_rel ? name_exists(d, n->meta_rel) : name_exists(d, n->final_rel);
}

bool dest_has_partial(const struct dest *d, const struct dest_names *n)
{
    struct fs_stamp part;
    struct fs_stamp journal;
    return fs_stat_file(d->root_fd, n->part_rel, &part, NULL) == OK &&
           fs_stat_file(d->root_fd, n->journal_rel, &journal, NULL) == OK;
}

/* Does `rel` still name what is open? */
static enum err is_same_file(const struct dest *d, const char *rel, int fd, bool *ret,
                             struct why *why)
{
    struct fs_stamp named;
    struct fs_stamp held;
    enum err e = fs_stat_fd(fd, &held, why);
    if (e) return e;
    e = fs_stat_file(d->root_fd, rel, &named, why);
    *ret = !e && named.inode == held.inode;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err dest_open_part(const struct dest *d, const struct dest_names *n, int *ret_fd,
                        struct why *why)
{
    enum { TRIES = 8 }; // each but the last lost to one that published in between
    for (int i = 0; i < TRIES; i++) {
        SCOPED(fs_closep) int fd = -1;
        enum err e = fs_open_file(d->root_fd, n->part_rel, O_RDWR | O_CREAT, 0600, &fd, why);
        if (e) return e;
        if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) break;
        bool same = false;
        e = is_same_file(d, n->part_rel, fd, &same, why);
        if (e) return e;
        if (!same) continue;
        *ret_fd = fd;
        fd = -1;
        return OK;
    }
    return fail(why, ERR_BUSY, "another process is fetching '%s'", n->final_rel);
}

enum err dest_open_journal(const struct dest *d, const struct dest_names *n, int *ret_fd,
                           struct why *why)
{
    return fs_open_file(d->root_fd, n->journal_rel, O_RDWR | O_CREAT, 0600, ret_fd, why);
}

enum err dest_open_final(const struct dest *d, const struct dest_names *n, int *ret_fd,
                         struct why *why)
{
    return fs_open_file(d->root_fd, n->final_rel, O_RDONLY, 0, ret_fd, why);
}

void dest_stamp(struct dest *d, const struct dest_names *n, const struct fs_stamp *stamp)
{
    if (stamps_hold(d->stamps, n->final_rel, n->identity, stamp)) return; // said already
    stamps_add(d->stamps, n->final_rel, n->identity, stamp);
}
