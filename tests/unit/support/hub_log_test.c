#include <pthread.h>
#include <string.h>

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/support/fetch.h"

static struct hub *start(const struct hub_options *o)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(o, &h, &why), OK, "%s", why.text);
    hub_add_file(h, "org/name", "big.bin", "0123456789", 10, true);
    hub_add_file(h, "org/name", "small.txt", "01234", 5, false);
    return h;
}

static const char lfs[] = "/org/name/resolve/main/big.bin";

Test(hub_log, says_who_asked_what_and_what_was_sent)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_token(h, "hf_secret");
    SCOPED(fetched_done)
    struct fetch f = fetch_at(hub_endpoint(h), lfs,
                              &(struct fetch_with){.header = "Authorization: Bearer hf_secret"});
    SCOPED(mem_freep) char *url = fetch_header(&f, "Location");
    SCOPED(fetched_done) struct fetch g = fetch(url, &(struct fetch_with){.range = "2-4"});
    cr_expect_eq(g.status, 206);
    const struct hub_log_filter done = {.finished = true};
    cr_assert(hub_log_wait(hub_log(h), &done, 2, 10000));

    struct hub_log_entry e;
    const struct hub_log_filter body = {.route = HUB_CDN, .file = "*.bin"};
    cr_assert(hub_log_get(hub_log(h), &body, 0, &e));
    cr_expect_eq(e.origin, HUB_AT_CDN);
    cr_expect_str_eq(e.method, "GET");
    cr_expect_str_eq(e.range, "bytes=2-4");
    cr_expect_eq(e.status, 206);
    cr_expect_eq(e.bytes, 3);
    cr_expect_null(e.authorization);
    cr_expect_not(hub_log_get(hub_log(h), &body, 1, &e));

    const struct hub_log_filter at_cdn = {.at_cdn = true};
    cr_expect(hub_log_contains(hub_log(h), NULL, "hf_secret"));
    cr_expect_not(hub_log_contains(hub_log(h), &at_cdn, "hf_secret"));
    cr_expect_eq(hub_log_bytes(hub_log(h), &at_cdn), 3);
    hub_log_clear(hub_log(h));
    cr_expect_eq(hub_log_count(hub_log(h), NULL), 0);
}

Test(hub_log, tells_kept_connections_from_new_ones)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    CURL *kept = curl_easy_init();
    for (int i = 0; i < 3; i++) {
        SCOPED(fetched_done)
        struct fetch f = fetch_at(hub_endpoint(h), lfs, &(struct fetch_with){.curl = kept});
        cr_expect_eq(f.status, 302);
    }
    curl_easy_cleanup(kept);
    cr_expect_eq(hub_log_connections(hub_log(h), NULL), 1);
    cr_expect_eq(fetch_status(hub_endpoint(h), lfs), 302);
    cr_expect_eq(hub_log_connections(hub_log(h), NULL), 2);
    cr_expect_eq(hub_log_count(hub_log(h), NULL), 4);
}

static void *ask(void *user)
{
    struct hub *h = user;
    (void)fetch_status(hub_endpoint(h), lfs);
    return NULL;
}

Test(hub_log, waits_for_a_request_and_gives_up_in_time)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    cr_expect_not(hub_log_wait(hub_log(h), NULL, 1, 30), "nothing comes");
    pthread_t t;
    cr_assert_eq(pthread_create(&t, NULL, ask, h), 0);
    cr_expect(hub_log_wait(hub_log(h), NULL, 1, 20000));
    pthread_join(t, NULL);
}

Test(hub_log, the_file_holds_a_json_object_per_request)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(mem_freep) char *path = mem_printf("%s/log", dir);
    struct hub *h = start(&(struct hub_options){.log_path = path});
    cr_expect_eq(fetch_status(hub_endpoint(h), "/a\"b"), 404);
    cr_expect_eq(fetch_status(hub_endpoint(h), lfs), 302);
    hub_free(h);

    size_t lines = 0;
    SCOPED(mem_freep) char *text = tmpdir_get(dir, "log", NULL);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        struct why why = {{0}};
        SCOPED(json_doc_freep) struct json_doc *d = NULL;
        cr_assert_eq(json_parse(line, (size_t)(end - line), &d, &why), OK, "%s", why.text);
        cr_expect_str_eq(json_string(json_get(json_root(d), "origin")), "endpoint");
    }
    cr_expect_eq(lines, 2);
}
