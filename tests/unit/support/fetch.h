/* fetch.h - one HTTP request by libcurl's easy interface, for tests of the test servers. */
#ifndef SHARDFETCH_TESTS_FETCH_H
#define SHARDFETCH_TESTS_FETCH_H

#include <stdbool.h>

#include "download/base/buf.h"

struct fetch {
    bool ok;         // the transfer ended as HTTP says it should
    int code;        // CURLcode
    long status;     // of the last answer
    long version;    // CURL_HTTP_VERSION_…
    struct buf head; // all response headers, redirects' included
    struct buf body;
};

/* All zero is a plain GET that follows nothing. */
struct fetch_with {
    bool head;
    bool follow;
    const char *range;  // "0-9"
    const char *header; // one more request header
    const char *post;   // body of a POST
    const char *ca;     // file of trusted certificates
    const char *proxy;  // "http://user:password@host:port"
    long timeout_ms;    // 0 = 20 s
    void *curl;         // handle to use again, for one connection over several requests
};

struct fetch fetch(const char *url, const struct fetch_with *w);
/* The same, url = base + path. */
struct fetch fetch_at(const char *base, const char *path, const struct fetch_with *w);
/* Status of a plain GET, 0 when there was none. */
long fetch_status(const char *base, const char *path);
void fetched_done(struct fetch *f);
/* Value of the last header of that name (mem_free), NULL when absent. */
char *fetch_header(const struct fetch *f, const char *name);
/* Whether that header is there and has exactly this value. */
bool fetch_header_is(const struct fetch *f, const char *name, const char *value);
bool fetch_body_is(const struct fetch *f, const char *text);

#endif
