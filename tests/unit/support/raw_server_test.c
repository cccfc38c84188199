#include <string.h>

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "download/base/mem.h"
#include "tests/support/raw_server.h"
#include "tests/unit/support/fetch.h"

static struct raw_server *start(const struct raw_script *scripts, size_t count)
{
    struct raw_server *s = NULL;
    struct why why = {{0}};
    cr_assert_eq(raw_server_start(scripts, count, &s, &why), OK, "%s", why.text);
    return s;
}

Test(raw_server, sends_what_is_written_and_keeps_what_was_asked)
{
    static const struct raw_script scripts[] = {
        {{{.action = RAW_READ},
          {.action = RAW_SEND, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}}},
        {{{.action = RAW_READ}, {.action = RAW_RESET}}},
    };
    SCOPED(raw_server_freep) struct raw_server *s = start(scripts, 2);
    SCOPED(fetched_done) struct fetch f = fetch_at(raw_server_url(s), "/one", NULL);
    cr_expect(f.ok);
    cr_expect(fetch_body_is(&f, "hi"));
    for (int i = 0; i < 2; i++) { // the last script is played again
        SCOPED(fetched_done) struct fetch g = fetch_at(raw_server_url(s), "/two", NULL);
        cr_expect_eq(g.code, (int)CURLE_RECV_ERROR, "%d", g.code);
    }
    cr_expect_eq(raw_server_requests(s), 3);
    SCOPED(mem_freep) char *first = raw_server_request(s, 0);
    cr_expect_eq(strncmp(first, "GET /one HTTP/1.1\r\n", 19), 0);
    cr_expect_null(raw_server_request(s, 3));
}

Test(raw_server, floods_until_the_client_has_enough)
{
    static const struct raw_script endless[] = {
        {{{.action = RAW_READ},
          {.action = RAW_SEND, .bytes = "HTTP/1.1 200 OK\r\n"},
          {.action = RAW_FLOOD, .bytes = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"}}},
    };
    SCOPED(raw_server_freep) struct raw_server *s = start(endless, 1);
    SCOPED(fetched_done) struct fetch f = fetch_at(raw_server_url(s), "/", NULL);
    cr_expect_not(f.ok);
    cr_expect_gt(raw_server_sent(s), 100000);
}

Test(raw_server, hangs_until_it_is_freed)
{
    static const struct raw_script silent[] = {{{{.action = RAW_READ}, {.action = RAW_HANG}}}};
    SCOPED(raw_server_freep) struct raw_server *s = start(silent, 1);
    SCOPED(fetched_done)
    struct fetch f = fetch_at(raw_server_url(s), "/", &(struct fetch_with){.timeout_ms = 2000});
    cr_expect_eq(f.code, (int)CURLE_OPERATION_TIMEDOUT);
    cr_expect(raw_server_wait(s, 1, 10000));
    cr_expect_not(raw_server_wait(s, 2, 10));
}
