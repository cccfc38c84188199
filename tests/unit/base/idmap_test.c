#include "download/base/idmap.h"

#include <criterion/criterion.h>

#include "download/base/rng.h"

Test(idmap, what_was_added_is_found_until_it_is_removed)
{
    struct idmap *m = idmap_new();
    int a = 0;
    int b = 0;
    struct id ia = idmap_add(m, &a);
    struct id ib = idmap_add(m, &b);
    cr_expect_eq(idmap_find(m, ia), &a);
    cr_expect_eq(idmap_find(m, ib), &b);
    cr_expect_eq(idmap_count(m), 2);
    cr_expect_eq(idmap_remove(m, ia), &a);
    cr_expect_null(idmap_find(m, ia));
    cr_expect_null(idmap_remove(m, ia), "it was gone already");
    cr_expect_eq(idmap_find(m, ib), &b);
    cr_expect_eq(idmap_count(m), 1);
    idmap_free(m);
}

Test(idmap, an_old_id_never_finds_what_lives_in_its_slot_now)
{
    struct idmap *m = idmap_new();
    int old = 0;
    int now = 0;
    struct id id = idmap_add(m, &old);
    idmap_remove(m, id);
    struct id again = idmap_add(m, &now);
    cr_expect_eq(again.slot, id.slot, "slots are used again");
    cr_expect_not(id_equal(again, id));
    cr_expect_null(idmap_find(m, id));
    cr_expect_eq(idmap_find(m, again), &now);
    idmap_free(m);
}

Test(idmap, no_id_finds_nothing)
{
    struct idmap *m = idmap_new();
    cr_expect_null(idmap_find(m, (struct id){0}));
    cr_expect_null(idmap_find(m, (struct id){77, 1}));
    cr_expect(id_is_none((struct id){0}));
    idmap_free(m);
}

/* Against a plain table, by a fixed seed. */
Test(idmap, keeps_up_with_random_adding_and_removing)
{
    enum { THINGS = 500, STEPS = 20000 };
    static int things[THINGS];
    static struct id ids[THINGS];
    struct rng rng = {.state = 1};
    struct idmap *m = idmap_new();
    size_t live = 0;
    for (int i = 0; i < STEPS; i++) {
        size_t n = rng_next(&rng) % THINGS;
        if (id_is_none(ids[n])) {
            ids[n] = idmap_add(m, &things[n]);
            live++;
        } else {
            cr_assert_eq(idmap_remove(m, ids[n]), &things[n]);
            cr_assert_null(idmap_find(m, ids[n]));
            ids[n] = (struct id){0};
            live--;
        }
        cr_assert_eq(idmap_count(m), live);
    }
    for (size_t n = 0; n < THINGS; n++)
        cr_assert_eq(idmap_find(m, ids[n]), id_is_none(ids[n]) ? NULL : &things[n]);
    idmap_free(m);
}
