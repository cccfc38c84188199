/* clock.h - the one clock. Durations come only from the monotonic one; wall time is for people,
 * events and HTTP dates. Any thread; cannot fail. */
#ifndef SHARDFETCH_BASE_CLOCK_H
#define SHARDFETCH_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MILLI_NS  UINT64_C(1000000)
#define SECOND_NS UINT64_C(1000000000)

/* Monotonic nanoseconds since an arbitrary point. */
uint64_t clock_now_ns(void);
/* Milliseconds since 1970-01-01 UTC. */
uint64_t clock_wall_ms(void);

enum { RFC3339_LEN = sizeof("2026-11-23T04:35:30.123Z") };
/* "2026-11-23T04:35:30.123Z" (RFC 3339, UTC, milliseconds); stops at the end of year 9999. */
void clock_rfc3339(uint64_t wall_ms, char ret_text[RFC3339_LEN]);
/* Seconds since 1970 of an IMF-fixdate "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7). False:
 * the two obsolete forms, a day that does not exist or is not that weekday, before 1970. */
bool clock_http_date(const char *s, uint64_t *ret_unix_s);

#endif
