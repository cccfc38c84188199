#include <string.h>

#include <criterion/criterion.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

enum { BIG_BYTES = 3 * 1024 * 1024 + 7, LIST_MAX = 4096 };

/* A directory to serve, with a big, a small and an empty file, and SHA256SUMS of them in `list`. */
static void fill(const char *root, const char *list)
{
    static const char *const names[] = {"big.bin", "dir/small.txt", "empty"};
    SCOPED(mem_freep) char *big = mem_new(BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++)
        big[i] = (char)(i * 31 + i / 4096);
    tmpdir_put(root, names[0], big, BIG_BYTES);
    tmpdir_put_text(root, names[1], "small");
    tmpdir_put_text(root, names[2], "");
    struct buf b;
    buf_init(&b, LIST_MAX);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char hex[65];
        cr_assert(tmpdir_sha256(root, names[i], hex));
        buf_addf(&b, "%s  %s\n", hex, names[i]);
    }
    tmpdir_put(list, "SHA256SUMS", buf_str(&b), b.len);
    buf_done(&b);
}

static void expect_same(const char *a, const char *b, const char *name)
{
    char one[65];
    char other[65];
    cr_assert(tmpdir_sha256(a, name, one));
    cr_assert(tmpdir_sha256(b, name, other), "'%s' is not there", name);
    cr_expect_str_eq(one, other, "%s", name);
}

Test(tls, a_list_of_digests_is_fetched_over_every_protocol)
{
    static const struct {
        const char *protocol;
        struct nginx_options options;
    } cases[] = {
        {"HTTP/1.1", {.tls = false}},
        {"HTTP/1.1", {.tls = true}},
        {"HTTP/1.1", {.tls = true, .http2 = true}}, // bodies: one connection each
    };
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        struct nginx_options o = cases[i].options;
        o.root = root;
        fill(root, dir);
        SCOPED(nginx_freep) struct nginx *n = start_nginx(&o);
        SCOPED(run_done)
        struct run r = run(dir,
                           WORDS("get", "./SHA256SUMS", "--base-url", nginx_url(n), "--local-dir",
                                 "out", "--cacert", o.tls ? nginx_ca(n) : "/dev/null"),
                           NO_ENV);
        cr_expect_eq(r.status, 0, "case %zu: %s", i, r.err);
        SCOPED(mem_freep) char *out = mem_printf("%s/out", dir);
        expect_same(root, out, "big.bin");
        expect_same(root, out, "dir/small.txt");
        expect_same(root, out, "empty");
        SCOPED(mem_freep) char *log = nginx_log(n);
        cr_expect(strstr(log, "GET /big.bin 206"), "%s", log);
        cr_expect(strstr(log, cases[i].protocol), "%s", log);
    }
}

/* A Hub behind TLS: nginx before each of its two origins. */
struct front {
    struct hub *hub;
    struct nginx *cdn;
    struct nginx *endpoint;
    char *rewrite;
};

static void front_done(struct front *f)
{
    nginx_free(f->endpoint);
    nginx_free(f->cdn);
    hub_free(f->hub);
    mem_free(f->rewrite);
}

static struct front front_start(bool endpoint_tls, bool cdn_tls)
{
    struct front f = {.hub = start_hub(&(struct hub_options){0})};
    hub_add_generated(f.hub, "org/name", "model.safetensors", 2000000, 1, true);
    hub_add_file(f.hub, "org/name", "config.json", "{}", 2, false);
    hub_grant(f.hub, "org/name", "hf_canary");
    f.cdn = start_nginx(&(struct nginx_options){.proxy = hub_cdn(f.hub), .tls = cdn_tls});
    f.rewrite = mem_printf("proxy_redirect %s/ %s/;", hub_cdn(f.hub), nginx_url(f.cdn));
    f.endpoint = start_nginx(&(struct nginx_options){.proxy = hub_endpoint(f.hub),
                                                     .tls = endpoint_tls,
                                                     .http2 = endpoint_tls,
                                                     .extra = f.rewrite});
    return f;
}

static const char *front_ca(const struct front *f)
{
    return nginx_ca(f->endpoint);
}

/* Both authorities in one file, as people keep them. */
static void join_authorities(const struct front *f, const char *dir)
{
    SCOPED(mem_freep) char *one = tmpdir_get("", front_ca(f), NULL);
    SCOPED(mem_freep) char *other = tmpdir_get("", nginx_ca(f->cdn), NULL);
    SCOPED(mem_freep) char *both = mem_printf("%s%s", one ? one : "", other ? other : "");
    tmpdir_put_text(dir, "authorities.pem", both);
}

Test(tls, a_hub_is_asked_over_http_2_and_its_bodies_come_over_http_1)
{
    static const char *const names[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"};
    SCOPED(front_done) struct front f = front_start(true, true);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        join_authorities(&f, dir);
        SCOPED(mem_freep) char *trust = mem_printf("%s=%s/authorities.pem", names[i], dir);
        SCOPED(run_done)
        struct run r =
            run(dir,
                WORDS("get", "org/name", "--local-dir", "out", "--endpoint", nginx_url(f.endpoint)),
                WORDS(trust, "HF_TOKEN=hf_canary"));
        cr_expect_eq(r.status, 0, "%s: %s", names[i], r.err);
        cr_expect_eq(tmpdir_size(dir, "out/model.safetensors"), 2000000);
    }
    SCOPED(mem_freep) char *asked = nginx_log(f.endpoint);
    SCOPED(mem_freep) char *bodies = nginx_log(f.cdn);
    cr_expect(strstr(asked, "/resolve/") && strstr(asked, "HTTP/2.0"), "%s", asked);
    cr_expect_not(strstr(bodies, "HTTP/2.0"), "%s", bodies);
    cr_expect_gt(hub_log_count(hub_log(f.hub), &(struct hub_log_filter){.authorized = true}), 0);
    cr_expect_eq(
        hub_log_count(hub_log(f.hub), &(struct hub_log_filter){.authorized = true, .at_cdn = true}),
        0);
}

Test(tls, from_http_to_https_the_token_stays_behind)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(front_done) struct front f = front_start(false, true);
    SCOPED(run_done)
    struct run r = run(dir,
                       WORDS("get", "org/name", "--local-dir", "out", "--json", "--endpoint",
                             nginx_url(f.endpoint), "--cacert", nginx_ca(f.cdn)),
                       WORDS("HF_TOKEN=hf_canary"));
    cr_expect_eq(r.status, 0, "%s", r.err);
    cr_expect_eq(tmpdir_size(dir, "out/model.safetensors"), 2000000);
    const struct hub_log_filter at_cdn = {.at_cdn = true};
    cr_expect_gt(hub_log_count(hub_log(f.hub), &at_cdn), 0);
    cr_expect_not(hub_log_contains(hub_log(f.hub), &at_cdn, "canary"));
    cr_expect(hub_log_contains(hub_log(f.hub), NULL, "canary"), "the endpoint was sent it");
    cr_expect_not(run_tells(&r, "canary"));
    cr_expect_not(tmpdir_contains(dir, "canary"));
}

Test(tls, from_https_to_http_is_refused)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(front_done) struct front f = front_start(true, false);
    SCOPED(run_done)
    struct run r = run(dir,
                       WORDS("get", "org/name", "--local-dir", "out", "--endpoint",
                             nginx_url(f.endpoint), "--cacert", front_ca(&f)),
                       NO_ENV);
    cr_expect_eq(r.status, 11, "%s", r.err);
    cr_expect(strstr(r.err, "redirect from https to http"), "%s", r.err);
    cr_expect(strstr(r.err, "model.safetensors"), "the file is named: %s", r.err);
    cr_expect_eq(hub_log_count(hub_log(f.hub), &(struct hub_log_filter){.at_cdn = true}), 0);
    cr_expect_not(tmpdir_has(dir, "out/model.safetensors"));
}

Test(tls, a_certificate_that_cannot_be_trusted_ends_the_run_at_once)
{
    static const struct {
        const char *name;
        struct test_cert cert;
        bool trusted;
        const char *told;
    } cases[] = {
        {"unknown authority", {0}, false, "certificate"},
        {"another host", {.wrong_host = true}, true, "localhost"},
        {"expired", {.expired = true}, true, "expired"},
    };
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        fill(root, dir);
        SCOPED(nginx_freep)
        struct nginx *n =
            start_nginx(&(struct nginx_options){.root = root, .tls = true, .cert = cases[i].cert});
        SCOPED(run_done)
        struct run r =
            run(dir,
                WORDS("get", "./SHA256SUMS", "--base-url", nginx_url(n), "--local-dir", "out",
                      cases[i].trusted ? "--cacert" : "-v", cases[i].trusted ? nginx_ca(n) : "-v"),
                NO_ENV);
        cr_expect_eq(r.status, 8, "%s: %s", cases[i].name, r.err);
        cr_expect(strstr(r.err, cases[i].told), "%s: %s", cases[i].name, r.err);
        cr_expect(strstr(r.err, nginx_url(n) + strlen("https://")), "the host is named: %s", r.err);
        cr_expect_not(strstr(r.err, "retry"), "%s", r.err);
    }
}

Test(tls, a_file_of_authorities_that_is_none_is_said_to_be_none)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    fill(root, dir);
    SCOPED(nginx_freep)
    struct nginx *n = start_nginx(&(struct nginx_options){.root = root, .tls = true});
    SCOPED(run_done)
    struct run r = run(dir,
                       WORDS("get", "./SHA256SUMS", "--base-url", nginx_url(n), "--local-dir",
                             "out", "--cacert", "SHA256SUMS"),
                       NO_ENV);
    cr_expect_eq(r.status, 8, "%s", r.err);
    cr_expect(strstr(r.err, "SHA256SUMS"), "%s", r.err);
}
