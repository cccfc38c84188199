#include <string.h>

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/support/nginx.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/support/fetch.h"

static struct nginx *start(const struct nginx_options *o)
{
    struct nginx *n = NULL;
    struct why why = {{0}};
    if (!nginx_available()) cr_skip_test("nginx is not installed");
    cr_assert_eq(nginx_start(o, &n, &why), OK, "%s", why.text);
    return n;
}

Test(nginx, serves_ranges_of_a_directory)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    tmpdir_put_text(root, "file", "0123456789");
    SCOPED(nginx_freep) struct nginx *n = start(&(struct nginx_options){.root = root});
    SCOPED(fetched_done)
    struct fetch f = fetch_at(nginx_url(n), "/file", &(struct fetch_with){.range = "3-5"});
    cr_expect_eq(f.status, 206);
    cr_expect(fetch_body_is(&f, "345"));
    SCOPED(mem_freep) char *log = nginx_log(n);
    cr_expect_str_eq(log, "GET /file 206 \"bytes=3-5\" HTTP/1.1\n");
}

Test(nginx, speaks_tls_and_http_2_under_a_ca_of_its_own)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    tmpdir_put_text(root, "file", "secure");
    SCOPED(nginx_freep)
    struct nginx *n = start(&(struct nginx_options){.root = root, .tls = true, .http2 = true});
    SCOPED(fetched_done)
    struct fetch f = fetch_at(nginx_url(n), "/file", &(struct fetch_with){.ca = nginx_ca(n)});
    cr_expect_eq(f.code, (int)CURLE_OK, "%s", curl_easy_strerror((CURLcode)f.code));
    cr_expect(fetch_body_is(&f, "secure"));
    cr_expect_eq(f.version, (long)CURL_HTTP_VERSION_2_0);
    SCOPED(fetched_done) struct fetch g = fetch_at(nginx_url(n), "/file", NULL);
    cr_expect_eq(g.code, (int)CURLE_PEER_FAILED_VERIFICATION, "no other trust");
}

Test(nginx, can_hold_a_bad_certificate)
{
    static const struct test_cert certs[] = {{.expired = true}, {.wrong_host = true}};
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    tmpdir_put_text(root, "file", "x");
    for (size_t i = 0; i < 2; i++) {
        SCOPED(nginx_freep)
        struct nginx *n =
            start(&(struct nginx_options){.root = root, .tls = true, .cert = certs[i]});
        SCOPED(fetched_done)
        struct fetch f = fetch_at(nginx_url(n), "/file", &(struct fetch_with){.ca = nginx_ca(n)});
        cr_expect_eq(f.code, (int)CURLE_PEER_FAILED_VERIFICATION, "case %zu: %d", i, f.code);
    }
}

Test(nginx, stands_before_an_embedded_hub)
{
    struct hub *h = NULL;
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, NULL), OK);
    hub_add_file(h, "org/name", "a.txt", "a", 1, false);
    SCOPED(nginx_freep)
    struct nginx *n = start(&(struct nginx_options){.proxy = hub_endpoint(h), .tls = true});
    SCOPED(fetched_done)
    struct fetch f = fetch_at(nginx_url(n), "/api/models/org/name/tree/refs%2Fpr%2F1",
                              &(struct fetch_with){.ca = nginx_ca(n)});
    cr_expect_eq(f.status, 404);
    cr_expect(fetch_header_is(&f, "X-Error-Code", "RevisionNotFound"));
    hub_free(h);
}

Test(nginx, says_what_is_wrong_with_its_configuration)
{
    struct nginx *n = NULL;
    struct why why = {{0}};
    if (!nginx_available()) cr_skip_test("nginx is not installed");
    const struct nginx_options o = {.root = "/", .extra = "no_such_word on;"};
    cr_assert_eq(nginx_start(&o, &n, &why), ERR_INTERNAL);
    cr_expect_not_null(strstr(why.text, "no_such_word"), "%s", why.text);
}
