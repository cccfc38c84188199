#include <stdio.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/plan/listing.h"

Test(listing, keeps_the_order_it_was_told)
{
    enum { COUNT = 1000, NAME = 16 };
    struct listing l = {0};
    char name[NAME];
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        struct listing_entry *e = listing_add(&l, name);
        cr_assert_not_null(e);
        cr_expect_eq(e->size, SIZE_NOT_KNOWN);
        cr_expect_eq(e->digest.kind, DIGEST_NONE);
        e->size = i;
        e->etag = mem_strdup("\"x\"");
    }
    cr_expect_eq(l.count, COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        cr_expect_eq(l.entries[i].size, i);
    cr_expect_eq(listing_find(&l, "f999"), &l.entries[999]);
    cr_expect_null(listing_find(&l, "f1000"));
    listing_done(&l);
    cr_expect_eq(l.count, 0);
}

Test(listing, ends_at_its_cap)
{
    struct listing l = {0};
    while (l.count < LISTING_MAX_ENTRIES)
        cr_assert_not_null(listing_add(&l, "x"));
    cr_expect_null(listing_add(&l, "x"));
    cr_expect_eq(l.count, LISTING_MAX_ENTRIES);
    listing_done(&l);
}
