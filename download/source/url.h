/* url.h - http(s) URLs from outside, taken apart strictly (RFC 3986, RFC 9110 §4.2): scheme http or
 * https only, no user info, no control bytes, spaces, backslashes or fragment, host of letters
 * digits
 * - _ . or an IPv6 address in [ ], port 1..65535, at most URL_MAX_BYTES. Pure. */
#ifndef SHARDFETCH_SOURCE_URL_H
#define SHARDFETCH_SOURCE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/buf.h"
#include "download/base/err.h"

enum { URL_HOST_MAX = 256, URL_ROOM = 64 * 1024 }; // every byte of a URL may become three

struct url {
    bool https;
    char host[URL_HOST_MAX]; // lower case, IPv6 in brackets, no trailing dot
    uint16_t port;           // default filled in
    const char *path;        // within the text given: starts at '/', or at its end when empty
    const char *query;       // after '?', NULL when none
};

/* ERR_REFUSED with the rule that was broken; the sentence shows the URL redacted. */
NODISCARD enum err url_parse(const char *text, struct url *ret, struct why *why);
/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
/* `ref` (absolute, //host/path, /path, ?query, path) against `base` (RFC 3986 §5.2); dot segments
 * removed (also written %2e), fragment dropped, bytes beyond ASCII encoded. New string for
 * mem_free; ERR_REFUSED for other schemes or bad text. */
NODISCARD enum err url_resolve(const char *base, const char *ref, char **ret, struct why *why);
/* Percent-encodes what RFC 3986 does not list as unreserved; '/' is kept when `keep_slash`. */
void url_add_encoded(struct buf *b, const char *s, bool keep_slash);
/* Decodes %XX; false on a malformed escape or a NUL. `ret` as large as `s`. */
bool url_decode(const char *s, size_t len, char *ret);
/* "https://host[:port]/path" with query values and user info replaced by "…", no fragment, cleaned
 * (clean.h); for people. Any text. */
void url_redact(const char *text, char *ret, size_t ret_size);
/* "host" or "host:port" when the port is not the default. */
void url_host_text(const struct url *u, char *ret, size_t ret_size);

#endif
