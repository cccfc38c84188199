#include <criterion/criterion.h>

#include "download/base/scoped.h"
#include "download/xfer/via.h"

Test(via, each_scheme_has_its_proxy_and_empty_is_none)
{
    const struct net net = {.http_proxy = "http://a:1", .https_proxy = "http://b:2"};
    const struct net off = {.http_proxy = "", .https_proxy = NULL};
    cr_expect_str_eq(via_proxy(&net, "http://x/"), "http://a:1");
    cr_expect_str_eq(via_proxy(&net, "HTTPS://x/"), "http://b:2");
    cr_expect_null(via_proxy(&off, "http://x/"));
    cr_expect_null(via_proxy(&off, "https://x/"));
}

Test(via, what_people_see_has_no_credentials)
{
    static const struct {
        const char *proxy, *shown;
    } cases[] = {
        {"http://proxy.example:3128", "proxy.example:3128"},
        {"proxy.example:3128/", "proxy.example:3128"},
        {"http://user:pass@proxy.example:3128/path", "proxy.example:3128"},
        {"user:pass@proxy.example", "proxy.example"},
        {"socks5h://u:p@ss@[::1]:9", "[::1]:9"},
        {"http://u:p/w@h:1", "h:1"},
        {"http://h:1\033[31m", "h:1\\x1b[31m"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char shown[64];
        via_show(cases[i].proxy, shown, sizeof(shown));
        cr_expect_str_eq(shown, cases[i].shown, "%s", cases[i].proxy);
    }
}
