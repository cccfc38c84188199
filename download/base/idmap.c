#include "download/base/idmap.h"

#include "download/base/mem.h"

enum { FIRST_SLOTS = 16 };

struct slot {
    void *thing; // NULL: free
    uint32_t generation;
    uint32_t next_free; // index + 1; 0 = none
};

struct idmap {
    struct slot *slots;
    uint32_t slot_count;
    uint32_t free_head; // index + 1; 0 = none
    size_t count;
};

struct idmap *idmap_new(void)
{
    return mem_new(sizeof(struct idmap));
}

void idmap_free(struct idmap *m)
{
    if (!m) return;
    mem_free(m->slots);
    mem_free(m);
}

static void grow(struct idmap *m)
{
    uint32_t more = m->slot_count ? m->slot_count : FIRST_SLOTS;
    m->slots = mem_resize(m->slots, ((size_t)m->slot_count + more) * sizeof(*m->slots));
    for (uint32_t i = m->slot_count + more; i > m->slot_count; i--) {
        m->slots[i - 1] = (struct slot){.next_free = m->free_head};
        m->free_head = i;
    }
    m->slot_count += more;
}

struct id idmap_add(struct idmap *m, void *thing)
{
    if (!m->free_head) grow(m);
    uint32_t number = m->free_head;
    struct slot *s = &m->slots[number - 1];
    m->free_head = s->next_free;
    s->thing = thing;
    if (++s->generation == 0) s->generation = 1;
    m->count++;
    return (struct id){number, s->generation};
}

static struct slot *slot_of(const struct idmap *m, struct id id)
{
    if (id.slot == 0 || id.slot > m->slot_count) return NULL;
    struct slot *s = &m->slots[id.slot - 1];
    return s->thing && s->generation == id.generation ? s : NULL;
}

void *idmap_find(const struct idmap *m, struct id id)
{
    const struct slot *s = slot_of(m, id);
    return s ? s->thing : NULL;
}

void *idmap_remove(struct idmap *m, struct id id)
{
    struct slot *s = slot_of(m, id);
    if (!s) return NULL;
    void *thing = s->thing;
    s->thing = NULL;
    s->next_free = m->free_head;
    m->free_head = id.slot;
    m->count--;
    return thing;
}

size_t idmap_count(const struct idmap *m)
{
    return m->count;
}
