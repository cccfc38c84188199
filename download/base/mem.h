/* mem.h - the only place that allocates.
 * Small allocations cannot fail: the process stops through the handler set by `mem_on_failure`,
 * or with exit code 13 (design.md D8a). What outside input sizes goes through `mem_try…`, which
 * returns NULL, after a cap was checked. Any thread. */
#ifndef SHARDFETCH_BASE_MEM_H
#define SHARDFETCH_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed; never NULL. `size` 0 gives a valid pointer. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
/* Zeroed array, `count * size` checked for overflow; never NULL. */
void *mem_array(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
/* Resizes; never NULL; new bytes are not zeroed. */
void *mem_resize(void *p, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
/* Zeroed or NULL when the memory is not there. */
void *mem_try(size_t size) __attribute__((malloc, alloc_size(1)));
/* Resizes or returns NULL and leaves `p` as it was. */
void *mem_try_resize(void *p, size_t size) __attribute__((alloc_size(2)));
/* Page-aligned, for slabs; NULL when the memory is not there. Release with mem_free. */
void *mem_try_pages(size_t size) __attribute__((malloc, alloc_size(1)));
/* Copies; NULL stays NULL. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n) __attribute__((returns_nonnull));
/* printf into a new string; never NULL. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
void mem_free(void *p);

/* Called once, instead of returning NULL, by the functions that cannot fail. It must not allocate
 * and must not return; without one, or if it returns, the process ends with exit code 13. */
void mem_on_failure(void (*handler)(void));

/* For SCOPED: frees what the variable points to. */
void mem_freep(void *pp);

#endif
