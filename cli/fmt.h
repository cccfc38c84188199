/* fmt.h - quantities for people's eyes. Pure; into fixed arrays; never longer than said. */
#ifndef SHARDFETCH_CLI_FMT_H
#define SHARDFETCH_CLI_FMT_H

#include <stdint.h>

enum { FMT_MAX = 24 };

/* "0 B", "999 B", "0.98 KiB", "1.50 GiB", "15.0 GiB", "150 GiB": three digits, powers of 1024.
 * NUMBER_UNKNOWN is "?". At most 8 columns. */
const char *fmt_bytes(uint64_t bytes, char ret[FMT_MAX]);
/* The same per second. At most 10 columns. */
const char *fmt_rate(uint64_t bytes_per_s, char ret[FMT_MAX]);
/* "0:09", "12:34", "1:02:03", "2d 03h", "999d"; NUMBER_UNKNOWN is "-:--". At most 7 columns. */
const char *fmt_duration(uint64_t seconds, char ret[FMT_MAX]);
/* "0 %" to "100 %", rounded down: 100 only when all is there. "" for an unknown total. */
const char *fmt_percent(uint64_t part, uint64_t total, char ret[FMT_MAX]);

#endif
