#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/rng.h"
#include "download/base/str.h"
#include "download/dest_private.h"

/* Opens (makes) the folder of `rel`; `*ret_name` is its last component. */
static enum err open_folder(const struct dest *d, const char *rel, int *ret_fd,
                            const char **ret_name, struct why *why)
{
    char dir[PATH_MAX];
    if (strlen(rel) >= sizeof(dir)) return fail(why, ERR_DISK, "the name '%s' is too long", rel);
    fs_split(rel, dir, ret_name);
    return fs_open_dir(d->root_fd, dir, true, ret_fd, why);
}

static enum err sync_folder(const struct dest *d, int fd, const char *name, struct why *why)
{
    return d->no_sync ? OK : fs_sync_dir(fd, name, why);
}

/* Of a part or journal: its name in our own directory. */
static const char *name_in_state(const char *rel)
{
    return strrchr(rel, '/') + 1;
}

static enum err move_in_place(const struct dest *d, const struct dest_names *n, struct why *why)
{
    SCOPED(fs_closep) int opened = -1;
    bool at_root = !strchr(n->final_rel, '/');
    const char *to = n->final_rel;
    enum err e = at_root ? OK : open_folder(d, n->final_rel, &opened, &to, why);
    if (e) return e;
    int to_fd = at_root ? d->root_fd : opened;
    if (renameat(d->state_fd, name_in_state(n->part_rel), to_fd, to)) {
        return fail_errno(why, "cannot give '%s' its final name", n->final_rel);
    }
    return sync_folder(d, to_fd, n->final_rel, why);
}

enum err dest_link(const struct dest *d, const struct dest_names *n, struct why *why)
{
    SCOPED(fs_closep) int fd = -1;
    const char *name = NULL;
    enum err e = open_folder(d, n->link_rel, &fd, &name, why);
    if (e) return e;
    char temporary[sizeof(".shardfetch-.tmp") + 16]; // as fs_replace_file's: nobody else's
    struct rng rng;
    rng_seed(&rng);
    snprintf(temporary, sizeof(temporary), ".shardfetch-%016" PRIx64 ".tmp", rng_next(&rng));
    if (symlinkat(n->link_target, fd, temporary) || renameat(fd, temporary, fd, name)) {
        e = fail_errno(why, "cannot link '%s'", n->link_rel);
        unlinkat(fd, temporary, 0);
        return e;
    }
    return sync_folder(d, fd, n->link_rel, why);
}

/* Three lines: commit, etag, seconds since 1970 (hub.md §2.2); valid while it is not older than the
 * file by more than a second. */
static enum err write_metadata(const struct dest *d, const struct dest_names *n, const char *commit,
                               struct why *why)
{
    if (!n->meta_rel || !n->identity) return OK;
    const char *etag = strchr(n->identity, ':') + 1;
    uint64_t ms = clock_wall_ms();
    SCOPED(mem_freep)
    char *text = mem_printf("%s\n%s\n%" PRIu64 ".%03u\n", commit ? commit : "", etag, ms / 1000,
                            (unsigned)(ms % 1000));
    return fs_replace_file(d->root_fd, n->meta_rel, text, strlen(text), false, why);
}

enum err dest_publish(const struct dest *d, const struct dest_names *n, const char *commit,
                      int part_fd, struct fs_stamp *ret_stamp, struct why *why)
{
    enum err e = OK;
    if (fchmod(part_fd, d->file_mode)) {
        return fail_errno(why, "cannot set the mode of '%s'", n->final_rel);
    }
    if (!d->no_sync) e = fs_datasync(part_fd, n->final_rel, why);
    if (!e) e = move_in_place(d, n, why);
    if (!e && n->link_rel) e = dest_link(d, n, why);
    if (!e) e = write_metadata(d, n, commit, why);
    if (!e) e = fs_stat_fd(part_fd, ret_stamp, why);
    return e;
}

void dest_drop_part(const struct dest *d, const struct dest_names *n)
{
    if (d->state_fd < 0) return;
    unlinkat(d->state_fd, name_in_state(n->part_rel), 0); // absent after publishing
    unlinkat(d->state_fd, name_in_state(n->journal_rel), 0);
}
