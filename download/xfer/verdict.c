#include "download/xfer/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clean.h"
#include "download/base/clock.h"
#include "download/base/http_field.h"
#include "download/base/str.h"

static uint64_t content_length(const struct headers *h)
{
    const char *text = headers_get(h, "Content-Length");
    uint64_t length = UINT64_MAX;
    return text && str_u64(text, INT64_MAX, &length) ? length : UINT64_MAX;
}

/* RFC 9112 §6.3: with lengths that differ nobody knows where the body ends. */
static bool lengths_agree(const struct headers *h)
{
    const char *first = headers_get(h, "Content-Length");
    for (size_t i = 0; first && i < h->count; i++) {
        const struct header *one = &h->items[i];
        if (str_eq_nocase(one->name, "Content-Length") && strcmp(one->value, first) != 0) {
            return false;
        }
    }
    return true;
}

static enum cause refuse(struct why *why, enum cause cause, const char *sentence)
{
    err_ignore(fail(why, ERR_NETWORK, "%s", sentence));
    return cause;
}

static bool is_strong(const char *etag)
{
    return etag && etag[0] == '"';
}

/* Validators are compared only with the same origin's own, and only where nothing better (a digest)
 * is known: the caller then gives one (design.md D4). */
static bool validator_holds(const struct verdict_ask *ask, const struct headers *h)
{
    const char *etag = headers_get(h, "ETag");
    return !ask->validator || !is_strong(etag) || strcmp(etag, ask->validator) == 0;
}

static enum cause partial(const struct verdict_ask *ask, const struct headers *h,
                          uint64_t *ret_length, uint64_t *ret_size, struct why *why)
{
    struct content_range r;
    const char *text = headers_get(h, "Content-Range");
    if (!text || !content_range_parse(text, &r) || r.unsatisfied) {
        return refuse(why, CAUSE_RANGE, "206 without a usable Content-Range");
    }
    if (r.first != ask->from) return refuse(why, CAUSE_RANGE, "206 for another start");
    if (ask->size != UINT64_MAX && r.size != UINT64_MAX && r.size != ask->size) {
        return refuse(why, CAUSE_RANGE, "206 of an object of another size");
    }
    uint64_t size = ask->size != UINT64_MAX ? ask->size : r.size;
    uint64_t to = ask->to != UINT64_MAX ? ask->to : size;
    if (to == UINT64_MAX) return refuse(why, CAUSE_RANGE, "206 without the size of the object");
    if (r.last + 1 != to) return refuse(why, CAUSE_RANGE, "206 for another end");
    uint64_t length = r.last + 1 - r.first;
    uint64_t told = content_length(h);
    if (told != UINT64_MAX && told != length) {
        return refuse(why, CAUSE_RANGE, "Content-Length and Content-Range disagree");
    }
    *ret_length = length;
    *ret_size = size;
    return CAUSE_NONE;
}

/* A whole body is the range asked for only from byte 0 to the end (small files at some edges). */
static enum cause whole(const struct verdict_ask *ask, const struct headers *h,
                        uint64_t *ret_length, uint64_t *ret_size, struct why *why)
{
    uint64_t told = content_length(h);
    if (ask->from != 0 || ask->to != ask->size) {
        return refuse(why, CAUSE_RANGE, "the server ignores ranges");
    }
    if (told != UINT64_MAX && ask->size != UINT64_MAX && told != ask->size) {
        return refuse(why, CAUSE_RANGE, "Content-Length is not the size of the file");
    }
    *ret_length = told != UINT64_MAX ? told : ask->size;
    *ret_size = *ret_length;
    return CAUSE_NONE;
}

static bool is_rate_limit(int status, const struct headers *h)
{
    return status == 429 || (status == 503 && headers_get(h, "Retry-After"));
}

static enum cause of_status(int status, const struct headers *h, struct why *why)
{
    if (is_rate_limit(status, h)) return refuse(why, CAUSE_RATE_LIMIT, "rate limited");
    bool redirect = status >= 300 && status < 400 && status != 304;
    if (redirect && headers_get(h, "Location")) return CAUSE_REDIRECT;
    char sentence[32];
    snprintf(sentence, sizeof(sentence), "HTTP status %d", status);
    return refuse(why, CAUSE_STATUS, sentence);
}

enum cause verdict_body(const struct verdict_ask *ask, int status, const struct headers *h,
                        uint64_t *ret_length, uint64_t *ret_size, struct why *why)
{
    if (status != 206 && status != 200) return of_status(status, h, why);
    if (!lengths_agree(h)) {
        return refuse(why, CAUSE_PROTOCOL, "two Content-Length that contradict each other");
    }
    const char *encoding = headers_get(h, "Content-Encoding");
    if (encoding && !str_eq_nocase(encoding, "identity")) {
        return refuse(why, CAUSE_ENCODED, "the body is encoded though we asked for none of it");
    }
    if (!validator_holds(ask, h)) {
        return refuse(why, CAUSE_CHANGED, "the file changed on the server");
    }
    return status == 206 ? partial(ask, h, ret_length, ret_size, why)
                         : whole(ask, h, ret_length, ret_size, why);
}

enum cause verdict_call(int status, const struct headers *h)
{
    if (is_rate_limit(status, h)) return CAUSE_RATE_LIMIT;
    bool passing = status == 408 || (status >= 500 && status != 501 && status != 505);
    return passing ? CAUSE_STATUS : CAUSE_NONE;
}

static void note_text(const struct headers *h, const char *name, char *ret, size_t size)
{
    const char *value = headers_get(h, name);
    if (value && !ret[0]) clean_copy(value, ret, size);
}

void verdict_note(const struct headers *h, struct outcome *ret)
{
    note_text(h, "X-Request-Id", ret->request_id, sizeof(ret->request_id));
    note_text(h, "X-Amzn-Trace-Id", ret->request_id, sizeof(ret->request_id));
    note_text(h, "X-Amz-Cf-Id", ret->request_id, sizeof(ret->request_id));
    note_text(h, "X-Error-Code", ret->error_code, sizeof(ret->error_code));
    note_text(h, "X-Error-Message", ret->error_text, sizeof(ret->error_text));
    const char *after = headers_get(h, "Retry-After");
    if (after) {
        bool told = retry_after_parse(after, headers_get(h, "Date"), clock_wall_ms() / 1000,
                                      &ret->retry_after_s);
        if (!told) ret->retry_after_s = 0; // garbage counts as not said
    }
    const char *limit = headers_get(h, "RateLimit");
    const char *left = headers_get(h, "RateLimit-Remaining");
    const char *reset = headers_get(h, "RateLimit-Reset");
    if (limit) {
        ret->rate.known = rate_limit_parse(limit, headers_get(h, "RateLimit-Policy"), &ret->rate);
    } else if (left && reset) {
        const char *quota = headers_get(h, "RateLimit-Limit");
        ret->rate.known = rate_limit_parse_triple(quota, left, reset, &ret->rate);
    }
}
