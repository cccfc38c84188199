/* What is on the wire may be old, slow, generous with 1xx, or a lie: one bare URL, and the bytes
 * of its answers exactly as written here. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

#define READ                                                                                       \
    {                                                                                              \
        .action = RAW_READ                                                                         \
    }
#define SEND(text)                                                                                 \
    {                                                                                              \
        .action = RAW_SEND, .bytes = (text)                                                        \
    }

struct wire_case {
    const char *name;
    struct raw_script scripts[2]; // for the HEAD, and for every connection after it
    int status;                   // exit status wanted
    const char *told;             // on stderr; NULL = nothing in particular
};

#define HEAD_OF_5 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"

static const struct wire_case CASES[] = {
    {"HTTP/1.0, which knows no ranges",
     {{{READ, SEND("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n")}},
      {{READ, SEND("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")}}},
     0,
     NULL},
    {"HTTP/1.0, whose end of connection is the end of the body",
     {{{READ, SEND("HTTP/1.0 200 OK\r\n\r\n")}}, {{READ, SEND("HTTP/1.0 200 OK\r\n\r\nhello")}}},
     0,
     NULL},
    {"a connection for each request",
     {{{READ, SEND(HEAD_OF_5)}},
      {{READ, SEND("HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/5\r\nContent-Length: 5\r\n"
                   "Connection: close\r\n\r\nhello")}}},
     0,
     NULL},
    {"a connection that is closed though nobody said so",
     {{{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")}},
      {{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")}}},
     0,
     NULL},
    {"early hints",
     {{{READ, SEND("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nContent-Length: 99\r\n"
                   "\r\n" HEAD_OF_5)}},
      {{READ, SEND("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nETag: \"x\"\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")}}},
     0,
     NULL},
    {"a body longer than promised",
     {{{READ, SEND(HEAD_OF_5)}},
      {{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more")}}},
     0,
     NULL},
    {"a body longer than the range asked for",
     {{{READ, SEND(HEAD_OF_5)}},
      {{READ, SEND("HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n"
                   "Connection: close\r\n\r\nhellohello")}}},
     5,
     "range"},
    {"two lengths that contradict each other",
     {{{READ, SEND(HEAD_OF_5)}},
      {{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n"
                   "Connection: close\r\n\r\nhello")}}},
     8,
     NULL},
    {"a length that is no number",
     {{{READ, SEND(HEAD_OF_5)}},
      {{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: five\r\nConnection: close\r\n\r\nhello")}}},
     8,
     NULL},
    {"headers without end",
     {{{READ,
        SEND("HTTP/1.1 200 OK\r\n"),
        {.action = RAW_FLOOD, .bytes = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"}}},
      {{READ,
        SEND("HTTP/1.1 200 OK\r\n"),
        {.action = RAW_FLOOD,
         .bytes = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"}}}},
     11,
     "headers are too large"},
    {"hints without end",
     {{{READ, {.action = RAW_FLOOD, .bytes = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"}}},
      {{READ, {.action = RAW_FLOOD, .bytes = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"}}}},
     8,
     NULL},
    {"one header line without end",
     {{{READ,
        SEND("HTTP/1.1 200 OK\r\nX-Filler: "),
        {.action = RAW_FLOOD, .bytes = "aaaaaaaaaaaaa"}}},
      {{READ,
        SEND("HTTP/1.1 200 OK\r\nX-Filler: "),
        {.action = RAW_FLOOD, .bytes = "aaaaaaaaaaaaa"}}}},
     8,
     NULL},
    {"no HTTP at all",
     {{{READ, SEND("SSH-2.0-OpenSSH_9.2\r\n")}}, {{READ, SEND("SSH-2.0-OpenSSH_9.2\r\n")}}},
     8,
     NULL},
    {"HTTP/0.9", {{{READ, SEND("hello")}}, {{READ, SEND("hello")}}}, 8, NULL},
    {"nothing, and the connection closed", {{{READ}}, {{READ}}}, 8, NULL},
};

static void expect_case(const struct wire_case *c)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(raw_server_freep) struct raw_server *s = start_raw(c->scripts, 2);
    SCOPED(mem_freep) char *url = mem_printf("%s/file", raw_server_url(s));
    SCOPED(run_done) struct run r = run(dir, WORDS("get", url, "--retries", "1"), NO_ENV);
    cr_expect_eq(r.status, c->status, "%s: %d: %s", c->name, r.status, r.err);
    if (c->told) cr_expect(strstr(r.err, c->told), "%s: %s", c->name, r.err);
    cr_expect_eq(tmpdir_size(dir, "file"), c->status ? -1 : 5, "%s", c->name);
    if (c->status) {
        SCOPED(mem_freep) char *host = mem_printf("127.0.0.1:%u", raw_server_port(s));
        cr_expect(strstr(r.err, host), "%s: the host is named: %s", c->name, r.err);
    }
    cr_expect_lt(raw_server_sent(s), 64 * 1024 * 1024, "%s: it hangs up", c->name);
}

Test(wire, an_answer_is_what_it_promises_or_no_file)
{
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        expect_case(&CASES[i]);
}
