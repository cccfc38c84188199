#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/source/link.h"

Test(link, the_next_page_is_found_among_others)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"<https://h/a?cursor=1>; rel=\"next\"", "https://h/a?cursor=1"},
        {"</a>; rel=next", "/a"},
        {"<a>; rel=\"prev\", <b>; rel=\"next\"", "b"},
        {"<a>; rel=\"xet-auth\", <b>; rel=\"xet-reconstruction-info\", <c>; rel=\"next\"", "c"},
        {"<a,b>; rel=next", "a,b"},
        {"<a;b>; rel=next", "a;b"},
        {"<a>; title=\"x, <z>; rel=next\"; rel=prev, <b>; rel=next", "b"},
        {"<a>; title=\"a \\\" quote, \"; rel=\"next\"", "a"},
        {"<a>; rel=\"prev next\"", "a"},
        {"<a>; rel=\"nex\\t page\"", "a"}, // a quoted pair is its second character
        {"<a>; REL=\"NEXT\"", "a"},
        {"<a>;rel=next", "a"},
        {"<a> ; rel = next", "a"},
        {"<a>; crossorigin; rel=next", "a"},
        {" , <a>; rel=next", "a"},
        {"<a>; rel=next, <b>; rel=next", "a"},
        {"<a>; rel=prev; rel=next, <b>; rel=next", "b"}, // only the first rel counts
        {"<>; rel=next", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = link_target(cases[i].value, "next");
        cr_expect_not_null(got, "%s", cases[i].value);
        if (got) cr_expect_str_eq(got, cases[i].want, "%s", cases[i].value);
        mem_free(got);
    }
}

Test(link, without_one_there_is_none)
{
    static const char *const cases[] = {
        "",
        "<a>",
        "<a>; rel=prev",
        "a; rel=next",
        "<a; rel=next",
        "<a>; rel=nextpage",
        "<a>; rel=\"next",
        "<a>; title=\"rel=next",
        "<a> x, <b>; rel=next",
        "<a>; xrel=next",
        "<a>; rel",
        "rel=next",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_expect_null(link_target(cases[i], "next"), "%s", cases[i]);
}
