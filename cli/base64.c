#include "cli/base64.h"

#include <stdint.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *b, const char *data, size_t len)
{
    for (size_t at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t group = (uint32_t)(unsigned char)data[at] << 16;
        if (left > 1) group |= (uint32_t)(unsigned char)data[at + 1] << 8;
        if (left > 2) group |= (uint32_t)(unsigned char)data[at + 2];
        buf_addc(b, DIGITS[group >> 18]);
        buf_addc(b, DIGITS[group >> 12 & 63]);
        buf_addc(b, left > 1 ? DIGITS[group >> 6 & 63] : '=');
        buf_addc(b, left > 2 ? DIGITS[group & 63] : '=');
    }
}
