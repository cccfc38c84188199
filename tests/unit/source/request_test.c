#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/source/request.h"

static bool add(struct headers *h, const char *name, const char *value)
{
    return headers_add(h, name, strlen(name), value, strlen(value));
}

Test(request, a_header_is_found_in_any_case_and_the_first_one_counts)
{
    struct headers h = {0};
    cr_expect(add(&h, "X-Repo-Commit", "abc"));
    cr_expect(add(&h, "ETag", "\"1\""));
    cr_expect(add(&h, "etag", "\"2\""));
    cr_expect_str_eq(headers_get(&h, "x-repo-commit"), "abc");
    cr_expect_str_eq(headers_get(&h, "ETAG"), "\"1\"");
    cr_expect_null(headers_get(&h, "X-Repo"));
    headers_done(&h);
}

Test(request, blanks_around_a_value_are_not_part_of_it)
{
    struct headers h = {0};
    cr_expect(add(&h, "A", " \t x y \t\r\n"));
    cr_expect(add(&h, "B", " \r\n"));
    cr_expect_str_eq(headers_get(&h, "a"), "x y");
    cr_expect_str_eq(headers_get(&h, "b"), "");
    headers_done(&h);
}

Test(request, headers_end_at_their_caps)
{
    struct headers h = {0};
    for (int i = 0; i < HEADERS_MAX_COUNT; i++)
        cr_assert(add(&h, "A", "b"));
    cr_expect(!add(&h, "A", "b"));
    cr_expect_eq(h.count, HEADERS_MAX_COUNT);

    headers_reset(&h);
    cr_expect_null(headers_get(&h, "A"));
    char *big = mem_new(HEADERS_MAX_BYTES + 1);
    memset(big, 'x', HEADERS_MAX_BYTES);
    cr_expect(!add(&h, "A", big));
    big[HEADERS_MAX_BYTES - 1] = '\0';
    cr_expect(add(&h, "A", big));
    cr_expect(!add(&h, "B", ""));
    cr_expect_eq(h.count, 1);
    mem_free(big);
    headers_done(&h);
}

Test(request, a_copy_has_its_own_url)
{
    struct request a = {.url = mem_strdup("https://h/"), .send_token = true, .label = "x"};
    struct request b;
    request_copy(&a, &b);
    request_done(&a);
    cr_expect_str_eq(b.url, "https://h/");
    cr_expect(b.send_token);
    request_done(&b);
    cr_expect_null(b.url);
}

Test(request, the_body_of_a_reply_ends_at_its_cap)
{
    struct reply r;
    reply_init(&r, 3);
    cr_expect(buf_try_add(&r.body, "abc", 3));
    cr_expect(!buf_try_add(&r.body, "d", 1));
    reply_done(&r);
}
