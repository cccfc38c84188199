/* First line: base, second: reference. What resolves is a URL, has no dot segments, resolves to
 * itself and never changes the scheme to what was not written; what is shown is harmless. */
#include "download/source/url.h"

#include "download/base/scoped.h"
#include "download/source/request.h"
#include "tests/fuzz/harmless.h"

static void check_segments(const char *path)
{
    size_t len = strcspn(path, "?");
    for (const char *p = path; p < path + len;) {
        size_t n = strcspn(p + 1, "/?");
        MUST(!(n == 1 && p[1] == '.'));
        MUST(!(n == 2 && p[1] == '.' && p[2] == '.'));
        p += 1 + n;
    }
}

static void check_url(const char *text)
{
    struct url u;
    char host[URL_HOST_MAX + 8];
    MUST(url_parse(text, &u, NULL) == OK);
    MUST(strlen(text) <= URL_MAX_BYTES);
    MUST(*u.path == '/');
    MUST(u.host[0] && u.port > 0);
    check_segments(u.path);
    url_host_text(&u, host, sizeof(host));
    must_be_harmless(host);
    MUST(!strchr(text, '#') && !strchr(text, '\\') && !strchr(text, ' '));

    SCOPED(mem_freep) char *same = NULL;
    MUST(url_resolve(text, "", &same, NULL) == OK);
    MUST(strcmp(text, same) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *base = text_of(data, size);
    char *ref = strchr(base, '\n');
    if (ref) *ref++ = '\0';
    char shown[200];
    url_redact(ref ? ref : base, shown, sizeof(shown));
    must_be_harmless(shown);

    struct why why = {""};
    SCOPED(mem_freep) char *found = NULL;
    enum err e = url_resolve(base, ref ? ref : "", &found, &why);
    MUST(e == OK || e == ERR_REFUSED);
    must_be_harmless(why.text);
    if (!e && strlen(found) <= URL_MAX_BYTES) check_url(found);

    SCOPED(mem_freep) char *decoded = mem_new(strlen(base) + 1);
    if (url_decode(base, strlen(base), decoded)) {
        struct buf b;
        buf_init(&b, 3 * strlen(decoded) + 1);
        url_add_encoded(&b, decoded, false);
        MUST(url_decode(buf_str(&b), b.len, base)); // at most as long as it was
        MUST(strcmp(base, decoded) == 0);
        buf_done(&b);
    }
    return 0;
}
