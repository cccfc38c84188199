#include "download/sink/file_sink.h"

#include <string.h>

#include "download/base/clock.h"
#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

static struct file_sink *of(struct sink *s)
{
    return container_of(s, struct file_sink, sink);
}

static enum err store(struct file_sink *f, const void *data, size_t len, struct why *why)
{
    uint64_t began_ns = clock_now_ns();
    enum err e = fs_write_at(f->fd, data, len, f->from + f->sink.stored, f->name, why);
    uint64_t written_ns = clock_now_ns();
    f->sink.write_ns += written_ns - began_ns;
    if (e) return e;
    if (f->hasher && !hasher_update(f->hasher, data, len)) {
        return fail(why, ERR_INTERNAL, "the digest of '%s' cannot be computed", f->name);
    }
    if (f->hasher) f->sink.hash_ns += clock_now_ns() - written_ns;
    f->sink.stored += len;
    return OK;
}

static enum err file_flush(struct sink *s, struct why *why)
{
    struct file_sink *f = of(s);
    if (!f->held) return OK;
    size_t len = f->held;
    f->held = 0;
    return store(f, s->slab, len, why);
}

static enum err file_write(struct sink *s, const void *data, size_t len, struct why *why)
{
    struct file_sink *f = of(s);
    const unsigned char *at = data;
    while (len) {
        size_t room = SLAB_BYTES - f->held;
        size_t n = len < room ? len : room;
        memcpy(s->slab + f->held, at, n);
        f->held += n;
        at += n;
        len -= n;
        if (f->held < SLAB_BYTES) continue;
        enum err e = file_flush(s, why);
        if (e) return e;
    }
    return OK;
}

static const struct sink_ops FILE_OPS = {.write = file_write, .flush = file_flush};

void file_sink_init(struct file_sink *f, int fd, const char *name, uint64_t from,
                    struct hasher *take_hasher)
{
    *f = (struct file_sink){
        .sink = {.ops = &FILE_OPS}, .fd = fd, .name = name, .from = from, .hasher = take_hasher};
}

struct hasher *file_sink_take_hasher(struct file_sink *f)
{
    return TAKE(f->hasher);
}

enum err file_sink_catch_up(const struct catch_up *c, struct why *why)
{
    struct hasher *h = c->hasher;
    while (hasher_bytes(h) < c->to) {
        uint64_t left = c->to - hasher_bytes(h);
        size_t want = left < SLAB_BYTES ? (size_t)left : SLAB_BYTES;
        size_t got = want;
        enum err e = fs_read_at(c->fd, c->slab, &got, hasher_bytes(h), c->name, why);
        if (e) return e;
        if (got < want) {
            return fail(why, ERR_DISK, "'%s' became shorter while it was read", c->name);
        }
        if (!hasher_update(h, c->slab, got)) {
            return fail(why, ERR_INTERNAL, "the digest of '%s' cannot be computed", c->name);
        }
    }
    return OK;
}
