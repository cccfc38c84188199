/* json_scan.h - the strict look at a JSON text before cJSON sees it: every rule of json.h, and the
 * exact values of its integers. Only json.c (and tests) include this. Pure but for memory. */
#ifndef SHARDFETCH_BASE_JSON_SCAN_H
#define SHARDFETCH_BASE_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"
#include "download/base/json.h"

#define JSON_NO_INTEGER UINT64_MAX

/* values[0..count): one per number token, in the order of the text; the integer it is when that is
 * in [0, INT64_MAX], else JSON_NO_INTEGER. */
struct json_numbers {
    uint64_t *values; // mem_free
    size_t count;
    size_t cap;
};

/* OK: the text is one value of the profile, and cJSON parses it to the same tree. */
NODISCARD enum err json_scan(const char *text, size_t len, enum json_keys keys,
                             struct json_numbers *ret, struct why *why);

#endif
