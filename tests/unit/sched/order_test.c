#include "download/sched/order.h"

#include <criterion/criterion.h>

#define MIB (UINT64_C(1) << 20)
#define NOW (1000 * SECOND_NS)

enum { MOST = 4 };

/* Files that want a whole connection each, in the order of order_sort. */
static struct order_choice ask(struct order_file *files, size_t count,
                               const struct order_running *running, size_t running_count,
                               unsigned connections)
{
    struct order_ages ages = {{0}};
    order_sort(files, count, &ages, NOW);
    struct sched_file views[MOST];
    for (size_t i = 0; i < count; i++)
        views[i] = (struct sched_file){.ready = files[i].ready,
                                       .running = files[i].running,
                                       .has_hole = !files[i].running,
                                       .hole = {0, files[i].left_bytes}};
    return order_next(&(struct order_view){.order = files,
                                           .files = views,
                                           .count = count,
                                           .running = running,
                                           .running_count = running_count,
                                           .connections = connections});
}

static struct order_file file(size_t id, enum priority p)
{
    return (struct order_file){.id = id, .priority = p, .ready = true, .left_bytes = MIB};
}

Test(order, a_higher_class_goes_first)
{
    struct order_file files[] = {file(0, PRIORITY_LOW), file(1, PRIORITY_NORMAL),
                                 file(2, PRIORITY_CRITICAL), file(3, PRIORITY_HIGH)};
    struct order_choice c = ask(files, 4, NULL, 0, 1);
    cr_expect_eq(c.what, ORDER_FETCH);
    cr_expect_eq(files[c.index].id, 2);
    cr_expect_eq(files[1].id, 3);
    cr_expect_eq(files[3].id, 0);
}

Test(order, first_shards_then_what_is_begun_with_least_left)
{
    struct order_file files[] = {file(0, PRIORITY_NORMAL), file(1, PRIORITY_NORMAL),
                                 file(2, PRIORITY_NORMAL), file(3, PRIORITY_NORMAL)};
    for (size_t i = 0; i < 4; i++)
        files[i].shard = (unsigned)(3 - i); // the last one is the first shard
    files[1].begun = true;
    files[1].left_bytes = 2 * MIB;
    files[0].begun = true;
    ask(files, 4, NULL, 0, 1);
    static const size_t WANTED[] = {3, 0, 1, 2};
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(files[i].id, WANTED[i], "place %zu has %zu", i, files[i].id);
}

Test(order, a_higher_class_takes_the_slowest_connection_of_the_lowest)
{
    struct order_file files[] = {file(0, PRIORITY_NORMAL), file(1, PRIORITY_CRITICAL)};
    files[0].running = true;
    struct order_running running[] = {{.rank = PRIORITY_NORMAL, .rate = 5},
                                      {.rank = PRIORITY_LOW, .rate = 9},
                                      {.rank = PRIORITY_LOW, .rate = 7}};
    struct order_choice c = ask(files, 2, running, 3, 3);
    cr_expect_eq(c.what, ORDER_END);
    cr_expect_eq(c.index, 2);
    running[2].ending = true;
    cr_expect_eq(ask(files, 2, running, 3, 3).what, ORDER_NOTHING, "one is being freed");
}

Test(order, the_same_class_takes_nothing)
{
    struct order_file files[] = {file(0, PRIORITY_NORMAL), file(1, PRIORITY_NORMAL)};
    files[0].running = true;
    const struct order_running running[] = {{.rank = PRIORITY_NORMAL, .rate = 5}};
    cr_expect_eq(ask(files, 2, running, 1, 1).what, ORDER_NOTHING);
}

Test(order, fewer_connections_end_the_slowest_of_the_lowest_class)
{
    const struct order_running running[] = {{.rank = PRIORITY_CRITICAL, .rate = 1},
                                            {.rank = PRIORITY_NORMAL, .rate = 9},
                                            {.rank = PRIORITY_NORMAL, .rate = 8}};
    struct order_choice c = ask(NULL, 0, running, 3, 2);
    cr_expect_eq(c.what, ORDER_END);
    cr_expect_eq(c.index, 2);
}

Test(order, a_class_that_waits_too_long_rises_once)
{
    struct order_file files[] = {file(0, PRIORITY_NORMAL), file(1, PRIORITY_LOW),
                                 file(2, PRIORITY_LOW)};
    files[0].running = true;
    struct order_ages ages = {{0}};
    order_sort(files, 3, &ages, NOW);
    order_sort(files, 3, &ages, NOW + ORDER_AGE_NS - 1);
    cr_expect_eq(files[0].id, 0, "not yet");
    order_sort(files, 3, &ages, NOW + ORDER_AGE_NS);
    cr_expect_eq(files[0].id, 1);
    cr_expect_eq(files[0].rank, PRIORITY_HIGH);
    cr_expect_eq(files[2].rank, PRIORITY_LOW, "one of them");
    files[0].running = true;
    order_sort(files, 3, &ages, NOW + ORDER_AGE_NS + 1);
    cr_expect_eq(ages.since_ns[PRIORITY_LOW], 0, "it has a connection now");
}
