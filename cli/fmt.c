#include "cli/fmt.h"

#include <inttypes.h>
#include <stdio.h>

#include "download/base/scoped.h"
#include "download/event.h"

static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

static const char *scaled(uint64_t bytes, const char *tail, char ret[FMT_MAX])
{
    if (bytes == NUMBER_UNKNOWN) {
        snprintf(ret, FMT_MAX, "?");
        return ret;
    }
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < ARRAY_LEN(UNITS)) {
        value /= 1024;
        unit++;
    }
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(ret, FMT_MAX, "%.*f %s%s", unit == 0 ? 0 : decimals, value, UNITS[unit], tail);
    return ret;
}

const char *fmt_bytes(uint64_t bytes, char ret[FMT_MAX])
{
    return scaled(bytes, "", ret);
}

const char *fmt_rate(uint64_t bytes_per_s, char ret[FMT_MAX])
{
    return scaled(bytes_per_s, "/s", ret);
}

const char *fmt_duration(uint64_t seconds, char ret[FMT_MAX])
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, MOST_DAYS = 999 };
    uint64_t days = seconds / DAY;
    uint64_t hours = seconds / HOUR % 24;
    uint64_t minutes = seconds / MINUTE % 60;
    if (seconds == NUMBER_UNKNOWN) {
        snprintf(ret, FMT_MAX, "-:--");
    } else if (days >= 100) {
        snprintf(ret, FMT_MAX, "%" PRIu64 "d", days < MOST_DAYS ? days : MOST_DAYS);
    } else if (days > 0) {
        snprintf(ret, FMT_MAX, "%" PRIu64 "d %02" PRIu64 "h", days, hours);
    } else if (hours > 0) {
        snprintf(ret, FMT_MAX, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, hours, minutes,
                 seconds % MINUTE);
    } else {
        snprintf(ret, FMT_MAX, "%" PRIu64 ":%02" PRIu64, minutes, seconds % MINUTE);
    }
    return ret;
}

const char *fmt_percent(uint64_t part, uint64_t total, char ret[FMT_MAX])
{
    if (total == NUMBER_UNKNOWN) {
        ret[0] = '\0';
        return ret;
    }
    if (part > total) part = total;
    /* of totals near 2^64 the last digits do not matter */
    uint64_t percent = total == 0                 ? 100
                       : total < UINT64_MAX / 100 ? part * 100 / total
                                                  : part / (total / 100);
    snprintf(ret, FMT_MAX, "%" PRIu64 " %%", percent < 100 ? percent : 100);
    return ret;
}
