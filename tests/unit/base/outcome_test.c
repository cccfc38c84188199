#include "download/base/outcome.h"

#include <criterion/criterion.h>
#include <string.h>

#include "download/base/scoped.h"

static const struct {
    const char *name;
    struct outcome outcome;
    const char *said;
} SAID[] = {
    {"own words", {.cause = CAUSE_RESET, .host = "h:1", .why = {"eof"}}, "h:1: eof"},
    {"a cause alone", {.cause = CAUSE_DNS, .host = "h"}, "h: the host name does not resolve"},
    {"no host", {.cause = CAUSE_CONNECT}, "the server: cannot connect"},
    {"through a proxy",
     {.cause = CAUSE_CONNECT, .host = "h", .proxy = "p:3", .why = {"refused"}},
     "h through the proxy 'p:3': refused"},
};

Test(outcome, says_who_and_what)
{
    for (size_t i = 0; i < ARRAY_LEN(SAID); i++) {
        struct why why = {""};
        outcome_say(&SAID[i].outcome, &why);
        cr_expect_str_eq(why.text, SAID[i].said, "%s", SAID[i].name);
    }
}

Test(outcome, says_what_to_do_where_people_can_do_something)
{
    struct why why = {""};
    struct outcome o = {.cause = CAUSE_PROXY_AUTH, .proxy = "p", .why = {"CONNECT failed"}};
    outcome_say(&o, &why);
    cr_expect(strstr(why.text, "407") && strstr(why.text, "--proxy"), "%s", why.text);
    cr_expect_null(strstr(why.text, "CONNECT failed"), "ours is better than the library's");
    o = (struct outcome){.cause = CAUSE_TLS, .why = {"self-signed"}};
    outcome_say(&o, &why);
    cr_expect(strstr(why.text, "self-signed") && strstr(why.text, "--cacert"), "%s", why.text);
}

Test(outcome, every_cause_has_a_word_of_its_own)
{
    for (enum cause a = CAUSE_NONE; a <= CAUSE_CANCELLED; a++) {
        cr_expect(cause_word(a)[0]);
        cr_expect_eq(cause_error(a) == OK, a == CAUSE_NONE, "%s", cause_word(a));
        for (enum cause b = CAUSE_NONE; b < a; b++)
            cr_expect_str_neq(cause_word(a), cause_word(b));
    }
}

static const struct {
    const char *name;
    struct outcome outcome;
    uint64_t wait_s;
} WAITS[] = {
    {"nothing", {0}, 0},
    {"Retry-After", {.retry_after_s = 7}, 7},
    {"an empty bucket", {.rate = {.known = true, .reset_s = 9}}, 10},
    {"a bucket with something in it", {.rate = {.known = true, .remaining = 1, .reset_s = 9}}, 0},
    {"no bucket", {.rate = {.reset_s = 9}}, 0},
    {"both", {.retry_after_s = 3, .rate = {.known = true, .reset_s = 9}}, 3},
};

Test(outcome, knows_how_long_it_was_told_to_wait)
{
    for (size_t i = 0; i < ARRAY_LEN(WAITS); i++)
        cr_expect_eq(outcome_told_wait_s(&WAITS[i].outcome), WAITS[i].wait_s, "%s", WAITS[i].name);
}
