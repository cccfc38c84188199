/* Whatever text is taken for a digest is printed again exactly; nothing else is taken. */
#include <string.h>

#include "hash/digest.h"
#include "tests/fuzz/must.h"

static void check_hex(enum digest_kind kind, const char *hex, size_t len)
{
    struct digest strict = {0};
    struct digest loose = {0};
    bool is_strict = digest_parse_hex(kind, hex, len, &strict);
    bool is_loose = digest_parse_hex_any_case(kind, hex, len, &loose);
    MUST(!is_strict || is_loose);
    if (!is_loose) return;
    char printed[DIGEST_HEX_MAX];
    digest_print_hex(&loose, printed);
    MUST(strlen(printed) == len && len == 2 * digest_size(kind));
    MUST(is_strict == (memcmp(printed, hex, len) == 0));
    for (size_t i = 0; i < len; i++)
        MUST(printed[i] == hex[i] || printed[i] - 'a' == hex[i] - 'A');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct digest d = {0};
    check_hex(DIGEST_SHA256, text, size);
    check_hex(DIGEST_GIT_SHA1, text, size);
    if (!digest_parse(text, size, &d)) {
        MUST(d.kind == DIGEST_NONE);
        return 0;
    }
    char printed[DIGEST_TEXT_MAX];
    digest_print(&d, printed);
    MUST(strlen(printed) == size);
    MUST(memcmp(printed, text, size) == 0);
    for (size_t i = digest_size(d.kind); i < DIGEST_MAX_BYTES; i++)
        MUST(d.bytes[i] == 0);
    return 0;
}
