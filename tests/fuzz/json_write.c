/* Any bytes become one JSON string of printable characters; it parses, unless it holds a NUL, and
 * means the bytes again when the encoder says that nothing was replaced. */
#include <string.h>

#include "download/base/json.h"
#include "download/base/str.h"
#include "tests/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 6 * size + 2);
    const char *text = (const char *)data;
    bool exact = json_add_string(&b, text, size);
    MUST(!b.overflowed);
    MUST(exact == str_is_utf8(text, size));
    MUST(str_is_utf8(b.data, b.len));
    for (size_t i = 0; i < b.len; i++)
        MUST((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7F);

    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    bool has_nul = size > 0 && memchr(data, 0, size);
    enum err e = json_parse(b.data, b.len, &doc, NULL);
    MUST(e == (has_nul ? ERR_REFUSED : OK));
    if (e || !exact) return 0;
    const char *back = json_string(json_root(doc));
    MUST(strlen(back) == size);
    MUST(size == 0 || memcmp(back, data, size) == 0);
    return 0;
}
