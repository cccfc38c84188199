#include "download/base/http_field.h"

#include <string.h>

#include "download/base/clock.h"
#include "download/base/str.h"

/* Digits at `*p`, at most INT64_MAX; moves behind them. */
static bool take_u64(const char **p, uint64_t *ret)
{
    size_t n = strspn(*p, "0123456789");
    if (!str_u64_n(*p, n, INT64_MAX, ret)) return false;
    *p += n;
    return true;
}

static bool take_char(const char **p, char c)
{
    if (**p != c) return false;
    (*p)++;
    return true;
}

/* RFC 9110 §14.4: range-resp = first-pos "-" last-pos "/" ( complete-length / "*" )
 *                 unsatisfied-range = "*" "/" complete-length; units in any case (§14.1). */
bool content_range_parse(const char *text, struct content_range *ret)
{
    if (!str_starts_nocase(text, "bytes ")) return false;
    const char *p = text + strlen("bytes ");
    struct content_range r = {.size = UINT64_MAX};
    if (take_char(&p, '*')) {
        r.unsatisfied = true;
    } else {
        if (!take_u64(&p, &r.first) || !take_char(&p, '-') || !take_u64(&p, &r.last)) return false;
        if (r.last < r.first || r.last == INT64_MAX) return false;
    }
    if (!take_char(&p, '/')) return false;
    if (r.unsatisfied || !take_char(&p, '*')) {
        if (!take_u64(&p, &r.size)) return false;
        if (!r.unsatisfied && r.last >= r.size) return false;
    }
    if (*p) return false;
    *ret = r;
    return true;
}

bool retry_after_parse(const char *text, const char *date, uint64_t now_unix_s,
                       uint64_t *ret_seconds)
{
    if (str_empty(text)) return false;
    uint64_t seconds = 0;
    if (strspn(text, "0123456789") == strlen(text)) {
        if (!str_u64(text, INT64_MAX, &seconds)) seconds = RETRY_AFTER_MAX_S; // 30 digits
    } else {
        uint64_t until = 0;
        uint64_t from = 0;
        if (!clock_http_date(text, &until)) return false;
        if (!date || !clock_http_date(date, &from)) from = now_unix_s;
        seconds = until > from ? until - from : 0;
    }
    *ret_seconds = seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S;
    return true;
}
