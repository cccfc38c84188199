#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/request.h"
#include "download/source/url.h"

Test(url, is_taken_apart)
{
    static const struct {
        const char *text;
        bool https;
        const char *host;
        unsigned port;
        const char *path, *query;
    } cases[] = {
        {"https://huggingface.co", true, "huggingface.co", 443, "", NULL},
        {"https://huggingface.co/", true, "huggingface.co", 443, "/", NULL},
        {"HTTPS://HuggingFace.CO/A/b", true, "huggingface.co", 443, "/A/b", NULL},
        {"http://h:8080/a?b=c&d", false, "h", 8080, "/a?b=c&d", "b=c&d"},
        {"http://h?q", false, "h", 80, "?q", "q"},
        {"https://h:/a", true, "h", 443, "/a", NULL},
        {"https://h.example./a", true, "h.example", 443, "/a", NULL},
        {"http://127.0.0.1:1/", false, "127.0.0.1", 1, "/", NULL},
        {"http://[::1]:65535/x", false, "[::1]", 65535, "/x", NULL},
        {"http://[0:0:0:0:0:0:0:1]/x", false, "[::1]", 80, "/x", NULL},
        {"http://[2001:DB8::A]", false, "[2001:db8::a]", 80, "", NULL},
        {"https://my_registry.local/é", true, "my_registry.local", 443, "/é", NULL},
        {"https://xn--bcher-kva.example/", true, "xn--bcher-kva.example", 443, "/", NULL},
        {"https://h/a@b", true, "h", 443, "/a@b", NULL},
        {"https://h/?a=http://x@y", true, "h", 443, "/?a=http://x@y", "a=http://x@y"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct url u = {0};
        struct why why = {""};
        cr_assert_eq(url_parse(cases[i].text, &u, &why), OK, "%s: %s", cases[i].text, why.text);
        cr_expect_eq(u.https, cases[i].https, "%s", cases[i].text);
        cr_expect_str_eq(u.host, cases[i].host, "%s", cases[i].text);
        cr_expect_eq(u.port, cases[i].port, "%s", cases[i].text);
        cr_expect_str_eq(u.path, cases[i].path, "%s", cases[i].text);
        cr_expect(str_eq(u.query, cases[i].query), "%s", cases[i].text);
    }
}

Test(url, what_breaks_a_rule_is_refused)
{
    static const struct {
        const char *text, *rule;
    } cases[] = {
        {"", "is not http"},
        {"huggingface.co/a", "is not http"},
        {"ftp://h/a", "is not http"},
        {"file:///etc/passwd", "is not http"},
        {"data:text/plain,x", "is not http"},
        {"javascript:alert(1)", "is not http"},
        {"https:/h/a", "is not http"},
        {"https:h/a", "is not http"},
        {"https:///a", "names no host"},
        {"https://", "names no host"},
        {"https://:80/", "names no host"},
        {"https://user@h/", "user information"},
        {"https://user:pw@h/", "user information"},
        {"https://@h/", "user information"},
        {"https://h\\@evil/", "backslash"},
        {"https://h/a\\b", "backslash"},
        {"https://h/a b", "space"},
        {"https://h/a\r\nX: y", "control byte"},
        {"https://h/\x7f", "control byte"},
        {"https://h/a#b", "fragment"},
        {"https://h:0/", "port"},
        {"https://h:65536/", "port"},
        {"https://h:-1/", "port"},
        {"https://h:80:90/", "port"},
        {"https://h:8a/", "port"},
        {"https://h..x/", "host"},
        {"https://.h/", "host"},
        {"https://h%2e/", "host"},
        {"https://b\xc3\xbc"
         "cher.example/",
         "host"},
        {"https://h,x/", "host"},
        {"https://[::1/", "host"},
        {"https://[::g]/", "IPv6"},
        {"https://[::1]x/", "IPv6"},
        {"https://[fe80::1%25eth0]/", "IPv6"},
        {"https://[127.0.0.1]/", "IPv6"},
        {"https://::1/", "names no host"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct url u = {.port = 7};
        struct why why = {""};
        cr_expect_eq(url_parse(cases[i].text, &u, &why), ERR_REFUSED, "%s", cases[i].text);
        cr_expect(strstr(why.text, cases[i].rule), "%s: %s", cases[i].text, why.text);
        cr_expect_eq(u.port, 7, "%s: something was written", cases[i].text);
    }
}

Test(url, ends_at_a_length)
{
    struct url u = {0};
    char *text = mem_new(URL_MAX_BYTES + 2);
    memset(text, 'x', URL_MAX_BYTES + 1);
    memcpy(text, "https://h/", 10);
    cr_expect_eq(url_parse(text, &u, NULL), ERR_REFUSED);
    text[URL_MAX_BYTES] = '\0';
    cr_expect_eq(url_parse(text, &u, NULL), OK);
    mem_free(text);

    char host[400] = "https://";
    memset(host + 8, 'h', 64);
    cr_expect_eq(url_parse(host, &u, NULL), ERR_REFUSED); // a label of 64
    host[8 + 63] = '\0';
    cr_expect_eq(url_parse(host, &u, NULL), OK);
    for (size_t i = 8; i + 2 < sizeof(host); i += 2)
        memcpy(host + i, "h.", 3);
    cr_expect_eq(url_parse(host, &u, NULL), ERR_REFUSED);
}

Test(url, an_origin_is_scheme_host_and_port)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"https://h/a", "https://h/b?c", true}, {"https://h", "https://h:443/", true},
        {"https://H.x", "https://h.X./", true}, {"http://[::1]", "http://[0::1]:80", true},
        {"https://h", "http://h", false},       {"https://h", "http://h:443", false},
        {"https://h", "https://h:444", false},  {"https://h", "https://h.x", false},
        {"https://h", "https://xh", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct url a = {0};
        struct url b = {0};
        cr_assert_eq(url_parse(cases[i].a, &a, NULL), OK);
        cr_assert_eq(url_parse(cases[i].b, &b, NULL), OK);
        cr_expect_eq(url_same_origin(&a, &b), cases[i].same, "%s %s", cases[i].a, cases[i].b);
    }
}

Test(url, is_encoded_byte_by_byte)
{
    struct buf b;
    buf_init(&b, 1000);
    url_add_encoded(&b, "refs/pr/1", false);
    buf_addc(&b, ' ');
    url_add_encoded(&b, "a b/ä+%?#.-_~", true);
    cr_expect_str_eq(buf_str(&b), "refs%2Fpr%2F1 a%20b/%C3%A4%2B%25%3F%23.-_~");
    buf_done(&b);
}

Test(url, decoding_takes_whole_escapes_only)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a%20b", "a b"}, {"%2F", "/"}, {"%c3%A4", "ä"}, {"plain", "plain"}, {"", ""},
        {"a+b", "a+b"},   {"%", NULL},  {"%2", NULL},    {"a%zz", NULL},     {"%00", NULL},
        {"%-1", NULL},    {"%2", NULL}, {"%%20", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char got[64] = "?";
        bool ok = url_decode(cases[i].text, strlen(cases[i].text), got);
        cr_expect_eq(ok, cases[i].want != NULL, "%s", cases[i].text);
        if (ok) cr_expect_str_eq(got, cases[i].want);
    }
}

Test(url, what_is_shown_keeps_no_secret)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"https://h/a", "https://h/a"},
        {"https://h:8080/a/b.bin", "https://h:8080/a/b.bin"},
        {"https://h/a?Signature=abc&Expires=1", "https://h/a?Signature=…&Expires=…"},
        {"https://h/a?secret", "https://h/a?…"},
        {"https://h/a?", "https://h/a?"},
        {"https://h?a=b", "https://h?a=…"},
        {"https://user:pw@h/a", "https://…@h/a"},
        {"https://a@b@h/a", "https://…@h/a"},
        {"//user:pw@h/a?x=y", "//…@h/a?x=…"},
        {"user:pw@h/a", "…@h/a"},
        {"ftp://u:p@h/a", "ftp://…@h/a"},
        {"https://h/a#token=x", "https://h/a"},
        {"https://h/a?b=c#token=x", "https://h/a?b=…"},
        {"/api/x?cursor=y", "/api/x?cursor=…"},
        {"https://h/\x1b[2J", "https://h/\\x1b[2J"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char shown[128];
        url_redact(cases[i].text, shown, sizeof(shown));
        cr_expect_str_eq(shown, cases[i].want, "%s: %s", cases[i].text, shown);
    }
}

Test(url, a_host_is_named_with_its_port_only_where_that_is_unusual)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"https://h/a", "h"},
        {"https://h:443", "h"},
        {"http://h:443", "h:443"},
        {"http://[::1]:81/", "[::1]:81"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct url u = {0};
        char host[URL_HOST_MAX + 8];
        cr_assert_eq(url_parse(cases[i].text, &u, NULL), OK);
        url_host_text(&u, host, sizeof(host));
        cr_expect_str_eq(host, cases[i].want);
    }
}
