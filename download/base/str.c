#include "download/base/str.h"

#include <string.h>

#include "download/base/mem.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool str_eq(const char *a, const char *b)
{
    if (!a || !b) return a == b;
    return strcmp(a, b) == 0;
}

bool str_eq_nocase(const char *a, const char *b)
{
    if (!a || !b) return a == b;
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool str_starts(const char *s, const char *prefix)
{
    return s && prefix && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_starts_nocase(const char *s, const char *prefix)
{
    if (!s || !prefix) return false;
    while (*prefix && lower(*s) == lower(*prefix)) {
        s++;
        prefix++;
    }
    return !*prefix;
}

bool str_ends(const char *s, const char *suffix)
{
    if (!s || !suffix) return false;
    size_t len = strlen(s);
    size_t tail = strlen(suffix);
    return len >= tail && strcmp(s + len - tail, suffix) == 0;
}

bool str_empty(const char *s)
{
    return !s || !*s;
}

bool str_u64(const char *s, uint64_t max, uint64_t *ret)
{
    return s && str_u64_n(s, strlen(s), max, ret);
}

bool str_u64_n(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
    if (!s || len == 0) return false;
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(s[i])) return false;
        uint64_t digit = (uint64_t)(s[i] - '0');
        if (__builtin_mul_overflow(n, UINT64_C(10), &n)) return false;
        if (__builtin_add_overflow(n, digit, &n)) return false;
        if (n > max) return false;
    }
    *ret = n;
    return true;
}

/* Left shift that a suffix stands for; false when `s` is no suffix. */
static bool size_suffix(const char *s, unsigned *ret_shift)
{
    static const char LETTERS[] = "bkmgtp";
    *ret_shift = 0;
    if (!*s) return true;
    for (unsigned i = 0; LETTERS[i]; i++) {
        if ((char)lower(*s) != LETTERS[i]) continue;
        *ret_shift = 10 * i;
        return s[1] == '\0';
    }
    return false;
}

bool str_bytes(const char *s, uint64_t *ret_bytes)
{
    enum { MAX_FRACTION_DIGITS = 3 }; // 999 << 50 still fits
    if (!s) return false;
    const char *p = s;
    while (is_digit(*p))
        p++;
    uint64_t whole = 0;
    if (!str_u64_n(s, (size_t)(p - s), INT64_MAX, &whole)) return false;

    const char *fraction = NULL;
    size_t fraction_len = 0;
    if (*p == '.') {
        fraction = ++p;
        while (is_digit(*p))
            p++;
        fraction_len = (size_t)(p - fraction);
        if (fraction_len == 0 || fraction_len > MAX_FRACTION_DIGITS) return false;
    }
    unsigned shift = 0;
    if (!size_suffix(p, &shift)) return false;
    if (fraction && shift == 0) return false;

    uint64_t part = 0;
    if (fraction && !str_u64_n(fraction, fraction_len, UINT64_MAX, &part)) return false;
    part <<= shift;
    for (size_t i = 0; i < fraction_len; i++)
        part /= 10;
    if (whole > (uint64_t)INT64_MAX >> shift) return false;
    uint64_t bytes = (whole << shift) + part;
    if (bytes > INT64_MAX) return false;
    *ret_bytes = bytes;
    return true;
}

bool str_truthy(const char *s)
{
    static const char *const YES[] = {"1", "on", "yes", "true"};
    for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++) {
        if (str_eq_nocase(s, YES[i])) return true;
    }
    return false;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Wagner and Fischer, one row at a time; ends early once a whole row is beyond the limit. */
size_t str_distance(const char *a, const char *b, size_t limit)
{
    size_t la = strlen(a);
    size_t lb = strlen(b);
    if ((la > lb ? la - lb : lb - la) > limit) return limit + 1;

    size_t *row = mem_array(lb + 1, sizeof(*row));
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    size_t best = 0;
    for (size_t i = 1; i <= la && best <= limit; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        best = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t above = row[j];
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            row[j] = min3(above + 1, row[j - 1] + 1, change);
            if (row[j] < best) best = row[j];
            diagonal = above;
        }
    }
    size_t distance = best > limit ? limit + 1 : row[lb];
    mem_free(row);
    return distance > limit ? limit + 1 : distance;
}

/* RFC 3629 §4. The first byte says the length and the range of the second byte. */
size_t str_utf8_next(const char *s, size_t len, uint32_t *ret_code_point)
{
    if (len == 0) return 0;
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0x80) {
        *ret_code_point = u[0];
        return 1;
    }
    if (u[0] < 0xC2 || u[0] > 0xF4) return 0;
    size_t n = u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    if (len < n) return 0;
    unsigned low = u[0] == 0xE0 ? 0xA0 : u[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = u[0] == 0xED ? 0x9F : u[0] == 0xF4 ? 0x8F : 0xBF;
    if (u[1] < low || u[1] > high) return 0;

    uint32_t code_point = u[0] & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xC0) != 0x80) return 0;
        code_point = code_point << 6 | (u[i] & 0x3FU);
    }
    *ret_code_point = code_point;
    return n;
}

bool str_is_utf8(const char *s, size_t len)
{
    uint32_t ignored = 0;
    while (len > 0) {
        size_t n = str_utf8_next(s, len, &ignored);
        if (n == 0) return false;
        s += n;
        len -= n;
    }
    return true;
}
