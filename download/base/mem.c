#include "download/base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "download/base/err.h"

enum { PAGE_BYTES = 4096 };

static void (*failure_handler)(void);

void mem_on_failure(void (*handler)(void))
{
    failure_handler = handler;
}

static _Noreturn void out_of_memory(void)
{
    if (failure_handler) failure_handler();
    _Exit(err_exit_code(ERR_MEMORY));
}

/* ---- accounts ----
 * Process-wide, since the hooks of libcurl and cJSON have no argument to find others by. */

static atomic_uint_least64_t live[MEM_CLASSES];
static atomic_uint_least64_t peak[MEM_CLASSES];
static _Thread_local enum mem_class current = MEM_OTHER;

const char *mem_class_word(enum mem_class c)
{
    static const char *const WORDS[] = {
#define MEM_CLASS_WORD(name, word) [name] = word,
        MEM_CLASS_LIST(MEM_CLASS_WORD)
#undef MEM_CLASS_WORD
    };
    return WORDS[c];
}

enum mem_class mem_enter(enum mem_class c)
{
    enum mem_class was = current;
    current = c;
    return was;
}

void mem_leave(const enum mem_class *was)
{
    current = *was;
}

void mem_stats(struct mem_stats *ret)
{
    for (size_t c = 0; c < MEM_CLASSES; c++) {
        ret->live[c] = atomic_load(&live[c]);
        ret->peak[c] = atomic_load(&peak[c]);
    }
}

static void account(enum mem_class c, size_t size)
{
    uint64_t now = atomic_fetch_add(&live[c], size) + size;
    uint64_t most = atomic_load(&peak[c]);
    while (now > most && !atomic_compare_exchange_weak(&peak[c], &most, now))
        continue;
}

/* ---- blocks ---- */

/* Before every block. Keeps what follows aligned for any type. */
struct header {
    size_t size;
    uint32_t class;
    uint32_t offset; // from the allocation's beginning to what its owner sees
};
_Static_assert(sizeof(struct header) % _Alignof(max_align_t) == 0, "blocks stay aligned");

static struct header *header_of(void *p)
{
    return (struct header *)p - 1;
}

static void *open_block(void *allocation, size_t offset, enum mem_class c, size_t size)
{
    if (!allocation) return NULL;
    void *p = (char *)allocation + offset;
    *header_of(p) = (struct header){size, c, (uint32_t)offset};
    account(c, size);
    return p;
}

/* 0: it does not fit into a size_t. */
static size_t with_header(size_t size)
{
    size_t total = 0;
    return __builtin_add_overflow(size, sizeof(struct header), &total) ? 0 : total;
}

static void *try_as(enum mem_class c, size_t size)
{
    size_t total = with_header(size);
    return total ? open_block(calloc(1, total), sizeof(struct header), c, size) : NULL;
}

void *mem_new_as(enum mem_class c, size_t size)
{
    void *p = try_as(c, size);
    if (!p) out_of_memory();
    return p;
}

void *mem_new(size_t size)
{
    return mem_new_as(current, size);
}

void *mem_array(size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) out_of_memory();
    return mem_new(total);
}

void *mem_resize(void *p, size_t size)
{
    void *q = mem_try_resize(p, size);
    if (!q) out_of_memory();
    return q;
}

void *mem_try(size_t size)
{
    return try_as(current, size);
}

void *mem_lib_new(enum mem_class c, size_t size)
{
    size_t total = with_header(size);
    return total ? open_block(malloc(total), sizeof(struct header), c, size) : NULL;
}

void *mem_lib_resize(enum mem_class c, void *p, size_t size)
{
    size_t total = with_header(size);
    if (!p || !total) return total ? mem_lib_new(c, size) : NULL;
    struct header old = *header_of(p);
    assert(old.offset == sizeof(struct header)); // pages are not resized
    void *allocation = realloc(header_of(p), total);
    if (!allocation) return NULL;
    atomic_fetch_sub(&live[old.class], old.size);
    return open_block(allocation, sizeof(struct header), old.class, size);
}

void *mem_try_resize(void *p, size_t size)
{
    return mem_lib_resize(current, p, size);
}

void *mem_try_pages(size_t size)
{
    size_t rounded = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    if (rounded < size || rounded > SIZE_MAX - PAGE_BYTES) return NULL;
    void *allocation = aligned_alloc(PAGE_BYTES, PAGE_BYTES + rounded);
    return open_block(allocation, PAGE_BYTES, MEM_SLABS, rounded);
}

char *mem_strdup(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = mem_new(len + 1);
    memcpy(copy, s, len);
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) out_of_memory();
    char *text = mem_new((size_t)n + 1);
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

void mem_free(void *p)
{
    if (!p) return;
    const struct header *h = header_of(p);
    atomic_fetch_sub(&live[h->class], h->size);
    free((char *)p - h->offset);
}

void mem_freep(void *pp)
{
    mem_free(*(void **)pp);
}
