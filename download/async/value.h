/* value.h - what streams, observers and callbacks must know of the values they carry, and nothing
 * else of them. Values are borrowed for a call; who keeps one takes a copy. */
#ifndef SHARDFETCH_ASYNC_VALUE_H
#define SHARDFETCH_ASYNC_VALUE_H

#include <stdbool.h>
#include <stddef.h>

struct value_ops {
    /* A deep copy in one block, released with mem_free; `*ret_bytes` is its size. */
    void *(*copy)(const void *value, size_t *ret_bytes);
    /* Where values are coalesced, the newest of a key replaces the unsent one; 0 = stands alone.
     * NULL: all stand alone. */
    unsigned (*key)(const void *value);
    /* Has a place even where there is no room left. NULL: none has. */
    bool (*is_last)(const void *value);
};

#endif
