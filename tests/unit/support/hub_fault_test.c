#include <string.h>

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/unit/support/fetch.h"

#define LFS   "/org/name/resolve/main/big.bin"
#define SMALL "/org/name/resolve/main/small.txt"

enum { BIG_BYTES = 300000 };

static struct hub *start(const struct hub_options *o)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(o, &h, &why), OK, "%s", why.text);
    hub_add_file(h, "org/name", "small.txt", "0123456789", 10, false);
    hub_add_generated(h, "org/name", "big.bin", BIG_BYTES, 1, true);
    return h;
}

static void add(struct hub *h, const char *spec)
{
    struct hub_fault f;
    struct why why = {{0}};
    SCOPED(mem_freep) char *text = NULL;
    cr_assert_eq(hub_fault_parse(spec, &f, &text, &why), OK, "%s", why.text);
    hub_add_fault(h, &f);
}

static const struct fetch_with follow = {.follow = true};
static const struct fetch_with ranged = {.follow = true, .range = "100-299"};

/* What one GET of the LFS file looks like under a rule; the answer's headers hold `line`. */
static const struct fault_case {
    const char *spec;
    const struct fetch_with *with;
    CURLcode code;
    long status;
    size_t bytes;
    const char *line;
} cases[] = {
    {"cdn * status=503 header=Retry-After:%207", &follow, CURLE_OK, 503, 30, "Retry-After: 7\r\n"},
    {"cdn * status=429 header=Retry-After:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT", &follow,
     CURLE_OK, 429, 30, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
    {"cdn * close=1000", &follow, CURLE_PARTIAL_FILE, 200, 1000, ""},
    {"cdn * close=0", &follow, CURLE_PARTIAL_FILE, 200, 0, ""},
    {"cdn * hang-up", &follow, CURLE_GOT_NOTHING, 302, 0, ""},
    {"cdn * ignore-range", &ranged, CURLE_OK, 200, BIG_BYTES, ""},
    {"cdn * as-200", &ranged, CURLE_OK, 200, 200, "Content-Length: 200\r\n"},
    {"cdn * content-range=bytes%200-199/300000", &ranged, CURLE_OK, 206, 200,
     "Content-Range: bytes 0-199/300000\r\n"},
    {"cdn * content-range=", &ranged, CURLE_OK, 206, 200, "HTTP/1.1 206 "},
    {"cdn * etag=W/%22x%22", &follow, CURLE_OK, 200, BIG_BYTES, "ETag: W/\"x\"\r\n"},
    {"cdn * encoding=gzip", &ranged, CURLE_OK, 200, BIG_BYTES, "Content-Encoding: gzip\r\n"},
    {"cdn * length=400000", &follow, CURLE_PARTIAL_FILE, 200, BIG_BYTES,
     "Content-Length: 400000\r\n"},
    {"cdn * length=1000", &follow, CURLE_OK, 200, 1000, "Content-Length: 1000\r\n"},
    {"cdn * chunked", &follow, CURLE_OK, 200, BIG_BYTES, "Transfer-Encoding: chunked\r\n"},
    {"cdn * chunked close=5000", &follow, CURLE_PARTIAL_FILE, 200, 5000, ""},
    {"resolve * location=file:///etc/passwd", NULL, CURLE_OK, 302, 10,
     "Location: file:///etc/passwd\r\n"},
    {"resolve * status=200 body=<html>", NULL, CURLE_OK, 200, 6, ""},
    {"any * drip=1000", &follow, CURLE_OK, 200, BIG_BYTES, ""},
};

Test(hub_fault, each_rule_does_what_it_says)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fault_case *c = &cases[i];
        SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
        add(h, c->spec);
        SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, c->with);
        cr_expect_eq(f.code, (int)c->code, "%s: %s", c->spec, curl_easy_strerror((CURLcode)f.code));
        cr_expect_eq(f.status, c->status, "%s: %ld", c->spec, f.status);
        cr_expect_eq(f.body.len, c->bytes, "%s: %zu bytes", c->spec, f.body.len);
        cr_expect_not_null(strstr(buf_str(&f.head), c->line), "%s: %s", c->spec, buf_str(&f.head));
    }
}

Test(hub_fault, the_missing_content_range_is_missing)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    add(h, "cdn * content-range=");
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, &ranged);
    SCOPED(mem_freep) char *told = fetch_header(&f, "Content-Range");
    cr_expect_null(told);
}

Test(hub_fault, one_byte_of_the_file_is_inverted_whatever_the_range)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    unsigned char true_bytes[200];
    cr_assert(hub_read(h, "org/name", "big.bin", 100, true_bytes, sizeof(true_bytes)));
    add(h, "cdn big.bin flip=150");
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, &ranged);
    cr_assert_eq(f.body.len, sizeof(true_bytes));
    true_bytes[50] = (unsigned char)~true_bytes[50];
    cr_expect_arr_eq(f.body.data, true_bytes, sizeof(true_bytes));
}

Test(hub_fault, a_reset_is_an_error_and_not_an_end)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    add(h, "cdn * reset=1000");
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, &follow);
    cr_expect_eq(f.code, (int)CURLE_RECV_ERROR, "%s", curl_easy_strerror((CURLcode)f.code));
}

Test(hub_fault, a_stall_sends_what_it_says_and_then_nothing)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    add(h, "cdn * stall=1000");
    SCOPED(fetched_done)
    struct fetch f =
        fetch_at(hub_endpoint(h), LFS, &(struct fetch_with){.follow = true, .timeout_ms = 2000});
    cr_expect_eq(f.code, (int)CURLE_OPERATION_TIMEDOUT);
    cr_expect_eq(f.body.len, 1000);
    const struct hub_log_filter given_up = {.route = HUB_CDN, .finished = true};
    cr_expect(hub_log_wait(hub_log(h), &given_up, 1, 10000), "the hub sees the client go");
}

Test(hub_fault, a_paced_body_takes_its_time)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    add(h, "cdn * rate=1000000");
    uint64_t from_ns = clock_now_ns();
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, &follow);
    cr_expect(f.ok);
    cr_expect_eq(f.body.len, BIG_BYTES);
    cr_expect_geq(clock_now_ns() - from_ns, 250 * MILLI_NS, "a lower bound holds on any machine");
}

Test(hub_fault, rules_count_by_path_or_over_all)
{
    static const struct {
        const char *spec;
        long small[3], big[3];
    } counted[] = {
        {"resolve * #2 status=500", {307, 500, 307}, {302, 500, 302}},
        {"resolve * #1-2 status=500", {500, 500, 307}, {500, 500, 302}},
        {"resolve * #2+ status=500", {307, 500, 500}, {302, 500, 500}},
        {"resolve * ##4 status=500", {307, 307, 307}, {302, 500, 302}},
        {"resolve small* status=500", {500, 500, 500}, {302, 302, 302}},
        {"cdn * status=500", {307, 307, 307}, {302, 302, 302}},
    };
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
        add(h, counted[i].spec);
        for (size_t n = 0; n < 3; n++) {
            SCOPED(fetched_done) struct fetch a = fetch_at(hub_endpoint(h), SMALL, NULL);
            SCOPED(fetched_done) struct fetch b = fetch_at(hub_endpoint(h), LFS, NULL);
            cr_expect_eq(a.status, counted[i].small[n], "%s %zu", counted[i].spec, n);
            cr_expect_eq(b.status, counted[i].big[n], "%s %zu", counted[i].spec, n);
        }
    }
}

Test(hub_fault, the_first_rule_that_matches_decides_and_all_can_be_cleared)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    add(h, "resolve *.bin status=500");
    add(h, "resolve * status=503");
    SCOPED(fetched_done) struct fetch a = fetch_at(hub_endpoint(h), LFS, NULL);
    SCOPED(fetched_done) struct fetch b = fetch_at(hub_endpoint(h), SMALL, NULL);
    hub_clear_faults(h);
    SCOPED(fetched_done) struct fetch c = fetch_at(hub_endpoint(h), LFS, NULL);
    cr_expect_eq(a.status, 500);
    cr_expect_eq(b.status, 503);
    cr_expect_eq(c.status, 302);
}

Test(hub_fault, nonsense_is_refused)
{
    static const char *const specs[] = {
        "",
        "cdn",
        "cdn *",
        "here * close=1",
        "cdn * close",
        "cdn * clos=1",
        "cdn * close=x",
        "cdn * #0 close=1",
        "cdn * #3-2 close=1",
        "cdn * hang-up=1",
        "cdn * status=1000",
        "cdn * #",
    };
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        struct hub_fault f;
        SCOPED(mem_freep) char *text = NULL;
        cr_expect_eq(hub_fault_parse(specs[i], &f, &text, NULL), ERR_USAGE, "%s", specs[i]);
    }
}

static size_t discard(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

Test(hub_fault, more_bodies_than_it_bears_make_all_slow)
{
    SCOPED(hub_freep)
    struct hub *h = start(&(struct hub_options){.collapse_above = 1, .collapse_rate = 1000});
    add(h, "cdn big.bin #1 stall=10");
    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), LFS, NULL);
    SCOPED(mem_freep) char *url = fetch_header(&f, "Location");
    CURLM *multi = curl_multi_init(); // the first body: stalls, but counts
    CURL *easy = curl_easy_init();
    int running = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_multi_add_handle(multi, easy);
    const struct hub_log_filter stalled = {.route = HUB_CDN};
    while (hub_log_bytes(hub_log(h), &stalled) < 10) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 10, NULL);
    }
    SCOPED(fetched_done)
    struct fetch slow = fetch(url, &(struct fetch_with){.timeout_ms = 500});
    cr_expect_eq(slow.code, (int)CURLE_OPERATION_TIMEDOUT);
    cr_expect_lt(slow.body.len, 2000);
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
}
