#include "download/contacts.h"

#include <criterion/criterion.h>

static struct contacts two(void)
{
    struct contacts c = {0};
    cr_assert_eq(contacts_of(&c, "192.0.2.1"), 0);
    cr_assert_eq(contacts_of(&c, "2001:db8::1"), 1);
    return c;
}

Test(contacts, requests_are_counted_by_whether_a_connection_was_made)
{
    struct contacts c = {0};
    const struct outcome first = {.connections = 1, .reached = true, .address = "192.0.2.1"};
    const struct outcome again = {.reached = true, .address = "192.0.2.1"};
    const struct outcome never = {.cause = CAUSE_DNS};
    contacts_note(&c, &first);
    contacts_note(&c, &again);
    contacts_note(&c, &again);
    contacts_note(&c, &never);
    cr_expect_eq(c.connections, 1);
    cr_expect_eq(c.reused, 2);
    cr_expect_eq(c.count, 1);
}

Test(contacts, while_nobody_is_avoided_any_will_do)
{
    struct contacts c = two();
    cr_expect_null(contacts_choose(&c, 0));
    cr_expect_eq(contacts_open(&c, 0), 2);
}

static const struct {
    const char *name;
    unsigned connections[2];
    uint64_t rates[2];
    bool collapsed;
    const char *choice; // afterwards; NULL = none is avoided
} JUDGED[] = {
    {"one crawls", {4, 4}, {40000, 100}, false, "192.0.2.1"},
    {"one is slower", {4, 4}, {40000, 20000}, false, NULL},
    {"one is used less", {7, 1}, {70000, 10000}, false, NULL},
    {"many that share a line against few", {2, 16}, {20000, 16000}, false, NULL},
    {"both crawl", {4, 4}, {100, 100}, true, NULL},
    {"all are at one that collapsed", {8, 0}, {100, 0}, true, "2001:db8::1"},
    {"all are at one, and well", {8, 0}, {100, 0}, false, NULL},
    {"nothing comes", {4, 4}, {0, 0}, false, NULL},
};

Test(contacts, an_address_that_crawls_is_avoided)
{
    for (size_t i = 0; i < sizeof(JUDGED) / sizeof(JUDGED[0]); i++) {
        struct contacts c = two();
        bool any =
            contacts_judge(&c, JUDGED[i].connections, JUDGED[i].rates, JUDGED[i].collapsed, 1);
        const char *choice = contacts_choose(&c, 1);
        cr_expect_eq(any, JUDGED[i].choice != NULL, "%s", JUDGED[i].name);
        if (JUDGED[i].choice) {
            cr_expect_str_eq(choice, JUDGED[i].choice, "%s", JUDGED[i].name);
        } else {
            cr_expect_null(choice, "%s", JUDGED[i].name);
        }
    }
}

Test(contacts, what_another_brought_before_still_counts)
{
    struct contacts c = two();
    cr_expect_not(contacts_judge(&c, (unsigned[]){4, 0}, (uint64_t[]){40000, 0}, false, 1));
    cr_expect(contacts_judge(&c, (unsigned[]){0, 4}, (uint64_t[]){0, 100}, false, 2));
    cr_expect_str_eq(contacts_choose(&c, 2), "192.0.2.1");
}

Test(contacts, are_avoided_for_a_while)
{
    struct contacts c = two();
    cr_assert(contacts_judge(&c, (unsigned[]){1, 1}, (uint64_t[]){1000, 0}, false, 1));
    cr_expect_not_null(contacts_choose(&c, CONTACTS_AVOID_NS));
    cr_expect_null(contacts_choose(&c, CONTACTS_AVOID_NS + 1));
    cr_assert(contacts_judge(&c, (unsigned[]){1, 1}, (uint64_t[]){1000, 0}, false,
                             CONTACTS_AVOID_NS + 1));
    contacts_forgive(&c);
    cr_expect_null(contacts_choose(&c, CONTACTS_AVOID_NS + 1));
}

Test(contacts, those_that_are_left_take_turns)
{
    struct contacts c = two();
    cr_assert_eq(contacts_of(&c, "192.0.2.3"), 2);
    cr_assert(contacts_judge(&c, (unsigned[]){1, 1, 1}, (uint64_t[]){1000, 0, 1000}, false, 1));
    cr_expect_str_eq(contacts_choose(&c, 1), "192.0.2.3");
    cr_expect_str_eq(contacts_choose(&c, 1), "192.0.2.1");
    cr_expect_str_eq(contacts_choose(&c, 1), "192.0.2.3");
}
