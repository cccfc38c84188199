#include "tests/flow/servers.h"

#include <criterion/criterion.h>

struct hub *start_hub(const struct hub_options *o)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(o, &h, &why), OK, "%s", why.text);
    return h;
}

struct nginx *start_nginx(const struct nginx_options *o)
{
    struct nginx *n = NULL;
    struct why why = {{0}};
    if (!nginx_available()) cr_skip_test("nginx is not installed");
    cr_assert_eq(nginx_start(o, &n, &why), OK, "%s", why.text);
    return n;
}

struct proxy *start_proxy(const struct proxy_options *o)
{
    struct proxy *p = NULL;
    struct why why = {{0}};
    cr_assert_eq(proxy_start(o, &p, &why), OK, "%s", why.text);
    return p;
}

struct raw_server *start_raw(const struct raw_script *scripts, size_t count)
{
    struct raw_server *s = NULL;
    struct why why = {{0}};
    cr_assert_eq(raw_server_start(scripts, count, &s, &why), OK, "%s", why.text);
    return s;
}
