#include "download/source/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/source/request.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443, LABEL_MAX = 63, SHOWN_MAX = 256 };

struct span {
    const char *at;
    size_t len;
};

static enum err refuse(const char *text, const char *rule, struct why *why)
{
    char shown[SHOWN_MAX];
    url_redact(text, shown, sizeof(shown));
    return fail(why, ERR_REFUSED, "URL '%s' %s", shown, rule);
}

/* ---- parse ---- */

/* The rule a whole text breaks, or NULL. */
static const char *text_fault(const char *text)
{
    if (strlen(text) > URL_MAX_BYTES) return "is longer than 8 KiB";
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7F) return "holds a control byte";
        if (c == ' ') return "holds a space";
        if (c == '\\') return "holds a backslash";
        if (c == '#') return "has a fragment";
    }
    return NULL;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void lower_into(const char *s, size_t len, char *ret)
{
    for (size_t i = 0; i < len; i++)
        ret[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
    ret[len] = '\0';
}

/* An IPv6 address without its brackets, written in its one canonical form (RFC 5952). */
static bool set_ipv6(struct span inside, char *ret)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (inside.len >= sizeof(text)) return false;
    memcpy(text, inside.at, inside.len);
    text[inside.len] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1) return false;
    if (!inet_ntop(AF_INET6, &address, text, sizeof(text))) return false;
    size_t len = strlen(text);
    ret[0] = '[';
    memcpy(ret + 1, text, len);
    memcpy(ret + 1 + len, "]", 2);
    return true;
}

/* Letters, digits, `-`, `_` in labels apart by dots; one trailing dot is dropped. */
static bool set_name(struct span host, char *ret)
{
    if (host.len > 0 && host.at[host.len - 1] == '.') host.len--;
    if (host.len == 0 || host.len >= URL_HOST_MAX) return false;
    size_t label = 0;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (c == '.' && label == 0) return false;
        label = c == '.' ? 0 : label + 1;
        if (label > LABEL_MAX) return false;
        if (!is_alnum(c) && c != '-' && c != '_' && c != '.') return false;
    }
    if (label == 0) return false;
    lower_into(host.at, host.len, ret);
    return true;
}

/* Host and optional port; returns the rule broken or NULL. */
static const char *parse_authority(struct span a, struct url *u)
{
    if (memchr(a.at, '@', a.len)) return "holds user information";
    const char *end = a.at + a.len;
    const char *port = NULL;
    if (a.len > 0 && *a.at == '[') {
        const char *close = memchr(a.at, ']', a.len);
        if (!close) return "has a host that is no host name";
        struct span inside = {a.at + 1, (size_t)(close - a.at - 1)};
        if (!set_ipv6(inside, u->host)) return "has a host that is no IPv6 address";
        if (close + 1 < end && close[1] != ':') return "has a host that is no IPv6 address";
        port = close + 1 < end ? close + 2 : NULL;
    } else {
        const char *colon = memchr(a.at, ':', a.len);
        struct span host = {a.at, (size_t)((colon ? colon : end) - a.at)};
        if (host.len == 0) return "names no host";
        if (!set_name(host, u->host)) return "has a host that is no host name";
        port = colon ? colon + 1 : NULL;
    }
    u->port = u->https ? HTTPS_PORT : HTTP_PORT;
    if (!port || port == end) return NULL; // "host:" means the default (RFC 3986 §3.2.3)
    uint64_t n = 0;
    if (!str_u64_n(port, (size_t)(end - port), UINT16_MAX, &n) || n == 0) {
        return "has a port outside 1..65535";
    }
    u->port = (uint16_t)n;
    return NULL;
}

enum err url_parse(const char *text, struct url *ret, struct why *why)
{
    struct url u = {0};
    const char *fault = text_fault(text);
    if (fault) return refuse(text, fault, why);
    size_t scheme = 0;
    if (str_starts_nocase(text, "https://")) {
        u.https = true;
        scheme = strlen("https://");
    } else if (str_starts_nocase(text, "http://")) {
        scheme = strlen("http://");
    } else {
        return refuse(text, "is not http:// or https://", why);
    }
    const char *authority = text + scheme;
    u.path = authority + strcspn(authority, "/?");
    fault = parse_authority((struct span){authority, (size_t)(u.path - authority)}, &u);
    if (fault) return refuse(text, fault, why);
    const char *query = strchr(u.path, '?');
    u.query = query ? query + 1 : NULL;
    *ret = u;
    return OK;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->https == b->https && a->port == b->port && str_eq(a->host, b->host);
}

/* ---- text ---- */

void url_add_encoded(struct buf *b, const char *s, bool keep_slash)
{
    for (; *s; s++) {
        bool plain = is_alnum(*s) || strchr("-._~", *s) || (keep_slash && *s == '/');
        if (plain) {
            buf_addc(b, *s);
        } else {
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)*s);
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

bool url_decode(const char *s, size_t len, char *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_value(s[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(s[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (char)(unsigned char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0') return false;
        ret[n++] = c;
    }
    ret[n] = '\0';
    return true;
}

/* The query with its values hidden: signatures and tokens live there. */
static void redact_query(struct buf *b, const char *query)
{
    buf_addc(b, '?');
    while (*query) {
        size_t pair = strcspn(query, "&#");
        const char *equals = memchr(query, '=', pair);
        if (equals) {
            buf_add(b, query, (size_t)(equals + 1 - query));
            buf_adds(b, "…");
        } else if (pair > 0) {
            buf_adds(b, "…"); // a bare value may be the secret itself
        }
        query += pair;
        if (*query != '&') return;
        buf_addc(b, '&');
        query++;
    }
}

void url_redact(const char *text, char *ret, size_t ret_size)
{
    struct buf b;
    buf_init(&b, URL_ROOM);
    const char *rest = text + strcspn(text, "/?#@");
    if (rest[0] == '/' && rest[1] == '/') {
        rest += 2;
        buf_add(&b, text, (size_t)(rest - text));
    } else {
        rest = text;
    }
    size_t authority = strcspn(rest, "/?#");
    const char *at = memrchr(rest, '@', authority);
    if (at) {
        buf_adds(&b, "…");
        authority -= (size_t)(at - rest);
        rest = at;
    }
    size_t shown = strcspn(rest, "?#");
    buf_add(&b, rest, shown > authority ? shown : authority);
    rest += shown > authority ? shown : authority;
    if (*rest == '?') redact_query(&b, rest + 1);
    clean_copy(buf_str(&b), ret, ret_size);
    buf_done(&b);
}

void url_host_text(const struct url *u, char *ret, size_t ret_size)
{
    struct buf b;
    buf_init(&b, URL_HOST_MAX + sizeof(":65535"));
    buf_adds(&b, u->host);
    if (u->port != (u->https ? HTTPS_PORT : HTTP_PORT)) buf_addf(&b, ":%u", (unsigned)u->port);
    clean_copy(buf_str(&b), ret, ret_size);
    buf_done(&b);
}
