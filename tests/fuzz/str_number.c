/* Numbers: what is taken prints as it was written, but for leading zeros. Sizes: at most INT64_MAX,
 * monotonic in the suffix, and equal to the plain number without one. */
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/fuzz/must.h"

static void check_u64(const char *text, uint64_t max)
{
    uint64_t n = 0;
    if (!str_u64(text, max, &n)) return;
    MUST(n <= max);
    char printed[32];
    snprintf(printed, sizeof(printed), "%llu", (unsigned long long)n);
    const char *significant = text + strspn(text, "0");
    if (!*significant) significant--; // "000" is "0"
    MUST(strcmp(significant, printed) == 0);
}

static void check_bytes(const char *text)
{
    uint64_t bytes = 0;
    uint64_t n = 0;
    bool is_size = str_bytes(text, &bytes);
    bool is_number = str_u64(text, INT64_MAX, &n);
    MUST(!is_number || (is_size && bytes == n));
    if (!is_size) return;
    MUST(bytes <= INT64_MAX);

    size_t len = strlen(text);
    SCOPED(mem_freep) char *whole = mem_strndup(text, strspn(text, "0123456789"));
    MUST(str_u64(whole, INT64_MAX, &n) && n <= bytes);
    if (strchr("bB0123456789", text[len - 1])) MUST(n == bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *text = mem_new(size + 1);
    if (size) memcpy(text, data, size);
    check_u64(text, UINT64_MAX);
    check_u64(text, INT64_MAX);
    check_u64(text, 1000);
    check_bytes(text);
    return 0;
}
