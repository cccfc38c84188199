/* A date that is taken has the digits of the same moment in RFC 3339. */
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/fuzz/must.h"

static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void check_digits(const char *date, const char *rfc3339)
{
    MUST(memcmp(date + 12, rfc3339, 4) == 0);      // year
    MUST(memcmp(date + 5, rfc3339 + 8, 2) == 0);   // day
    MUST(memcmp(date + 17, rfc3339 + 11, 8) == 0); // time
    size_t month = (size_t)(rfc3339[5] - '0') * 10 + (size_t)(rfc3339[6] - '0');
    MUST(month >= 1 && month <= 12);
    MUST(memcmp(date + 8, &MONTHS[3 * (month - 1)], 3) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *date = mem_new(size + 1);
    if (size) memcpy(date, data, size);
    uint64_t s = 0;
    if (!clock_http_date(date, &s)) return 0;
    MUST(strlen(date) == 29);
    bool leap_second = memcmp(date + 23, "60", 2) == 0;
    if (leap_second) return 0; // has no second of its own
    char rfc3339[RFC3339_LEN];
    clock_rfc3339(s * 1000, rfc3339);
    check_digits(date, rfc3339);
    return 0;
}
