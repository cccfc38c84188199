/* via.h - which proxy a request goes through. Ours to know, since libcurl does not tell and
 * messages have to. Pure. */
#ifndef SHARDFETCH_XFER_VIA_H
#define SHARDFETCH_XFER_VIA_H

#include <stddef.h>

#include "download/xfer/net.h"

/* The proxy for a URL of this scheme, NULL = none; exceptions (`no_proxy`) are left to libcurl. */
const char *via_proxy(const struct net *net, const char *url);
/* "host[:port]" of a proxy as the user wrote it: no scheme, no credentials, no path. */
void via_show(const char *proxy, char *ret, size_t size);

#endif
