#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

Test(buf, an_empty_buffer_is_an_empty_string)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 10);
    cr_expect_str_eq(buf_str(&b), "");
    cr_expect_null(b.data);
    SCOPED(mem_freep) char *taken = buf_take(&b);
    cr_expect_str_eq(taken, "");
}

Test(buf, additions_follow_each_other_and_end_in_nul)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 100);
    buf_adds(&b, "ab");
    buf_addc(&b, 'c');
    buf_addf(&b, "%d%s", 42, "!");
    buf_add(&b, "x\0y", 3);
    cr_expect_eq(b.len, 9);
    cr_expect_arr_eq(b.data, "abc42!x\0y", 10);
    cr_expect(!b.overflowed);
}

Test(buf, the_maximum_can_be_reached_but_not_passed)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 4);
    cr_expect(buf_try_add(&b, "abcd", 4));
    cr_expect(!b.overflowed);
    cr_expect(!buf_try_add(&b, "e", 1));
    cr_expect(b.overflowed);
    cr_expect_str_eq(buf_str(&b), "abcd", "nothing is added in part");
    cr_expect(buf_try_add(&b, "", 0));
}

Test(buf, a_length_that_would_wrap_is_refused)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, SIZE_MAX - 1);
    cr_expect(buf_try_add(&b, "a", 1));
    volatile size_t len = SIZE_MAX - 1;
    cr_expect(!buf_try_add(&b, "a", len));
    cr_expect_str_eq(buf_str(&b), "a");
}

Test(buf, every_way_of_adding_keeps_to_the_maximum)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 3);
    buf_adds(&b, "abcd");
    cr_expect(b.overflowed && b.len == 0);
    buf_reset(&b);
    buf_addf(&b, "%d", 1234);
    cr_expect(b.overflowed && b.len == 0);
    buf_reset(&b);
    cr_expect(!b.overflowed);
    buf_addf(&b, "%d", 123);
    buf_addc(&b, 'x');
    cr_expect(b.overflowed);
    cr_expect_str_eq(buf_str(&b), "123");
}

Test(buf, a_buffer_of_nothing_takes_nothing)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 0);
    cr_expect(buf_try_add(&b, "", 0));
    cr_expect(!buf_try_add(&b, "a", 1));
    cr_expect_str_eq(buf_str(&b), "");
}

Test(buf, reset_keeps_the_memory_and_forgets_the_text)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 100);
    buf_adds(&b, "abc");
    const char *data = b.data;
    buf_reset(&b);
    cr_expect_str_eq(buf_str(&b), "");
    buf_adds(&b, "d");
    cr_expect_eq(b.data, data);
    cr_expect_str_eq(buf_str(&b), "d");
}

Test(buf, taking_leaves_an_empty_buffer_of_the_same_maximum)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 5);
    buf_adds(&b, "abc");
    SCOPED(mem_freep) char *taken = buf_take(&b);
    cr_expect_str_eq(taken, "abc");
    cr_expect_eq(b.len, 0);
    cr_expect(!buf_try_add(&b, "abcdef", 6));
    cr_expect(buf_try_add(&b, "abcde", 5));
}

Test(buf, growth_by_single_bytes_keeps_all_of_them)
{
    enum { COUNT = 100000 };
    SCOPED(buf_done) struct buf b;
    buf_init(&b, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        buf_addc(&b, (char)('a' + i % 26));
    cr_expect(!b.overflowed);
    cr_expect_eq(b.len, COUNT);
    cr_expect_leq(b.cap, COUNT + 1, "memory stays within the maximum");
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(b.data[i], (char)('a' + i % 26));
    cr_expect_eq(b.data[COUNT], '\0');
}
