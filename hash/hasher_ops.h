/* hasher_ops.h - what a kind of digest supplies to hasher.c. Only the folder hash/ includes this.
 * A kind's object begins with its `struct hasher`; memory comes from the library's allocator. */
#ifndef SHARDFETCH_HASH_HASHER_OPS_H
#define SHARDFETCH_HASH_HASHER_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash/digest.h"
#include "hash/hasher.h"

struct hasher_ops {
    enum digest_kind kind;
    size_t object_bytes; // size of the struct that begins with `struct hasher`
    bool (*start)(struct hasher *h, uint64_t total_bytes);
    bool (*update)(struct hasher *h, const void *data, size_t len);
    bool (*finish)(struct hasher *h, uint8_t ret_bytes[DIGEST_MAX_BYTES]);
    void (*clear)(struct hasher *h); // what `start` acquired, also after it failed; NULL: nothing
};

struct hasher {
    const struct hasher_ops *ops;
    uint64_t bytes; // of the file; hasher.c counts
    bool finished;
};

#endif
