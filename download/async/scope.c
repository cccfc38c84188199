#include "download/async/scope.h"

#include <assert.h>

#include "download/base/list.h"
#include "download/base/mem.h"

struct entry {
    struct list node;
    struct id id;
    release_fn *release; // or what is called on a cancel
    void *what;
};

struct scope {
    struct list node; // among its siblings
    struct scope *parent;
    const char *name;
    struct list children; // youngest first
    struct list releases; // last in first
    struct list cancels;
    struct idmap *ids;
    bool cancelled;
    unsigned calling; // its cancels or releases run, or those of scopes below it
};

struct scope *scope_new(struct scope *parent, const char *name)
{
    struct scope *s = mem_new(sizeof(*s));
    s->parent = parent;
    s->name = name;
    s->cancelled = parent && parent->cancelled;
    s->ids = idmap_new();
    list_init(&s->node);
    list_init(&s->children);
    list_init(&s->releases);
    list_init(&s->cancels);
    if (parent) list_add_head(&parent->children, &s->node);
    return s;
}

static struct entry *entry_new(release_fn *fn, void *what)
{
    struct entry *e = mem_new(sizeof(*e));
    e->release = fn;
    e->what = what;
    return e;
}

struct id scope_add(struct scope *s, release_fn *release, void *what)
{
    struct entry *e = entry_new(release, what);
    e->id = idmap_add(s->ids, e);
    list_add_head(&s->releases, &e->node);
    return e->id;
}

static void *take(struct scope *s, struct id id, release_fn **ret_release)
{
    struct entry *e = idmap_remove(s->ids, id);
    if (!e) return NULL;
    void *what = e->what;
    *ret_release = e->release;
    list_remove(&e->node);
    mem_free(e);
    return what;
}

bool scope_release(struct scope *s, struct id id)
{
    release_fn *release = NULL;
    void *what = take(s, id, &release);
    if (release) release(what);
    return release != NULL;
}

void *scope_take(struct scope *s, struct id id)
{
    release_fn *release = NULL;
    return take(s, id, &release);
}

void scope_on_cancel(struct scope *s, release_fn *cancel, void *what)
{
    list_add_head(&s->cancels, &entry_new(cancel, what)->node);
}

static void run_cancels(struct scope *s)
{
    struct list *node;
    while ((node = list_pop(&s->cancels))) {
        struct entry *e = container_of(node, struct entry, node);
        release_fn *cancel = e->release;
        void *what = e->what;
        mem_free(e);
        cancel(what);
    }
}

/* Sought anew after each: a cancel may close others. */
static struct scope *first_to_cancel(const struct scope *s)
{
    list_each (node, &s->children) {
        struct scope *child = container_of(node, struct scope, node);
        if (!child->cancelled) return child;
    }
    return NULL;
}

void scope_cancel(struct scope *s)
{
    if (s->cancelled) return;
    s->cancelled = true;
    s->calling++;
    for (struct scope *child = first_to_cancel(s); child; child = first_to_cancel(s))
        scope_cancel(child);
    run_cancels(s);
    s->calling--;
}

bool scope_cancelled(const struct scope *s)
{
    return s->cancelled;
}

static bool close_one(struct scope *s)
{
    if (!list_empty(&s->children)) {
        scope_close(container_of(s->children.next, struct scope, node));
    } else if (!list_empty(&s->cancels)) {
        run_cancels(s);
    } else if (!list_empty(&s->releases)) {
        scope_release(s, container_of(s->releases.next, struct entry, node)->id);
    } else {
        return false;
    }
    return true;
}

void scope_close(struct scope *s)
{
    if (!s) return;
    assert(!s->calling);
    scope_cancel(s);
    s->calling++;
    while (close_one(s))
        continue;
    list_remove(&s->node);
    idmap_free(s->ids);
    mem_free(s);
}

size_t scope_resources(const struct scope *s)
{
    size_t count = idmap_count(s->ids);
    list_each (node, &s->children)
        count += scope_resources(container_of(node, struct scope, node));
    return count;
}
