#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/source/request.h"
#include "download/source/url.h"

struct resolve_case {
    const char *ref, *want;
};

static void expect_all(const char *base, const struct resolve_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *got = NULL;
        struct why why = {""};
        enum err e = url_resolve(base, cases[i].ref, &got, &why);
        cr_expect_eq(e, OK, "%s: %s", cases[i].ref, why.text);
        if (got) cr_expect_str_eq(got, cases[i].want, "%s: %s", cases[i].ref, got);
        mem_free(got);
    }
}

Test(url_resolve, the_examples_of_rfc_3986)
{
    static const struct resolve_case cases[] = {
        // §5.4.1, without parameters and fragments of their own
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        // §5.4.2
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
    };
    expect_all("http://a/b/c/d;p?q", cases, ARRAY_LEN(cases));
}

Test(url_resolve, what_servers_send)
{
    static const struct resolve_case cases[] = {
        {"https://cdn.x/a?Signature=b", "https://cdn.x/a?Signature=b"},
        {"http://h/a", "http://h/a"}, // whether that is allowed is the redirect's rule
        {"/api/resolve-cache/models/o/n/sha/a%20b.json?etag=%22x%22",
         "https://h/api/resolve-cache/models/o/n/sha/a%20b.json?etag=%22x%22"},
        {"/a/%2e%2E/b", "https://h/b"},
        {"/a/.%2e/%2e/b", "https://h/b"},
        {"https://cdn.x/a/../../b", "https://cdn.x/b"},
        {"https://cdn.x", "https://cdn.x/"},
        {"https://cdn.x?a=b", "https://cdn.x/?a=b"},
        {"/ä", "https://h/%C3%A4"},
        {"//cdn.x/ä", "https://cdn.x/%C3%A4"},
        {"/a//b", "https://h/a//b"},
        {"/a//../b", "https://h/a/b"},
        {"/...", "https://h/..."},
        {"/a?u=http://x/../y", "https://h/a?u=http://x/../y"},
    };
    expect_all("https://h/o/n/resolve/main/f", cases, ARRAY_LEN(cases));
}

Test(url_resolve, a_base_without_a_path)
{
    static const struct resolve_case cases[] = {
        {"", "https://h/"},
        {"g", "https://h/g"},
        {"?q", "https://h/?q"},
        {"..", "https://h/"},
    };
    expect_all("https://h", cases, ARRAY_LEN(cases));
}

Test(url_resolve, other_schemes_and_bad_text_are_refused)
{
    static const char *const cases[] = {
        "file:///etc/passwd",
        "ftp://h/a",
        "data:text/html,x",
        "gopher:x",
        "https:a",
        "https:/a",
        "https://u:p@h/",
        "//u@h/",
        "///a",
        "//",
        "/a b",
        "/a\\b",
        "\\\\h\\a",
        "/a\r\nb",
        "/\x1b",
        "a:b",
        "//h:99999/",
        "https://[::1",
        "javascript:alert(1)",
        "HTTPS:\\\\h",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = NULL;
        cr_expect_eq(url_resolve("https://h/a/b", cases[i], &got, NULL), ERR_REFUSED, "%s",
                     cases[i]);
        cr_expect_null(got);
    }
}

Test(url_resolve, a_reference_of_any_length_is_answered)
{
    enum { LENGTHS = 4 };
    static const size_t lengths[LENGTHS] = {URL_MAX_BYTES, URL_MAX_BYTES + 1, 3 * URL_ROOM,
                                            1024 * 1024};
    for (size_t i = 0; i < LENGTHS; i++) {
        char *ref = mem_new(lengths[i] + 1);
        memset(ref, i % 2 ? '\xe4' : 'x', lengths[i]);
        char *got = NULL;
        cr_expect_eq(url_resolve("https://h/a/b", ref, &got, NULL), ERR_REFUSED);
        mem_free(ref);
    }
}
