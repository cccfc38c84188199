#include "download/async/mailbox.h"

#include <criterion/criterion.h>
#include <pthread.h>

#include "download/base/clock.h"

static void count_wake(void *user)
{
    ++*(int *)user;
}

static struct mailbox *limited(size_t bytes)
{
    return mailbox_new(&(struct mailbox_opts){.max_cost_bytes = bytes});
}

Test(mailbox, gives_in_order)
{
    struct mailbox *m = limited(0);
    struct message a = {0};
    struct message b = {0};
    cr_expect_eq(mailbox_put(m, &a, NULL), PUT_OK);
    cr_expect_eq(mailbox_put(m, &b, NULL), PUT_OK);
    cr_expect_eq(mailbox_take(m), &a);
    cr_expect_eq(mailbox_take(m), &b);
    cr_expect_null(mailbox_take(m));
    mailbox_free(m);
}

Test(mailbox, refuses_what_costs_too_much_but_never_what_costs_nothing)
{
    struct mailbox *m = limited(100);
    struct message a = {.cost_bytes = 60};
    struct message b = {.cost_bytes = 41};
    struct message c = {.cost_bytes = 40};
    struct message free_one = {0};
    cr_expect_eq(mailbox_put(m, &a, NULL), PUT_OK);
    cr_expect_eq(mailbox_put(m, &b, NULL), PUT_FULL);
    cr_expect_eq(mailbox_put(m, &c, NULL), PUT_OK);
    cr_expect_eq(mailbox_put(m, &free_one, NULL), PUT_OK);
    cr_expect_eq(mailbox_take(m), &a);
    cr_expect_eq(mailbox_put(m, &b, NULL), PUT_OK, "room again");
    while (mailbox_take(m))
        continue;
    mailbox_free(m);
}

Test(mailbox, the_newest_of_a_key_takes_the_place_of_the_older)
{
    struct mailbox *m = limited(100);
    struct message progress1 = {.cost_bytes = 90, .key = 1};
    struct message other = {.cost_bytes = 10};
    struct message progress2 = {.cost_bytes = 90, .key = 1};
    struct message *old = NULL;
    cr_expect_eq(mailbox_put(m, &progress1, &old), PUT_OK);
    cr_expect_eq(mailbox_put(m, &other, &old), PUT_OK);
    cr_expect_eq(mailbox_put(m, &progress2, &old), PUT_REPLACED);
    cr_expect_eq(old, &progress1);
    cr_expect_eq(mailbox_take(m), &other, "it does not overtake what was said before it");
    cr_expect_eq(mailbox_take(m), &progress2);
    mailbox_free(m);
}

Test(mailbox, wakes_once_for_a_burst)
{
    int wakes = 0;
    struct mailbox *m =
        mailbox_new(&(struct mailbox_opts){.wake = count_wake, .wake_user = &wakes});
    struct message items[3] = {{.key = 0}};
    for (int i = 0; i < 3; i++)
        mailbox_put(m, &items[i], NULL);
    cr_expect_eq(wakes, 1);
    while (mailbox_take(m))
        continue;
    mailbox_put(m, &items[0], NULL);
    cr_expect_eq(wakes, 2);
    mailbox_take(m);
    mailbox_free(m);
}

Test(mailbox, closed_takes_nothing_more_and_gives_what_it_has)
{
    struct mailbox *m = limited(0);
    struct message a = {0};
    struct message b = {0};
    mailbox_put(m, &a, NULL);
    mailbox_close(m);
    mailbox_close(m);
    cr_expect(mailbox_closed(m));
    cr_expect_eq(mailbox_put(m, &b, NULL), PUT_CLOSED);
    cr_expect_eq(mailbox_wait(m, UINT64_MAX), &a);
    cr_expect_null(mailbox_wait(m, UINT64_MAX), "closed and empty does not wait");
    mailbox_free(m);
}

Test(mailbox, waits_until_the_deadline_only)
{
    struct mailbox *m = limited(0);
    uint64_t before = clock_now_ns();
    cr_expect_null(mailbox_wait(m, before + 20 * MILLI_NS));
    cr_expect_geq(clock_now_ns(), before + 20 * MILLI_NS);
    cr_expect(mailbox_drained(m, 0), "empty is drained");
    struct message a = {0};
    mailbox_put(m, &a, NULL);
    cr_expect_not(mailbox_drained(m, clock_now_ns() + MILLI_NS));
    mailbox_take(m);
    mailbox_free(m);
}

static void *take_one(void *user)
{
    return mailbox_wait(user, UINT64_MAX);
}

Test(mailbox, a_put_ends_a_wait)
{
    struct mailbox *m = limited(0);
    pthread_t thread;
    struct message a = {0};
    void *taken = NULL;
    cr_assert_eq(pthread_create(&thread, NULL, take_one, m), 0);
    mailbox_put(m, &a, NULL);
    cr_assert(mailbox_drained(m, UINT64_MAX));
    pthread_join(thread, &taken);
    cr_expect_eq(taken, &a);
    mailbox_free(m);
}
