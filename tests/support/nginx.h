/* nginx.h - a real nginx with its own prefix, on a port of the system's choice: real ranges, TLS,
 * HTTP/2. It inherits a socket that listens already, so it is reachable once started: nothing to
 * wait for. It dies with the test. */
#ifndef SHARDFETCH_TESTS_NGINX_H
#define SHARDFETCH_TESTS_NGINX_H

#include <stdbool.h>

#include "download/base/err.h"
#include "download/base/scoped.h"
#include "tests/support/test_ca.h"

struct nginx_options {
    const char *root;  // directory served at /
    const char *proxy; // instead: URL of a server behind, such as an embedded hub's endpoint
    bool tls;
    bool http2;            // with tls
    bool ipv6;             // at [::1], where there is IPv6 (nginx_ipv6_available)
    struct test_cert cert; // of the server
    const char *extra;     // further lines of its `server` block
};

struct nginx;

bool nginx_available(void);
bool nginx_ipv6_available(void); // does this machine have [::1]?
NODISCARD enum err nginx_start(const struct nginx_options *o, struct nginx **ret, struct why *why);
void nginx_free(struct nginx *n); // NULL is fine
SCOPED_FREE(struct nginx, nginx)

const char *nginx_url(const struct nginx *n); // "http://127.0.0.1:PORT", "http://[::1]:PORT",
                                              // "https://localhost:PORT"
unsigned nginx_port(const struct nginx *n);
const char *nginx_ca(const struct nginx *n); // path of ca.pem
/* Its access log so far (mem_free): one line per request, "METHOD PATH STATUS RANGE PROTOCOL". */
char *nginx_log(const struct nginx *n);

#endif
