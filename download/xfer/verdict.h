/* verdict.h - is this reply the range we asked for? Pure; asked in the header phase, before a byte
 * is written (design.md D4, RFC 9110 §14-15, hub.md §1.4). */
#ifndef SHARDFETCH_XFER_VERDICT_H
#define SHARDFETCH_XFER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/outcome.h"
#include "download/source/request.h"

struct verdict_ask {
    uint64_t from, to;     // `to` UINT64_MAX: to the end
    uint64_t size;         // of the whole object; UINT64_MAX: not known
    const char *validator; // strong ETag that must still hold, or NULL
};

/* CAUSE_NONE: `*ret_length` bytes of the asked range follow (UINT64_MAX: until the end of the
 * message) and `*ret_size` is the whole object's size (UINT64_MAX: still not known). Otherwise what
 * is wrong, with a sentence. */
enum cause verdict_body(const struct verdict_ask *ask, int status, const struct headers *h,
                        uint64_t *ret_length, uint64_t *ret_size, struct why *why);
/* Any other reply: CAUSE_RATE_LIMIT, CAUSE_STATUS (worth another attempt: 408, 5xx), or CAUSE_NONE
 * (for the source to judge). */
enum cause verdict_call(int status, const struct headers *h);
/* Retry-After, RateLimit, ids and error codes of any reply. */
void verdict_note(const struct headers *h, struct outcome *ret);

#endif
