#include "download/stamps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

enum {
    FILE_MAX_BYTES = 256 * 1024 * 1024,
    LINE_MAX_BYTES = 8 * 1024,
    FIELDS = 6,
};

struct stamp {
    char *path; // within `text`
    const char *identity;
    struct fs_stamp stat;
    size_t order; // line number: the last one of a path counts
};

struct stamps {
    int root_fd; // borrowed
    char *rel;
    char *text;          // what was read; its blanks became NULs
    struct stamp *items; // [0..count): by path, then order descending
    size_t count;
    bool cut_short; // the file's last line has no end
};

/* Cuts `line` at its first five blanks; the sixth field may contain any. */
static bool split(char *line, char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = line;
        if (i == FIELDS - 1) return true;
        line = strchr(line, ' ');
        if (!line) return false;
        *line++ = '\0';
    }
    return false;
}

static bool read_line(char *line, size_t order, struct stamp *ret)
{
    char *f[FIELDS];
    uint64_t mtime = 0;
    if (!split(line, f) || !str_eq(f[0], "1")) return false;
    *ret = (struct stamp){.path = f[5], .identity = f[1], .order = order};
    if (!str_u64(f[2], INT64_MAX, &ret->stat.size) || !str_u64(f[3], INT64_MAX, &mtime)) {
        return false;
    }
    ret->stat.mtime_ns = (int64_t)mtime;
    return str_u64(f[4], UINT64_MAX, &ret->stat.inode);
}

static int by_path(const void *a, const void *b)
{
    const struct stamp *x = a;
    const struct stamp *y = b;
    int c = strcmp(x->path, y->path);
    if (c) return c;
    return x->order < y->order ? 1 : -1;
}

static void parse(struct stamps *s)
{
    size_t lines = 1;
    for (const char *p = s->text; *p; p++)
        lines += *p == '\n';
    s->items = mem_array(lines, sizeof(*s->items));
    char *line = s->text;
    for (size_t order = 0; line; order++) {
        char *end = strchr(line, '\n');
        s->cut_short = !end && *line;
        if (!end) break; // the last write was not whole
        *end = '\0';
        if (read_line(line, order, &s->items[s->count])) s->count++;
        line = end + 1;
    }
    qsort(s->items, s->count, sizeof(*s->items), by_path);
}

struct stamps *stamps_open(int root_fd, const char *rel)
{
    struct stamps *s = mem_new(sizeof(*s));
    s->root_fd = root_fd;
    s->rel = mem_strdup(rel);
    struct buf text;
    buf_init(&text, FILE_MAX_BYTES);
    if (fs_read_small(root_fd, rel, FILE_MAX_BYTES, &text, NULL)) buf_reset(&text);
    s->text = buf_take(&text);
    parse(s);
    return s;
}

void stamps_free(struct stamps *s)
{
    if (!s) return;
    mem_free(s->items);
    mem_free(s->text);
    mem_free(s->rel);
    mem_free(s);
}

static const struct stamp *find(const struct stamps *s, const char *path)
{
    size_t lo = 0;
    size_t hi = s->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(s->items[mid].path, path) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < s->count && str_eq(s->items[lo].path, path) ? &s->items[lo] : NULL;
}

bool stamps_hold(const struct stamps *s, const char *path, const char *identity,
                 const struct fs_stamp *now)
{
    const struct stamp *it = identity ? find(s, path) : NULL;
    return it && str_eq(it->identity, identity) && it->stat.size == now->size &&
           it->stat.mtime_ns == now->mtime_ns && it->stat.inode == now->inode;
}

void stamps_add(struct stamps *s, const char *path, const char *identity,
                const struct fs_stamp *now)
{
    if (!identity || strchr(identity, ' ') || strchr(path, '\n')) return;
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    if (s->cut_short) buf_addc(&line, '\n'); // or both lines would be lost
    buf_addf(&line, "1 %s %" PRIu64 " %" PRId64 " %" PRIu64 " %s\n", identity, now->size,
             now->mtime_ns, now->inode, path);
    SCOPED(fs_closep) int fd = -1;
    enum err e = fs_open_file(s->root_fd, s->rel, O_WRONLY | O_CREAT | O_APPEND, 0644, &fd, NULL);
    if (!e && !line.overflowed) {
        ssize_t n = write(fd, buf_str(&line), line.len); // losing it costs a re-hash
        s->cut_short = n > 0 ? (size_t)n < line.len : s->cut_short;
    }
    buf_done(&line);
}
