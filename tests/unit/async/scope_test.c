#include "download/async/scope.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static char told[64];
static char letters[128];

static void *of(char c)
{
    letters[(unsigned char)c] = c;
    return &letters[(unsigned char)c];
}

static void tell(void *what)
{
    told[strlen(told)] = *(const char *)what;
}

Test(scope, releases_run_last_in_first_out)
{
    struct scope *s = scope_new(NULL, "s");
    scope_add(s, tell, of('a'));
    scope_add(s, tell, of('b'));
    scope_add(s, tell, of('c'));
    cr_expect_eq(scope_resources(s), 3);
    scope_close(s);
    cr_expect_str_eq(told, "cba");
    scope_close(NULL);
}

Test(scope, children_close_before_their_parent_the_youngest_first)
{
    struct scope *s = scope_new(NULL, "s");
    scope_add(s, tell, of('s'));
    struct scope *a = scope_new(s, "a");
    scope_add(a, tell, of('a'));
    struct scope *b = scope_new(s, "b");
    scope_add(b, tell, of('b'));
    scope_add(scope_new(b, "c"), tell, of('c'));
    scope_add(s, tell, of('t')); // later than the children, and yet their parent's
    cr_expect_eq(scope_resources(s), 5);
    scope_close(s);
    cr_expect_str_eq(told, "cbats");
}

Test(scope, a_child_may_close_by_itself)
{
    struct scope *s = scope_new(NULL, "s");
    struct scope *a = scope_new(s, "a");
    scope_add(a, tell, of('a'));
    scope_add(s, tell, of('s'));
    scope_close(a);
    cr_expect_str_eq(told, "a");
    scope_close(s);
    cr_expect_str_eq(told, "as");
}

Test(scope, what_is_released_or_taken_early_is_not_released_again)
{
    struct scope *s = scope_new(NULL, "s");
    struct id ia = scope_add(s, tell, of('a'));
    struct id ib = scope_add(s, tell, of('b'));
    scope_add(s, tell, of('c'));
    cr_expect(scope_release(s, ia));
    cr_expect_not(scope_release(s, ia));
    cr_expect_eq(scope_take(s, ib), of('b'));
    cr_expect_null(scope_take(s, ib));
    scope_close(s);
    cr_expect_str_eq(told, "ac");
}

Test(scope, cancelling_goes_from_the_leaves_to_the_root_and_once)
{
    struct scope *s = scope_new(NULL, "s");
    scope_on_cancel(s, tell, of('S'));
    struct scope *a = scope_new(s, "a");
    scope_on_cancel(a, tell, of('A'));
    struct scope *b = scope_new(s, "b");
    scope_on_cancel(b, tell, of('B'));
    scope_on_cancel(b, tell, of('C'));
    scope_add(b, tell, of('b'));
    scope_cancel(s);
    scope_cancel(s);
    cr_expect(scope_cancelled(s) && scope_cancelled(b));
    cr_expect_str_eq(told, "CBAS", "nothing is released yet");
    scope_close(s);
    cr_expect_str_eq(told, "CBASb");
}

Test(scope, closing_cancels_first)
{
    struct scope *s = scope_new(NULL, "s");
    scope_add(s, tell, of('s'));
    scope_on_cancel(s, tell, of('S'));
    scope_close(s);
    cr_expect_str_eq(told, "Ss");
}

static struct scope *other;

static void cancel_other(void *what)
{
    tell(what);
    scope_cancel(other);
}

Test(scope, a_release_may_cancel)
{
    other = scope_new(NULL, "other");
    scope_on_cancel(other, tell, of('O'));
    struct scope *s = scope_new(NULL, "s");
    scope_add(s, tell, of('a'));
    scope_add(s, cancel_other, of('b'));
    scope_close(s);
    cr_expect_str_eq(told, "bOa");
    scope_close(other);
}

Test(scope, what_comes_into_a_cancelled_scope_is_cancelled_when_it_closes)
{
    struct scope *s = scope_new(NULL, "s");
    scope_on_cancel(s, tell, of('S'));
    scope_cancel(s);
    struct scope *a = scope_new(s, "a");
    cr_expect(scope_cancelled(a), "born cancelled");
    scope_on_cancel(a, tell, of('A'));
    scope_on_cancel(s, tell, of('T'));
    scope_add(s, tell, of('s'));
    cr_expect_str_eq(told, "S", "not from inside the call");
    scope_close(s);
    cr_expect_str_eq(told, "SATs");
}

static void close_other(void *what)
{
    tell(what);
    scope_close(other);
}

Test(scope, a_cancel_may_close_a_sibling)
{
    struct scope *s = scope_new(NULL, "s");
    scope_on_cancel(scope_new(s, "a"), tell, of('A'));
    other = scope_new(s, "other");
    scope_add(other, tell, of('o'));
    scope_on_cancel(other, tell, of('O'));
    scope_on_cancel(scope_new(s, "b"), close_other, of('B'));
    scope_cancel(s);
    cr_expect_str_eq(told, "BOoA");
    scope_close(s);
    cr_expect_str_eq(told, "BOoA");
}

static struct scope *closing;

static void add_more(void *what)
{
    tell(what);
    scope_add(closing, tell, of('m'));
    scope_add(scope_new(closing, "late"), tell, of('l'));
}

Test(scope, what_a_release_adds_is_released_too)
{
    closing = scope_new(NULL, "s");
    scope_add(closing, tell, of('a'));
    scope_add(closing, add_more, of('b'));
    scope_close(closing);
    cr_expect_str_eq(told, "blma");
}

Test(scope, nothing_closes_the_scope_whose_turn_it_is, .signal = SIGABRT)
{
    other = scope_new(NULL, "s");
    scope_on_cancel(scope_new(other, "a"), close_other, of('A'));
    scope_cancel(other);
}
