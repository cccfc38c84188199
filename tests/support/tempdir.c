#include "tests/support/tempdir.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/str.h"

static void must(int ok, const char *what)
{
    if (ok) return;
    perror(what);
    abort();
}

void tempdir_init(struct tempdir *t)
{
    const char *where = getenv("TMPDIR");
    int n = snprintf(t->path, sizeof(t->path), "%s/shardfetch-test-XXXXXX",
                     str_empty(where) ? "/tmp" : where);
    must(n > 0 && (size_t)n < sizeof(t->path) && mkdtemp(t->path), "mkdtemp");
    t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(t->fd >= 0, t->path);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)at;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

void tempdir_done(struct tempdir *t)
{
    enum { OPEN_MAX_FDS = 16 };
    fs_closep(&t->fd);
    must(nftw(t->path, remove_entry, OPEN_MAX_FDS, FTW_DEPTH | FTW_PHYS) == 0, t->path);
}

void tempdir_write(const struct tempdir *t, const char *rel, const void *data, size_t len)
{
    struct why why = {""};
    if (fs_replace_file(t->fd, rel, data, len, false, &why)) {
        fprintf(stderr, "%s\n", why.text);
        abort();
    }
}
