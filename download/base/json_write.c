/* The encoder of json.h: what a log viewer or a terminal could act on never leaves unescaped. */
#include <inttypes.h>
#include <string.h>

#include "download/base/json.h"
#include "download/base/str.h"

struct range {
    uint32_t from;
    uint32_t to; // included
};

/* Controls, line breaks beyond ASCII, and Unicode's format characters that hide or reorder text
 * (general category Cf, UAX #9 and tag characters). Sorted. */
static const struct range ESCAPED[] = {
    {0x00, 0x1F},     {'"', '"'},       {'\\', '\\'},       {0x7F, 0x9F},     {0xAD, 0xAD},
    {0x061C, 0x061C}, {0x180E, 0x180E}, {0x200B, 0x200F},   {0x2028, 0x202E}, {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

static bool is_escaped(uint32_t c)
{
    for (size_t i = 0; i < ARRAY_LEN(ESCAPED) && c >= ESCAPED[i].from; i++) {
        if (c <= ESCAPED[i].to) return true;
    }
    return false;
}

static void add_escape(struct buf *b, uint32_t c)
{
    static const char MEANS[] = "\"\\\b\f\n\r\t";
    static const char NAMES[] = "\"\\bfnrt";
    const char *known = c > 0 && c < 0x80 ? strchr(MEANS, (int)c) : NULL;
    if (known) {
        buf_addc(b, '\\');
        buf_addc(b, NAMES[known - MEANS]);
    } else if (c < 0x10000) {
        buf_addf(b, "\\u%04" PRIx32, c);
    } else {
        uint32_t high = 0xD800 + ((c - 0x10000) >> 10);
        uint32_t low = 0xDC00 + ((c - 0x10000) & 0x3FF);
        buf_addf(b, "\\u%04" PRIx32 "\\u%04" PRIx32, high, low);
    }
}

bool json_add_string(struct buf *b, const char *s, size_t len)
{
    bool exact = true;
    size_t run = 0; // s[run..at) is clean and not yet added
    buf_addc(b, '"');
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        size_t n = str_utf8_next(s + at, len - at, &c);
        if (n > 0 && !is_escaped(c)) {
            at += n;
            continue;
        }
        buf_add(b, s + run, at - run);
        if (n > 0) {
            add_escape(b, c);
        } else {
            buf_adds(b, "\xEF\xBF\xBD"); // U+FFFD
            exact = false;
            n = 1;
        }
        at += n;
        run = at;
    }
    buf_add(b, s + run, len - run);
    buf_addc(b, '"');
    return exact;
}

void json_add_key(struct buf *b, const char *key)
{
    char last = b->len ? b->data[b->len - 1] : '{';
    if (last != '{' && last != '[') buf_addc(b, ',');
    json_add_string(b, key, strlen(key));
    buf_addc(b, ':');
}

void json_add_str_field(struct buf *b, const char *key, const char *value)
{
    if (!value) {
        json_add_null_field(b, key);
        return;
    }
    json_add_key(b, key);
    json_add_string(b, value, strlen(value));
}

void json_add_u64_field(struct buf *b, const char *key, uint64_t value)
{
    json_add_key(b, key);
    buf_addf(b, "%" PRIu64, value);
}

void json_add_bool_field(struct buf *b, const char *key, bool value)
{
    json_add_key(b, key);
    buf_adds(b, value ? "true" : "false");
}

void json_add_null_field(struct buf *b, const char *key)
{
    json_add_key(b, key);
    buf_adds(b, "null");
}
