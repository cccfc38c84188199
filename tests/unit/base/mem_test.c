#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

Test(mem, new_memory_is_zero)
{
    SCOPED(mem_freep) unsigned char *p = mem_new(4096);
    for (size_t i = 0; i < 4096; i++)
        cr_assert_eq(p[i], 0);
    SCOPED(mem_freep) uint32_t *a = mem_array(100, sizeof(*a));
    for (size_t i = 0; i < 100; i++)
        cr_assert_eq(a[i], 0);
}

Test(mem, nothing_is_a_valid_size)
{
    SCOPED(mem_freep) void *a = mem_new(0);
    SCOPED(mem_freep) void *b = mem_try(0);
    SCOPED(mem_freep) void *c = mem_resize(NULL, 0);
    cr_expect(a && b && c);
    mem_free(NULL);
}

Test(mem, resizing_keeps_what_is_there)
{
    char *p = mem_new(4);
    memcpy(p, "abc", 4);
    p = mem_resize(p, 1 << 20);
    cr_expect_str_eq(p, "abc");
    p = mem_resize(p, 4);
    cr_expect_str_eq(p, "abc");
    mem_free(p);
}

Test(mem, pages_begin_at_a_page)
{
    SCOPED(mem_freep) char *p = mem_try_pages(5000);
    cr_assert(p);
    cr_expect_eq((uintptr_t)p % 4096, 0);
    memset(p, 1, 8192); // sizes are rounded up to whole pages
}

Test(mem, strings_are_copied)
{
    SCOPED(mem_freep) char *a = mem_strdup("abc");
    SCOPED(mem_freep) char *b = mem_strndup("abcdef", 2);
    SCOPED(mem_freep) char *c = mem_strndup("ab", 9);
    SCOPED(mem_freep) char *d = mem_printf("%s-%d", "x", 7);
    SCOPED(mem_freep) char *e = mem_printf("%s", "");
    cr_expect_str_eq(a, "abc");
    cr_expect_str_eq(b, "ab");
    cr_expect_str_eq(c, "ab");
    cr_expect_str_eq(d, "x-7");
    cr_expect_str_eq(e, "");
    cr_expect_null(mem_strdup(NULL));
}

static void end_with_21(void)
{
    _exit(21);
}

static void return_anyway(void)
{
}

/* Multiplication that wraps must not become a small allocation. */
Test(mem, an_array_too_large_to_count_is_out_of_memory, .exit_code = 13)
{
    volatile size_t count = SIZE_MAX / 2 + 2;
    mem_free(mem_array(count, 2));
}

Test(mem, the_handler_ends_the_process, .exit_code = 21)
{
    mem_on_failure(end_with_21);
    volatile size_t count = SIZE_MAX / 2 + 2;
    mem_free(mem_array(count, 2));
}

Test(mem, a_handler_that_returns_does_not_save_the_process, .exit_code = 13)
{
    mem_on_failure(return_anyway);
    volatile size_t count = SIZE_MAX / 2 + 2;
    mem_free(mem_array(count, 2));
}

Test(mem, rounding_to_pages_does_not_wrap)
{
    volatile size_t size = SIZE_MAX - 5;
    cr_expect_null(mem_try_pages(size));
}

static struct mem_stats now(void)
{
    struct mem_stats s;
    mem_stats(&s);
    return s;
}

Test(mem, every_byte_is_accounted_for_by_class)
{
    struct mem_stats before = now();
    void *plain = mem_new(100);
    void *event = mem_new_as(MEM_EVENTS, 1000);
    void *slab = mem_try_pages(5000);
    void *lib = mem_lib_new(MEM_CURL, 10);
    lib = mem_lib_resize(MEM_CURL, lib, 50);
    lib = mem_lib_resize(MEM_CURL, lib, 20);
    struct mem_stats during = now();
    cr_expect_eq(during.live[MEM_OTHER] - before.live[MEM_OTHER], 100);
    cr_expect_eq(during.live[MEM_EVENTS] - before.live[MEM_EVENTS], 1000);
    cr_expect_eq(during.live[MEM_SLABS] - before.live[MEM_SLABS], 8192, "whole pages");
    cr_expect_eq(during.live[MEM_CURL] - before.live[MEM_CURL], 20);
    cr_expect_geq(during.peak[MEM_CURL], before.live[MEM_CURL] + 50);
    mem_free(plain);
    mem_free(event);
    mem_free(slab);
    mem_free(lib);
    struct mem_stats after = now();
    for (size_t c = 0; c < MEM_CLASSES; c++)
        cr_expect_eq(after.live[c], before.live[c], "%s", mem_class_word((enum mem_class)c));
    cr_expect_geq(after.peak[MEM_EVENTS], before.live[MEM_EVENTS] + 1000, "a peak stays");
}

Test(mem, a_scope_says_what_its_memory_is_for)
{
    struct mem_stats before = now();
    char *inside = NULL;
    {
        SCOPED(mem_leave) enum mem_class was = mem_enter(MEM_PLAN);
        inside = mem_strdup("0123456789");
    }
    char *outside = mem_strdup("0123456789");
    inside = mem_resize(inside, 64);
    struct mem_stats during = now();
    cr_expect_eq(during.live[MEM_PLAN] - before.live[MEM_PLAN], 64, "resizing keeps the class");
    cr_expect_eq(during.live[MEM_OTHER] - before.live[MEM_OTHER], 11);
    mem_free(inside);
    mem_free(outside);
}

static void *allocate_often(void *user)
{
    (void)user;
    for (int i = 0; i < 10000; i++)
        mem_free(mem_new_as(MEM_JSON, 100));
    return NULL;
}

Test(mem, accounts_are_right_with_many_threads)
{
    enum { THREADS = 4 };
    struct mem_stats before = now();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, allocate_often, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct mem_stats after = now();
    cr_expect_eq(after.live[MEM_JSON], before.live[MEM_JSON]);
    cr_expect_geq(after.peak[MEM_JSON], before.live[MEM_JSON] + 100);
    cr_expect_leq(after.peak[MEM_JSON], before.peak[MEM_JSON] + 100 * THREADS);
}
