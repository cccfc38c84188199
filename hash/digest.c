#include "hash/digest.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} ROWS[] = {
    [DIGEST_NONE] = {"none", 0},
    [DIGEST_SHA256] = {"sha256", 32},
    [DIGEST_GIT_SHA1] = {"git-sha1", 20},
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

size_t digest_size(enum digest_kind kind)
{
    return (size_t)kind < ROW_COUNT ? ROWS[kind].size : 0;
}

const char *digest_name(enum digest_kind kind)
{
    return (size_t)kind < ROW_COUNT ? ROWS[kind].name : ROWS[DIGEST_NONE].name;
}

/* 0..15, or -1. */
static int hex_value(char c, bool any_case)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (any_case && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool parse_hex(enum digest_kind kind, const char *hex, size_t len, bool any_case,
                      struct digest *ret)
{
    struct digest d = {.kind = kind};
    size_t size = digest_size(kind);
    if (size == 0 || len != 2 * size) return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(hex[2 * i], any_case);
        int low = hex_value(hex[2 * i + 1], any_case);
        if (high < 0 || low < 0) return false;
        d.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret = d;
    return true;
}

bool digest_parse_hex(enum digest_kind kind, const char *hex, size_t len, struct digest *ret)
{
    return parse_hex(kind, hex, len, false, ret);
}

bool digest_parse_hex_any_case(enum digest_kind kind, const char *hex, size_t len,
                               struct digest *ret)
{
    return parse_hex(kind, hex, len, true, ret);
}

bool digest_parse(const char *text, size_t len, struct digest *ret)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        size_t name_len = strlen(ROWS[i].name);
        if (len <= name_len || text[name_len] != ':') continue;
        if (memcmp(text, ROWS[i].name, name_len) != 0) continue;
        size_t skip = name_len + 1;
        return digest_parse_hex((enum digest_kind)i, text + skip, len - skip, ret);
    }
    return false;
}

void digest_print_hex(const struct digest *d, char ret_hex[DIGEST_HEX_MAX])
{
    static const char DIGITS[] = "0123456789abcdef";
    size_t size = digest_size(d->kind);
    for (size_t i = 0; i < size; i++) {
        ret_hex[2 * i] = DIGITS[d->bytes[i] >> 4];
        ret_hex[2 * i + 1] = DIGITS[d->bytes[i] & 0xF];
    }
    ret_hex[2 * size] = '\0';
}

void digest_print(const struct digest *d, char ret_text[DIGEST_TEXT_MAX])
{
    ret_text[0] = '\0';
    if (digest_size(d->kind) == 0) return;
    char hex[DIGEST_HEX_MAX];
    digest_print_hex(d, hex);
    snprintf(ret_text, DIGEST_TEXT_MAX, "%s:%s", digest_name(d->kind), hex);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    size_t size = digest_size(a->kind);
    return size > 0 && a->kind == b->kind && memcmp(a->bytes, b->bytes, size) == 0;
}
