/* file_sink.h - bytes into a part file at their offset, by whole slabs, and into the file's hasher
 * from the same cache-hot memory when they continue what was hashed (design.md D2). */
#ifndef SHARDFETCH_SINK_FILE_SINK_H
#define SHARDFETCH_SINK_FILE_SINK_H

#include "download/sink/sink.h"
#include "hash/hasher.h"

struct file_sink {
    struct sink sink;
    int fd;                // part file, borrowed
    const char *name;      // for sentences, borrowed
    uint64_t from;         // file offset of the first byte
    size_t held;           // bytes in the slab
    struct hasher *hasher; // moved in and out with the exchange; NULL: write only
};

/* [from, …) of the part file `fd`; `take_hasher` (may be NULL) stands at byte `from`. */
void file_sink_init(struct file_sink *f, int fd, const char *name, uint64_t from,
                    struct hasher *take_hasher);
/* Gives the hasher back (NULL if there was none). */
struct hasher *file_sink_take_hasher(struct file_sink *f);

/* Feeds [hasher_bytes, to) of the part file, read back from the page cache through `slab`
 * (SLAB_BYTES). ERR_DISK. Any thread that owns the hasher. */
struct catch_up {
    int fd;
    const char *name; // for sentences
    struct hasher *hasher;
    uint64_t to;
    unsigned char *slab;
};
NODISCARD enum err file_sink_catch_up(const struct catch_up *c, struct why *why);

#endif
