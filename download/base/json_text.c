#include "download/base/json_text.h"

#include <stdint.h>
#include <string.h>

#include "download/base/str.h"

static const char HEX_RULE[] = "\\u needs four hex digits";
static const char SURROGATE_RULE[] = "lone surrogate";

struct cursor {
    const char *text;
    size_t len;
    size_t at;
};

static bool take_byte(struct cursor *c, char wanted)
{
    if (c->at == c->len || c->text[c->at] != wanted) return false;
    c->at++;
    return true;
}

static const char *take_hex4(struct cursor *c, uint32_t *ret)
{
    uint32_t n = 0;
    if (c->len - c->at < 4) return HEX_RULE;
    for (int i = 0; i < 4; i++) {
        char digit = c->text[c->at];
        char low = (char)(digit | 0x20);
        if (digit >= '0' && digit <= '9') {
            n = n << 4 | (uint32_t)(digit - '0');
        } else if (low >= 'a' && low <= 'f') {
            n = n << 4 | (uint32_t)(low - 'a' + 10);
        } else {
            return HEX_RULE;
        }
        c->at++;
    }
    *ret = n;
    return NULL;
}

/* Behind `\u`. RFC 8259 §7: beyond U+FFFF as a pair of surrogates, high then low. */
static const char *take_unicode(struct cursor *c, uint32_t *ret)
{
    uint32_t first = 0;
    const char *rule = take_hex4(c, &first);
    if (rule) return rule;
    if (first == 0) return "\\u0000 is not allowed";
    if (first >= 0xDC00 && first <= 0xDFFF) return SURROGATE_RULE;
    if (first >= 0xD800 && first <= 0xDBFF) {
        uint32_t second = 0;
        if (!take_byte(c, '\\') || !take_byte(c, 'u')) return SURROGATE_RULE;
        rule = take_hex4(c, &second);
        if (rule) return rule;
        if (second < 0xDC00 || second > 0xDFFF) return SURROGATE_RULE;
        first = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }
    *ret = first;
    return NULL;
}

/* Behind the backslash. */
static const char *take_escape(struct cursor *c, uint32_t *ret)
{
    static const char NAMES[] = "\"\\/bfnrt";
    static const char MEANS[] = "\"\\/\b\f\n\r\t";
    if (take_byte(c, 'u')) return take_unicode(c, ret);
    char byte = c->at < c->len ? c->text[c->at] : '\0';
    const char *name = byte ? strchr(NAMES, byte) : NULL;
    if (!name) return "unknown escape in a string";
    c->at++;
    *ret = (unsigned char)MEANS[name - NAMES];
    return NULL;
}

static void add_code_point(struct buf *b, uint32_t c)
{
    static const unsigned char LEAD[] = {0, 0, 0xC0, 0xE0, 0xF0};
    char u[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        u[i] = (char)(0x80 | (c & 0x3F));
    u[0] = (char)(LEAD[n] | c);
    buf_add(b, u, n);
}

/* Moves over the bytes that stand for themselves. */
static void skip_plain(struct cursor *c)
{
    while (c->at < c->len) {
        unsigned char byte = (unsigned char)c->text[c->at];
        if (byte < 0x20 || byte == '"' || byte == '\\') return;
        uint32_t ignored = 0;
        size_t n = byte < 0x80 ? 1 : str_utf8_next(c->text + c->at, c->len - c->at, &ignored);
        if (n == 0) return;
        c->at += n;
    }
}

static const char *take_contents(struct cursor *c, struct buf *ret)
{
    for (;;) {
        size_t from = c->at;
        skip_plain(c);
        if (ret) buf_add(ret, c->text + from, c->at - from);
        if (c->at == c->len) return "string without end";
        if (take_byte(c, '"')) return NULL;
        if (!take_byte(c, '\\')) {
            return (unsigned char)c->text[c->at] < 0x20 ? "raw control byte" : "invalid UTF-8";
        }
        uint32_t code_point = 0;
        const char *rule = take_escape(c, &code_point);
        if (rule) return rule;
        if (ret) add_code_point(ret, code_point);
    }
}

const char *json_text_take(const char *text, size_t len, size_t *at, struct buf *ret)
{
    struct cursor c = {.text = text, .len = len, .at = *at + 1};
    const char *rule = take_contents(&c, ret);
    *at = c.at;
    return rule;
}
