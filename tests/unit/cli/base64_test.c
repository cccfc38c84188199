#include "cli/base64.h"

#include <criterion/criterion.h>
#include <string.h>

#include "download/base/scoped.h"

/* RFC 4648 §10, and the two digits that are not letters. */
Test(base64, encodes_the_rfc_vectors)
{
    static const struct {
        const char *plain, *expected;
    } CASES[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff", "+/8="},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 64);
        base64_add(&b, CASES[i].plain, strlen(CASES[i].plain));
        cr_expect_str_eq(buf_str(&b), CASES[i].expected);
    }
}
