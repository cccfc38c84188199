#include "tests/support/hub_text.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "download/base/mem.h"

void text_add_json(struct buf *b, const char *s)
{
    buf_addc(b, '"');
    for (const char *p = s; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            buf_addf(b, "\\%c", c);
        } else if (c < 0x20) {
            buf_addf(b, "\\u%04x", c);
        } else {
            buf_addc(b, *p);
        }
    }
    buf_addc(b, '"');
}

static bool unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

void text_add_percent(struct buf *b, const char *s, bool keep_slash)
{
    for (const char *p = s; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (unreserved(c) || (keep_slash && c == '/')) {
            buf_addc(b, *p);
        } else {
            buf_addf(b, "%%%02X", c);
        }
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char *text_unpercent(const char *s, size_t len)
{
    char *out = mem_new(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int high = s[i] == '%' && i + 2 < len ? hex_value(s[i + 1]) : -1;
        int low = high >= 0 ? hex_value(s[i + 2]) : -1;
        if (low < 0) {
            out[n++] = s[i];
            continue;
        }
        out[n++] = (char)(unsigned char)(16 * high + low);
        i += 2;
    }
    return out;
}

char *text_query(const char *query, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = query; p && *p;) {
        size_t len = strcspn(p, "&");
        if (len > n && strncmp(p, key, n) == 0 && p[n] == '=') {
            return text_unpercent(p + n + 1, len - n - 1);
        }
        p += len;
        if (*p) p++;
    }
    return NULL;
}

char *text_pack(const char **const *fields, size_t count)
{
    size_t total = 1;
    for (size_t i = 0; i < count; i++) {
        if (*fields[i]) total += strlen(*fields[i]) + 1;
    }
    char *block = mem_new(total);
    char *at = block;
    for (size_t i = 0; i < count; i++) {
        if (!*fields[i]) continue;
        size_t n = strlen(*fields[i]) + 1;
        memcpy(at, *fields[i], n);
        *fields[i] = at;
        at += n;
    }
    return block;
}

bool text_is_commit(const char *s)
{
    return strlen(s) == 40 && strspn(s, "0123456789abcdef") == 40;
}

bool text_is_true(const char *s)
{
    return s && (strcasecmp(s, "true") == 0 || strcmp(s, "1") == 0);
}

bool text_glob(const char *glob, const char *text)
{
    if (!glob) return true;
    return text && fnmatch(glob, text, 0) == 0;
}
