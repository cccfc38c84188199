/* servers.h - the test servers, started or the test ends. What is not installed skips it. */
#ifndef SHARDFETCH_TESTS_SERVERS_H
#define SHARDFETCH_TESTS_SERVERS_H

#include "tests/support/hub.h"
#include "tests/support/nginx.h"
#include "tests/support/proxy.h"
#include "tests/support/raw_server.h"

struct hub *start_hub(const struct hub_options *o);
struct nginx *start_nginx(const struct nginx_options *o);
struct proxy *start_proxy(const struct proxy_options *o);
struct raw_server *start_raw(const struct raw_script *scripts, size_t count);

#endif
