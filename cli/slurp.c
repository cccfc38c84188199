#include "cli/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "download/base/buf.h"
#include "download/base/scoped.h"

static enum err read_all(int fd, const char *path, struct buf *b, struct why *why)
{
    for (;;) {
        char chunk[4096];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(why, ERR_USAGE, "cannot read '%s': %s", path, strerror(errno));
        if (got == 0) return OK;
        if (!buf_try_add(b, chunk, (size_t)got)) {
            return fail(why, ERR_USAGE, "'%s' is larger than %zu bytes", path, b->max);
        }
    }
}

enum err slurp(const char *path, size_t max, char **ret, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        enum err e = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_USAGE;
        return fail(why, e, "cannot open '%s': %s", path, strerror(errno));
    }
    SCOPED(buf_done) struct buf b;
    buf_init(&b, max);
    enum err e = read_all(fd, path, &b, why);
    close(fd);
    if (e) return e;
    if (strlen(buf_str(&b)) != b.len) {
        return fail(why, ERR_USAGE, "'%s' is no text: it holds a NUL byte", path);
    }
    *ret = buf_take(&b);
    return OK;
}
