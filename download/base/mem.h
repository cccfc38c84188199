/* mem.h - the only place that allocates, and that knows how much of what is alive.
 * Small allocations cannot fail: the process stops through the handler set by `mem_on_failure`,
 * or with exit code 13 (design.md D8a). What outside input sizes goes through `mem_try…`, which
 * returns NULL, after a cap was checked. Any thread. */
#ifndef SHARDFETCH_BASE_MEM_H
#define SHARDFETCH_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* name, word in `result` */
#define MEM_CLASS_LIST(X)                                                                          \
    X(MEM_SLABS, "slabs")   /* what connections and hashing jobs write from: bounded by budget */  \
    X(MEM_CURL, "curl")     /* libcurl: handles, connections, its buffers */                       \
    X(MEM_JSON, "json")     /* cJSON's trees while a reply is read */                              \
    X(MEM_PLAN, "plan")     /* listing, plan, and what finding them took */                        \
    X(MEM_EVENTS, "events") /* events that wait for their readers */                               \
    X(MEM_OTHER, "other")

enum mem_class {
#define MEM_CLASS_ENUM(name, word) name,
    MEM_CLASS_LIST(MEM_CLASS_ENUM)
#undef MEM_CLASS_ENUM
};
enum { MEM_CLASSES = MEM_OTHER + 1 };
const char *mem_class_word(enum mem_class c);

/* Bytes asked for, without what the allocator adds. (OpenSSL keeps its own allocator: it must be
 * set before the library's first call, which libcurl or a test may make.) */
struct mem_stats {
    uint64_t live[MEM_CLASSES], peak[MEM_CLASSES];
};
void mem_stats(struct mem_stats *ret);

/* What this thread allocates from now on counts as `c`, unless the call says otherwise; returns
 * what it counted as. `SCOPED(mem_leave) enum mem_class was = mem_enter(MEM_PLAN);` */
enum mem_class mem_enter(enum mem_class c);
void mem_leave(const enum mem_class *was);

/* Zeroed; never NULL. `size` 0 gives a valid pointer. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
/* Zeroed array, `count * size` checked for overflow; never NULL. */
void *mem_array(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *mem_new_as(enum mem_class c, size_t size)
    __attribute__((malloc, returns_nonnull, alloc_size(2)));
/* Resizes; never NULL; new bytes are not zeroed; the class stays. */
void *mem_resize(void *p, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
/* Zeroed or NULL when the memory is not there. */
void *mem_try(size_t size) __attribute__((malloc, alloc_size(1)));
/* Resizes or returns NULL and leaves `p` as it was. */
void *mem_try_resize(void *p, size_t size) __attribute__((alloc_size(2)));
/* Page-aligned, of class MEM_SLABS; NULL when the memory is not there. Release with mem_free;
 * cannot be resized. */
void *mem_try_pages(size_t size) __attribute__((malloc, alloc_size(1)));
/* Copies; NULL stays NULL. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n) __attribute__((returns_nonnull));
/* printf into a new string; never NULL. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
void mem_free(void *p);

/* For libraries that let themselves be given an allocator; NULL when the memory is not there. Bytes
 * are not zeroed. Release with mem_free. */
void *mem_lib_new(enum mem_class c, size_t size);
void *mem_lib_resize(enum mem_class c, void *p, size_t size);

/* Called once, instead of returning NULL, by the functions that cannot fail. It must not allocate
 * and must not return; without one, or if it returns, the process ends with exit code 13. */
void mem_on_failure(void (*handler)(void));

/* For SCOPED: frees what the variable points to. */
void mem_freep(void *pp);

#endif
