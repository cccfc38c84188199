#include <string.h>

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/support/nginx.h"
#include "tests/support/proxy.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/support/fetch.h"

static struct proxy *start(const struct proxy_options *o)
{
    struct proxy *p = NULL;
    struct why why = {{0}};
    cr_assert_eq(proxy_start(o, &p, &why), OK, "%s", why.text);
    return p;
}

static struct hub *start_hub(void)
{
    struct hub *h = NULL;
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, NULL), OK);
    hub_add_file(h, "org/name", "a.bin", "0123456789", 10, true);
    return h;
}

Test(proxy, forwards_requests_and_takes_its_own_headers_away)
{
    SCOPED(proxy_freep) struct proxy *p = start(&(struct proxy_options){.credentials = "u:pw"});
    SCOPED(hub_freep) struct hub *h = start_hub();
    SCOPED(mem_freep) char *with = mem_printf("http://u:pw@127.0.0.1:%u", proxy_port(p));
    SCOPED(fetched_done)
    struct fetch f = fetch_at(hub_endpoint(h), "/org/name/resolve/main/a.bin",
                              &(struct fetch_with){.follow = true, .proxy = with, .range = "2-4"});
    cr_expect_eq(f.status, 206);
    cr_expect(fetch_body_is(&f, "234"));
    cr_expect_eq(proxy_requests(p), 2, "resolve and body");
    cr_expect_eq(proxy_tunnels(p), 0);
    cr_expect(proxy_saw(p, "Proxy-Authorization: Basic dTpwdw=="));
    cr_expect_eq(hub_log_count(hub_log(h), NULL), 2);
    cr_expect_not(hub_log_contains(hub_log(h), NULL, "dTpwdw"));
}

Test(proxy, wants_its_credentials)
{
    SCOPED(proxy_freep) struct proxy *p = start(&(struct proxy_options){.credentials = "u:pw"});
    SCOPED(hub_freep) struct hub *h = start_hub();
    SCOPED(mem_freep) char *wrong = mem_printf("http://u:no@127.0.0.1:%u", proxy_port(p));
    const char *const proxies[] = {proxy_url(p), wrong};
    for (size_t i = 0; i < 2; i++) {
        SCOPED(fetched_done)
        struct fetch f = fetch_at(hub_endpoint(h), "/api/models/org/name",
                                  &(struct fetch_with){.proxy = proxies[i]});
        cr_expect_eq(f.status, 407, "case %zu", i);
    }
    cr_expect_eq(hub_log_count(hub_log(h), NULL), 0);
}

Test(proxy, tunnels_tls)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    SCOPED(proxy_freep) struct proxy *p = start(&(struct proxy_options){0});
    SCOPED(nginx_freep) struct nginx *n = NULL;
    if (!nginx_available()) cr_skip_test("nginx is not installed");
    tmpdir_put_text(root, "file", "through");
    cr_assert_eq(nginx_start(&(struct nginx_options){.root = root, .tls = true}, &n, NULL), OK);
    SCOPED(fetched_done)
    struct fetch f = fetch_at(nginx_url(n), "/file",
                              &(struct fetch_with){.proxy = proxy_url(p), .ca = nginx_ca(n)});
    cr_expect(fetch_body_is(&f, "through"), "%d", f.code);
    cr_expect_eq(proxy_tunnels(p), 1);
    cr_expect_not(proxy_saw(p, "/file"));
}

Test(proxy, can_refuse_and_says_when_nobody_is_there)
{
    SCOPED(proxy_freep) struct proxy *broken = start(&(struct proxy_options){.refuse = 503});
    SCOPED(proxy_freep) struct proxy *p = start(&(struct proxy_options){0});
    SCOPED(fetched_done)
    struct fetch f =
        fetch("http://nowhere.example:1/", &(struct fetch_with){.proxy = proxy_url(broken)});
    cr_expect_eq(f.status, 503);
    SCOPED(fetched_done)
    struct fetch g =
        fetch("http://nowhere.example:1/", &(struct fetch_with){.proxy = proxy_url(p)});
    cr_expect_eq(g.status, 502);
}
