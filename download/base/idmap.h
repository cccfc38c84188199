/* idmap.h - things by small ids that are never taken for another one: a slot and the generation
 * that lives in it (learned from curl's transfer ids and slot maps at large). A lookup that misses
 * means "already gone" and is normal. One thread. */
#ifndef SHARDFETCH_BASE_IDMAP_H
#define SHARDFETCH_BASE_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id {
    uint32_t slot;       // from 1; 0 = none
    uint32_t generation; // of the slot, from 1
};

static inline bool id_is_none(struct id id)
{
    return id.slot == 0;
}

static inline bool id_equal(struct id a, struct id b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

struct idmap;

struct idmap *idmap_new(void);
void idmap_free(struct idmap *m); // the things are their owner's; NULL is fine

/* `thing` is not NULL. Its id is not used again before 2^32 others had its slot. */
struct id idmap_add(struct idmap *m, void *thing);
void *idmap_find(const struct idmap *m, struct id id); // NULL: gone
/* The thing, taken out; NULL: it was gone already. */
void *idmap_remove(struct idmap *m, struct id id);
size_t idmap_count(const struct idmap *m);

#endif
