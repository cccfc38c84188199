/* harmless.h - text that people are shown: UTF-8 without control characters. */
#ifndef SHARDFETCH_TESTS_FUZZ_HARMLESS_H
#define SHARDFETCH_TESTS_FUZZ_HARMLESS_H

#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/fuzz/must.h"

static inline void must_be_harmless(const char *text)
{
    size_t len = strlen(text);
    MUST(str_is_utf8(text, len));
    while (len > 0) {
        uint32_t c = 0;
        size_t n = str_utf8_next(text, len, &c);
        MUST(c >= 0x20 && (c < 0x7F || c > 0x9F));
        MUST(c != 0x202E && c != 0x2066 && c != 0xFEFF);
        text += n;
        len -= n;
    }
}

/* The input up to its first NUL (mem_free). */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = mem_new(size + 1);
    if (size) memcpy(text, data, size);
    return text;
}

#endif
