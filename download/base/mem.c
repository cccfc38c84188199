#include "download/base/mem.h"

#include <stdarg.h>
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

void *mem_new(size_t size)
{
    void *p = mem_try(size);
    if (!p) out_of_memory();
    return p;
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
    return calloc(1, size ? size : 1);
}

void *mem_try_resize(void *p, size_t size)
{
    return realloc(p, size ? size : 1);
}

void *mem_try_pages(size_t size)
{
    size_t rounded = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    return rounded < size ? NULL : aligned_alloc(PAGE_BYTES, rounded);
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
    free(p);
}

void mem_freep(void *pp)
{
    free(*(void **)pp);
}
