#include "download/async/scope.h"

#include <criterion/criterion.h>
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
