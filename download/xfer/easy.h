/* easy.h - how our exchanges become curl easy options: one place, so that every connection has the
 * same rules (https and http only, no redirects by curl, no cookies, no netrc, no Referer). */
#ifndef SHARDFETCH_XFER_EASY_H
#define SHARDFETCH_XFER_EASY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "download/xfer/exchange.h"
#include "download/xfer/net.h"

/* What libcurl borrows for a transfer. */
struct easy_lists {
    struct curl_slist *headers, *connect_to;
};
void easy_lists_done(struct easy_lists *l);

/* Resets `easy` and sets everything but the callbacks. `*ret` belongs to the caller and outlives
 * the transfer. ERR_INTERNAL when curl refuses an option, ERR_USAGE when the refused one
 * is the user's (proxy, CA file). */
NODISCARD enum err easy_setup(CURL *easy, const struct net *net, const struct exchange *x,
                              bool http2, struct easy_lists *ret, struct why *why);
/* What one read of its body may bring. */
long easy_read_bytes(const struct net *net, const struct exchange *x);

#endif
