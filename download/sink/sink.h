/* sink.h - where the body bytes of one exchange go: the stage interface that xfer sees.
 * A sink belongs to whoever holds its exchange: control, then one shard, then control again. */
#ifndef SHARDFETCH_SINK_SINK_H
#define SHARDFETCH_SINK_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"

enum { SLAB_BYTES = 256 * 1024 }; // measured: larger gains nothing, smaller costs system calls

struct sink;

struct sink_ops {
    /* Bytes that follow those given before; copied or used up before it returns. */
    enum err (*write)(struct sink *s, const void *data, size_t len, struct why *why);
    /* What is still held goes to its place. */
    enum err (*flush)(struct sink *s, struct why *why);
};

struct sink {
    const struct sink_ops *ops;
    unsigned char *slab;        // SLAB_BYTES, borrowed for the exchange (slabs.h)
    uint64_t stored;            // bytes that reached their place (not those still in the slab)
    uint64_t write_ns, hash_ns; // that it took, until somebody takes note and clears them
};

static inline enum err sink_write(struct sink *s, const void *data, size_t len, struct why *why)
{
    return s->ops->write(s, data, len, why);
}

static inline enum err sink_flush(struct sink *s, struct why *why)
{
    return s->ops->flush(s, why);
}

#endif
