/* proxy.h - an HTTP proxy on loopback: absolute-form requests and CONNECT tunnels, with or without
 * credentials (RFC 9110 §7.6, §9.3.6, §11.7). Whatever host a request names, it is connected to
 * 127.0.0.1 at the named port, so tests may use names that do not exist. */
#ifndef SHARDFETCH_TESTS_PROXY_H
#define SHARDFETCH_TESTS_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "download/base/err.h"
#include "download/base/scoped.h"

struct proxy_options {
    const char *credentials; // "user:password" it wants as Basic; NULL = none
    unsigned refuse;         // answers this status to everything, e.g. 502; 0 = does its work
};

struct proxy;

NODISCARD enum err proxy_start(const struct proxy_options *o, struct proxy **ret, struct why *why);
void proxy_free(struct proxy *p); // NULL is fine
SCOPED_FREE(struct proxy, proxy)

const char *proxy_url(const struct proxy *p); // "http://127.0.0.1:PORT"
unsigned proxy_port(const struct proxy *p);
/* Requests seen so far, tunnels among them. */
size_t proxy_requests(struct proxy *p);
size_t proxy_tunnels(struct proxy *p);
/* Whether the head of any request it could read contains the text. */
bool proxy_saw(struct proxy *p, const char *text);

#endif
