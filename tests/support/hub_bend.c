/* What a fault rule does to status and headers of an answer. */
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_reply.h"

static void add_header_lines(struct hub_reply *r, const char *lines)
{
    for (const char *p = lines; *p;) {
        size_t len = strcspn(p, "\n");
        SCOPED(mem_freep) char *line = mem_strndup(p, len);
        char *colon = strchr(line, ':');
        if (colon) {
            *colon = '\0';
            hub_reply_set(r, line, "%s", colon + 1 + strspn(colon + 1, " "));
        }
        p += len;
        if (*p) p++;
    }
}

static void bend_body(struct hub_reply *r, const struct hub_fault *f)
{
    bool keeps_body = f->status == 0 || f->status == 200 || f->status == 206;
    if (f->body) {
        hub_reply_text(r, f->status ? f->status : 200, "application/json; charset=utf-8", f->body);
    } else if (!keeps_body) {
        hub_reply_error(r, f->status, NULL, "told to answer %u", f->status);
        hub_reply_unset(r, "X-Error-Message");
    } else if (f->status) {
        r->status = f->status;
    }
}

static void bend_etag(struct hub_reply *r, const char *etag)
{
    if (*etag) {
        hub_reply_set(r, "ETag", "%s", etag);
    } else {
        hub_reply_unset(r, "ETag");
    }
}

static void bend_range(struct hub_reply *r, const struct hub_fault *f)
{
    if (f->as_200) {
        r->status = 200;
        hub_reply_unset(r, "Content-Range");
    }
    if (!f->content_range) return;
    if (*f->content_range) {
        hub_reply_set(r, "Content-Range", "%s", f->content_range);
    } else {
        hub_reply_unset(r, "Content-Range");
    }
}

void hub_reply_bend(struct hub_reply *r)
{
    const struct hub_fault *f = &r->fault;
    if (!r->faulty) return;
    bend_body(r, f);
    if (f->location) {
        hub_reply_text(r, f->status ? f->status : 302, "text/plain", "elsewhere\n");
        hub_reply_set(r, "Location", "%s", f->location);
    }
    if (f->etag) bend_etag(r, f->etag);
    if (f->encoding) hub_reply_set(r, "Content-Encoding", "%s", f->encoding);
    bend_range(r, f);
    if (f->headers) add_header_lines(r, f->headers);
}
