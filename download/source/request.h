/* request.h - one HTTP request and its reply as data. Sources make requests and read replies; xfer
 * carries them. Nothing here does I/O.
 * A reply to a request with `body_max` > 0 holds the decoded body, at most that long. */
#ifndef SHARDFETCH_SOURCE_REQUEST_H
#define SHARDFETCH_SOURCE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/buf.h"
#include "download/base/outcome.h"

enum method { METHOD_GET, METHOD_HEAD };

enum {
    URL_MAX_BYTES = 8 * 1024,      // measured: signed CDN URLs are 1-2 KiB
    HEADERS_MAX_BYTES = 64 * 1024, // all header lines of one reply
    HEADERS_MAX_COUNT = 200,
};

struct header {
    char *name; // as received; compare without case
    char *value;
};

struct headers {
    struct header *items;
    size_t count;
    size_t bytes;
};

struct request {
    enum method method;
    char *url;         // absolute http(s), no user info, no fragment
    bool send_token;   // the source proved that the URL is the token's own origin
    bool compressed;   // Accept-Encoding may offer gzip (API calls only)
    size_t body_max;   // 0 = the body is of no interest and is dropped
    const char *label; // for messages: "listing of 'org/name'"; borrowed, outlives the exchange
};

struct reply {
    struct outcome outcome; // CAUSE_NONE also for statuses: the source judges `outcome.status`
    struct headers headers; // of the final response, not of 1xx
    struct buf body;
};

void request_done(struct request *r);
void request_copy(const struct request *r, struct request *ret);
void reply_init(struct reply *r, size_t body_max);
void reply_done(struct reply *r);

/* False when a cap is reached; the line is then not added. */
NODISCARD bool headers_add(struct headers *h, const char *name, size_t name_len, const char *value,
                           size_t value_len);
/* First header of that name (ASCII case ignored), NULL when absent. */
const char *headers_get(const struct headers *h, const char *name);
void headers_reset(struct headers *h);
void headers_done(struct headers *h);

#endif
