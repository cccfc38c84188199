#include "tests/unit/support/fetch.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

enum { BODY_MAX = 1 << 30, TIMEOUT_MS = 20000 };

static size_t add(char *data, size_t size, size_t count, void *user)
{
    struct buf *b = user;
    return buf_try_add(b, data, size * count) ? size * count : 0;
}

static void slist_freep(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

struct fetch fetch(const char *url, const struct fetch_with *w)
{
    struct fetch f = {0};
    buf_init(&f.head, BODY_MAX);
    buf_init(&f.body, BODY_MAX);
    CURL *c = w && w->curl ? w->curl : curl_easy_init();
    SCOPED(slist_freep) struct curl_slist *headers = NULL;
    if (w && w->header) headers = curl_slist_append(NULL, w->header);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, add);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &f.head);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, add);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &f.body);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, w && w->timeout_ms ? w->timeout_ms : (long)TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    if (w) {
        curl_easy_setopt(c, CURLOPT_NOBODY, w->head ? 1L : 0L);
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, w->follow ? 1L : 0L);
        curl_easy_setopt(c, CURLOPT_RANGE, w->range);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
        if (w->post) curl_easy_setopt(c, CURLOPT_POSTFIELDS, w->post);
        if (w->proxy) curl_easy_setopt(c, CURLOPT_PROXY, w->proxy);
        if (w->proxy) curl_easy_setopt(c, CURLOPT_NOPROXY, "");
        if (w->ca) curl_easy_setopt(c, CURLOPT_CAINFO, w->ca);
    }
    f.code = (int)curl_easy_perform(c);
    f.ok = f.code == (int)CURLE_OK;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &f.status);
    curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &f.version);
    if (!w || !w->curl) curl_easy_cleanup(c);
    return f;
}

struct fetch fetch_at(const char *base, const char *path, const struct fetch_with *w)
{
    SCOPED(mem_freep) char *url = mem_printf("%s%s", base, path);
    return fetch(url, w);
}

long fetch_status(const char *base, const char *path)
{
    struct fetch f = fetch_at(base, path, NULL);
    fetched_done(&f);
    return f.status;
}

void fetched_done(struct fetch *f)
{
    buf_done(&f->head);
    buf_done(&f->body);
}

char *fetch_header(const struct fetch *f, const char *name)
{
    char *found = NULL;
    size_t n = strlen(name);
    for (const char *line = buf_str(&f->head); *line;) {
        size_t len = strcspn(line, "\r\n");
        if (len > n && line[n] == ':' && strncasecmp(line, name, n) == 0) {
            size_t skip = n + 1 + strspn(line + n + 1, " ");
            mem_free(found);
            found = mem_strndup(line + skip, len - skip);
        }
        line += len;
        line += strspn(line, "\r\n");
    }
    return found;
}

bool fetch_header_is(const struct fetch *f, const char *name, const char *value)
{
    SCOPED(mem_freep) char *found = fetch_header(f, name);
    return found && strcmp(found, value) == 0;
}

bool fetch_body_is(const struct fetch *f, const char *text)
{
    return f->body.len == strlen(text) && memcmp(buf_str(&f->body), text, f->body.len) == 0;
}
