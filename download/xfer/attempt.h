/* attempt.h - one exchange under way on a shard: curl's callbacks around it, and what they found.
 * In the callbacks: count, copy, ask the pure verdict once the headers are complete, remember the
 * first error. The shard's thread only. */
#ifndef SHARDFETCH_XFER_ATTEMPT_H
#define SHARDFETCH_XFER_ATTEMPT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "download/base/list.h"
#include "download/xfer/easy.h"
#include "download/xfer/exchange.h"
#include "download/xfer/knock.h"
#include "download/xfer/net.h"

struct attempt {
    struct list node; // in the shard's running list
    struct exchange *exchange;
    const struct net *net;
    CURL *easy;
    struct easy_lists lists;
    char error_text[CURL_ERROR_SIZE];
    uint64_t end;      // bytes at or beyond it are not wanted; lowered by a cut
    uint64_t received; // body bytes given to the sink
    uint64_t started_ns;
    uint64_t first_byte_ns; // of the body, after `started_ns`; 0 = none came
    uint64_t dropped;       // bytes of a body nobody wants, read so that the connection can be kept
    uint64_t heard;         // bytes of headers and body, of whatever use
    uint64_t heard_before;  // when it was last looked at
    uint64_t silent_ns;     // since then
    bool judged;            // headers complete, verdict known
    bool dropping;
    uint64_t read_bytes; // what one read may bring
    bool resting;        // paused by the rate limit …
    uint64_t rested_ns;  // … since then
    bool was_cut;
    bool cancelled;
    enum cause cause; // first thing that went wrong in a callback
    struct why why;
    enum err sink_error;
};

/* Takes the exchange and the easy handle (idle); `slab` is lent to the exchange's sink. */
NODISCARD enum err attempt_start(struct attempt *a, CURL *easy, struct exchange *take_x,
                                 const struct net *net, bool http2, struct why *why);
/* Lowers the end to `end`, or to what has been received if that is more; the real end. */
uint64_t attempt_cut(struct attempt *a, uint64_t end);
/* All up to the cut is there: it must be ended now, since the next byte may be long in coming. */
bool attempt_cut_off(struct attempt *a);
/* A body is read no more; nothing for those that are not at their body yet. */
void attempt_rest(struct attempt *a);
/* The rate limit allows more: what was held back is delivered. */
void attempt_go_on(struct attempt *a);
/* `dt_ns` of our own time have passed (a stopped process has none): true when it has now been
 * silent for the stall time-out, counted from when the request was sent; `cause` says so. */
bool attempt_stalled(struct attempt *a, uint64_t dt_ns);
/* Of its host, "" = not known (yet), or only the proxy knows. Lives until it is finished. */
const char *attempt_address(const struct attempt *a);
/* Whom it is connected with, be that a proxy. */
void attempt_door(const struct attempt *a, struct door *ret);
/* curl is through with it: flushes the sink, fills in reply, reached and outcome. */
void attempt_finish(struct attempt *a, CURLcode rc);

#endif
