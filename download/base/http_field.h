/* http_field.h - values of the few response fields we act on, parsed strictly. Pure; text is a
 * NUL-terminated field value without leading or trailing blanks. */
#ifndef SHARDFETCH_BASE_HTTP_FIELD_H
#define SHARDFETCH_BASE_HTTP_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/outcome.h"

/* RFC 9110 §14.4. */
struct content_range {
    bool unsatisfied;     // "bytes */N": only `size` holds
    uint64_t first, last; // inclusive
    uint64_t size;        // of the whole; UINT64_MAX for '*'
};

/* "bytes A-B/N", "bytes A-B/" with a star for an unknown size, "bytes " star "/N"; A <= B < N <=
 * INT64_MAX. */
bool content_range_parse(const char *text, struct content_range *ret);

/* Retry-After in seconds from now: delay-seconds, or an HTTP date measured against the reply's own
 * Date (`date` NULL: against `now_unix_s`). A date in the past is 0. False: neither form.
 * Capped at RETRY_AFTER_MAX_S. */
#define RETRY_AFTER_MAX_S UINT64_C(86400)
bool retry_after_parse(const char *text, const char *date, uint64_t now_unix_s,
                       uint64_t *ret_seconds);

/* `RateLimit` and `RateLimit-Policy` values in the Hub's form (outcome.h); `policy` may be NULL.
 * Of several buckets in one value the first counts. */
bool rate_limit_parse(const char *limit, const char *policy, struct rate_limit *ret);
/* The older triple RateLimit-Limit, -Remaining, -Reset (seconds); `limit` may be NULL. */
bool rate_limit_parse_triple(const char *limit, const char *remaining, const char *reset,
                             struct rate_limit *ret);

#endif
