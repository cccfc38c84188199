#include "download/async/callback_system.h"

#include <string.h>

#include "download/base/mem.h"

struct entry {
    struct list node;
    char *name;
    struct callback *callback;
    uint64_t number; // order of registration
};

struct callback_system {
    struct callback_opts opts;
    struct list entries; // by number
    uint64_t next_number;
    size_t count;
};

struct callback_system *callback_system_new(const struct callback_opts *opts)
{
    struct callback_system *s = mem_new(sizeof(*s));
    s->opts = *opts;
    list_init(&s->entries);
    return s;
}

static struct entry *find(const struct callback_system *s, const char *name)
{
    list_each (node, &s->entries) {
        struct entry *e = container_of(node, struct entry, node);
        if (strcmp(e->name, name) == 0) return e;
    }
    return NULL;
}

static void drop(struct callback_system *s, struct entry *e)
{
    list_remove(&e->node);
    s->count--;
    callback_free(e->callback);
    mem_free(e->name);
    mem_free(e);
}

void callback_system_deregister_all(struct callback_system *s)
{
    while (!list_empty(&s->entries))
        drop(s, container_of(s->entries.next, struct entry, node));
}

void callback_system_free(struct callback_system *s)
{
    if (!s) return;
    callback_system_deregister_all(s);
    mem_free(s);
}

struct callback *callback_system_register_as(struct callback_system *s, const char *name,
                                             enum wait_mode mode)
{
    struct entry *e = find(s, name);
    if (e) return e->callback;
    struct callback_opts opts = s->opts;
    opts.mode = mode;
    e = mem_new(sizeof(*e));
    *e = (struct entry){
        .name = mem_strdup(name), .callback = callback_new(&opts), .number = s->next_number++};
    list_add_tail(&s->entries, &e->node);
    s->count++;
    return e->callback;
}

struct callback *callback_system_register(struct callback_system *s, const char *name)
{
    return callback_system_register_as(s, name, s->opts.mode);
}

struct callback *callback_system_find(const struct callback_system *s, const char *name)
{
    const struct entry *e = find(s, name);
    return e ? e->callback : NULL;
}

bool callback_system_deregister(struct callback_system *s, const char *name)
{
    struct entry *e = find(s, name);
    if (e) drop(s, e);
    return e != NULL;
}

bool callback_system_trigger(struct callback_system *s, const char *name, const void *value)
{
    struct entry *e = find(s, name);
    if (e) callback_set(e->callback, value);
    return e != NULL;
}

static struct entry *first_from(const struct callback_system *s, uint64_t number)
{
    list_each (node, &s->entries) {
        struct entry *e = container_of(node, struct entry, node);
        if (e->number >= number) return e;
    }
    return NULL;
}

size_t callback_system_trigger_all(struct callback_system *s, const void *value)
{
    uint64_t end = s->next_number;
    size_t triggered = 0;
    uint64_t number = 0;
    for (struct entry *e = first_from(s, 0); e && e->number < end; e = first_from(s, number)) {
        number = e->number + 1;
        callback_set(e->callback, value);
        triggered++;
    }
    return triggered;
}

size_t callback_system_count(const struct callback_system *s)
{
    return s->count;
}

const struct value_ops *callback_system_values(const struct callback_system *s)
{
    return s->opts.values;
}
