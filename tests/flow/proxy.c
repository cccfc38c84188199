#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

enum { MODEL_BYTES = 3000000 };

static struct hub *start_small_hub(void)
{
    struct hub *h = start_hub(&(struct hub_options){0});
    hub_add_generated(h, "org/name", "model.safetensors", MODEL_BYTES, 1, true);
    hub_add_file(h, "org/name", "config.json", "{}", 2, false);
    hub_add_token(h, "hf_canary");
    return h;
}

/* A get of that hub's repo; `option` and `value` are one more flag. */
static struct run get(const char *dir, struct hub *h, const char *const *env, const char *option,
                      const char *value)
{
    return run(dir,
               WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out",
                     "--json", "-v", "--retries", "0", option, value),
               env);
}

/* "http://user:sekrit@127.0.0.1:PORT" (mem_free). */
static char *with_credentials(const struct proxy *p)
{
    return mem_printf("http://user:sekrit@127.0.0.1:%u", proxy_port(p));
}

/* The password appears nowhere. */
static void expect_kept(const struct run *r, const char *dir)
{
    cr_expect_not(run_tells(r, "sekrit"), "%s%s", r->out, r->err);
    cr_expect_not(tmpdir_contains(dir, "sekrit"));
}

Test(proxy, every_request_for_http_goes_through_it)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    SCOPED(proxy_freep)
    struct proxy *p = start_proxy(&(struct proxy_options){.credentials = "user:sekrit"});
    SCOPED(mem_freep) char *url = with_credentials(p);
    SCOPED(run_done) struct run r = get(dir, h, WORDS("HF_TOKEN=hf_canary"), "--proxy", url);
    cr_expect_eq(r.status, 0, "%s", r.err);
    cr_expect_eq(tmpdir_size(dir, "out/model.safetensors"), MODEL_BYTES);
    cr_expect_eq(proxy_requests(p), hub_log_count(hub_log(h), NULL));
    cr_expect_eq(proxy_tunnels(p), 0);
    cr_expect_not(hub_log_contains(hub_log(h), &(struct hub_log_filter){.at_cdn = true}, "canary"));
    expect_kept(&r, dir);
}

Test(proxy, tls_is_tunnelled_and_the_token_with_it)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    SCOPED(nginx_freep)
    struct nginx *n =
        start_nginx(&(struct nginx_options){.proxy = hub_endpoint(h), .tls = true, .http2 = true});
    SCOPED(proxy_freep)
    struct proxy *p = start_proxy(&(struct proxy_options){.credentials = "user:sekrit"});
    SCOPED(mem_freep) char *url = with_credentials(p);
    SCOPED(run_done)
    struct run r =
        run(dir,
            WORDS("get", "org/name", "config.json", "--endpoint", nginx_url(n), "--local-dir",
                  "out", "--cacert", nginx_ca(n), "--json", "-v", "--proxy", url),
            WORDS("HF_TOKEN=hf_canary"));
    cr_expect_eq(r.status, 0, "%s", r.err);
    cr_expect_eq(tmpdir_size(dir, "out/config.json"), 2);
    cr_expect_gt(proxy_tunnels(p), 0);
    cr_expect_eq(proxy_requests(p), proxy_tunnels(p), "nothing beside the tunnels");
    cr_expect_not(proxy_saw(p, "canary"));
    cr_expect(hub_log_contains(hub_log(h), NULL, "canary"));
    cr_expect_not(hub_log_contains(hub_log(h), NULL, "sekrit"));
    expect_kept(&r, dir);
}

Test(proxy, the_environment_says_which_and_for_what)
{
    static const struct {
        const char *name;
        const char *variable; // the proxy's URL follows
        const char *other;
        bool used;
    } cases[] = {
        {"for http", "http_proxy=", NULL, true},
        {"for all", "all_proxy=", NULL, true},
        {"for all, upper case", "ALL_PROXY=", NULL, true},
        {"a CGI program's variable is none", "HTTP_PROXY=", NULL, false},
        {"for https only", "https_proxy=", NULL, false},
        {"excepted host", "http_proxy=", "NO_PROXY=elsewhere.example,127.0.0.1", false},
        {"excepted network", "http_proxy=", "no_proxy=127.0.0.0/8", false},
        {"all excepted", "http_proxy=", "no_proxy=*", false},
        {"another host excepted", "http_proxy=", "no_proxy=elsewhere.example", true},
    };
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(proxy_freep) struct proxy *p = start_proxy(&(struct proxy_options){0});
        SCOPED(mem_freep) char *variable = mem_printf("%s%s", cases[i].variable, proxy_url(p));
        SCOPED(run_done)
        struct run r = get(dir, h, WORDS(variable, cases[i].other), NULL, NULL);
        cr_expect_eq(r.status, 0, "%s: %s", cases[i].name, r.err);
        cr_expect_eq(proxy_requests(p) > 0, cases[i].used, "%s", cases[i].name);
    }
}

Test(proxy, https_has_variables_of_its_own)
{
    static const struct {
        const char *variable;
        bool used;
    } cases[] = {
        {"https_proxy=", true},
        {"HTTPS_PROXY=", true},
        {"all_proxy=", true},
        {"http_proxy=", false},
    };
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    tmpdir_put_text(root, "file", "abc");
    SCOPED(nginx_freep)
    struct nginx *n = start_nginx(&(struct nginx_options){.root = root, .tls = true});
    SCOPED(mem_freep) char *file = mem_printf("%s/file", nginx_url(n));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(proxy_freep) struct proxy *p = start_proxy(&(struct proxy_options){0});
        SCOPED(mem_freep) char *variable = mem_printf("%s%s", cases[i].variable, proxy_url(p));
        SCOPED(run_done)
        struct run r = run(dir, WORDS("get", file, "--cacert", nginx_ca(n)), WORDS(variable));
        cr_expect_eq(r.status, 0, "%s: %s", cases[i].variable, r.err);
        cr_expect_eq(tmpdir_size(dir, "file"), 3);
        cr_expect_eq(proxy_tunnels(p) > 0, cases[i].used, "%s", cases[i].variable);
    }
}

/* What the program says about a proxy that does not do its work, and how it ends. */
static void expect_refusal(const struct run *r, const struct proxy *p, int status, const char *told)
{
    SCOPED(mem_freep) char *named = mem_printf("proxy '127.0.0.1:%u'", proxy_port(p));
    cr_expect_eq(r->status, status, "%s", r->err);
    cr_expect(strstr(r->err, named), "%s", r->err);
    cr_expect(strstr(r->err, told), "%s", r->err);
}

Test(proxy, other_credentials_are_asked_for_at_once)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    tmpdir_put_text(root, "file", "abc");
    SCOPED(nginx_freep)
    struct nginx *n = start_nginx(&(struct nginx_options){.root = root, .tls = true});
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    SCOPED(proxy_freep)
    struct proxy *p = start_proxy(&(struct proxy_options){.credentials = "user:other"});
    SCOPED(mem_freep) char *wrong = with_credentials(p);
    SCOPED(mem_freep) char *file = mem_printf("%s/file", nginx_url(n));
    const char *const urls[] = {proxy_url(p), wrong};
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(run_done) struct run plain = get(dir, h, NO_ENV, "--proxy", urls[i]);
        expect_refusal(&plain, p, 4, "407");
        expect_kept(&plain, dir);
        SCOPED(run_done)
        struct run tunnel = run(dir, WORDS("get", file, "--json", "--proxy", urls[i]), NO_ENV);
        expect_refusal(&tunnel, p, 4, "407");
        expect_kept(&tunnel, dir);
        cr_expect_not(run_tells(&tunnel, "\"retry\""), "%s", tunnel.out);
    }
    cr_expect_eq(hub_log_count(hub_log(h), NULL), 0);
}

Test(proxy, one_that_cannot_reach_the_host_is_named)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    SCOPED(proxy_freep) struct proxy *p = start_proxy(&(struct proxy_options){.refuse = 502});
    SCOPED(mem_freep) char *url = with_credentials(p);
    SCOPED(run_done) struct run plain = get(dir, h, NO_ENV, "--proxy", url);
    expect_refusal(&plain, p, 8, "502");
    expect_kept(&plain, dir);
    SCOPED(run_done)
    struct run tunnel = run(
        dir, WORDS("get", "https://nowhere.example/a", "--retries", "0", "--proxy", url), NO_ENV);
    expect_refusal(&tunnel, p, 8, "502");
    expect_kept(&tunnel, dir);
}

Test(proxy, one_that_is_not_there_is_named)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    SCOPED(proxy_freep) struct proxy *p = start_proxy(&(struct proxy_options){0});
    SCOPED(mem_freep) char *url = with_credentials(p);
    SCOPED(mem_freep) char *named = mem_printf("proxy '127.0.0.1:%u'", proxy_port(p));
    proxy_free(TAKE(p));
    SCOPED(run_done) struct run r = get(dir, h, NO_ENV, "--proxy", url);
    cr_expect_eq(r.status, 8, "%s", r.err);
    cr_expect(strstr(r.err, named), "%s", r.err);
    expect_kept(&r, dir);
    SCOPED(mem_freep) char *variable = mem_printf("http_proxy=%s", url);
    SCOPED(run_done)
    struct run e = get(dir, h, WORDS(variable, "no_proxy=elsewhere.example"), NULL, NULL);
    cr_expect_eq(e.status, 8, "%s", e.err);
    cr_expect(strstr(e.err, named), "%s", e.err);
    expect_kept(&e, dir);
}

Test(proxy, a_host_that_is_excepted_is_not_blamed_on_it)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    SCOPED(mem_freep) char *gone = mem_strdup(hub_endpoint(h));
    hub_free(TAKE(h));
    SCOPED(run_done)
    struct run r = run(dir, WORDS("get", "org/name", "--endpoint", gone, "--retries", "0"),
                       WORDS("http_proxy=http://proxy.example:1", "NO_PROXY=127.0.0.1"));
    cr_expect_eq(r.status, 8, "%s", r.err);
    cr_expect_not(strstr(r.err, "proxy"), "%s", r.err);
}

Test(proxy, nonsense_keeps_its_password)
{
    static const char *const urls[] = {"foo://user:sekrit@127.0.0.1:1", "http://user:sekrit@[bad",
                                       "user:sekrit@nowhere.invalid:1"};
    SCOPED(hub_freep) struct hub *h = start_small_hub();
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(run_done) struct run r = get(dir, h, NO_ENV, "--proxy", urls[i]);
        cr_expect_eq(r.status, 8, "%s: %s", urls[i], r.err);
        cr_expect(strstr(r.err, "through the proxy"), "%s", r.err);
        expect_kept(&r, dir);
    }
}

/* libcurl keeps the buffer of a transfer whose host name did not resolve; the next attempt must
 * not stumble over it. */
Test(proxy, a_name_that_does_not_resolve_is_still_the_reason_after_a_retry)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(run_done)
    struct run r =
        run(dir, WORDS("get", "org/name", "--endpoint", "http://nowhere.invalid", "--retries", "2"),
            NO_ENV);
    cr_expect_eq(r.status, 8, "%s", r.err);
    cr_expect(strstr(r.err, "attempt 2"), "%s", r.err);
    cr_expect(strstr(r.err, "resolve host: nowhere.invalid"), "%s", r.err);
}
