#include "tests/support/hub_server.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/support/loopback.h"

enum {
    BLOCK_BYTES = 256 * 1024,     // of a body, generated and sent at once
    CONNECTION_BYTES = 64 * 1024, // MHD's memory for request and reply headers
    STACK_BYTES = 512 * 1024,     // of a connection's thread
    MAX_CONNECTIONS = 2000,
    UPLOAD_MAX = 1024 * 1024,
};

struct hub_server {
    struct hub *hub;
    enum hub_origin origin;
    struct MHD_Daemon *daemon;
    unsigned port;
};

/* One request and its answer; begins with the request line, ends when the body is out. Only the
 * thread of its connection touches it. */
struct exchange {
    struct hub_server *server;
    char *target;
    bool headers_seen; // the handler's first call only announces them
    struct buf upload;
    struct hub_reply reply;
    struct hub_body body;
    bool logged;
};

/* ---- request ---- */

static void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *c)
{
    (void)c;
    struct exchange *x = mem_new(sizeof(*x));
    x->server = cls;
    x->target = mem_strdup(uri);
    buf_init(&x->upload, UPLOAD_MAX);
    hub_reply_init(&x->reply);
    return x;
}

static void exchange_end(void *cls, struct MHD_Connection *c, void **req_cls,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)c;
    (void)code;
    struct exchange *x = *req_cls;
    if (!x) return;
    *req_cls = NULL;
    hub_body_done(&x->body);
    if (x->logged) hub_log_end(x->server->hub->log, x->body.log_id);
    hub_reply_done(&x->reply);
    buf_done(&x->upload);
    mem_free(x->target);
    mem_free(x);
}

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum hub_origin origin_of(const struct exchange *x)
{
    bool cdn = x->server->hub->opt.one_origin && str_starts(x->target, "/xet-bridge-us/");
    return cdn ? HUB_AT_CDN : x->server->origin;
}

static struct hub_request request_of(struct exchange *x, struct MHD_Connection *c,
                                     const char *method)
{
    return (struct hub_request){.origin = origin_of(x),
                                .method = method,
                                .target = x->target,
                                .range = header(c, "Range"),
                                .if_range = header(c, "If-Range"),
                                .authorization = header(c, "Authorization"),
                                .user_agent = header(c, "User-Agent"),
                                .body = buf_str(&x->upload),
                                .body_len = x->upload.len};
}

static unsigned connection_number(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const unsigned *number = info ? info->socket_context : NULL;
    return number ? *number : 0;
}

static int connection_fd(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void log_request(struct exchange *x, const struct hub_request *q, struct MHD_Connection *c)
{
    struct hub_log_entry e = {.at_ns = clock_now_ns(),
                              .origin = q->origin,
                              .route = x->reply.route,
                              .method = q->method,
                              .target = q->target,
                              .file = x->reply.path,
                              .range = q->range,
                              .authorization = q->authorization,
                              .user_agent = q->user_agent,
                              .connection = connection_number(c),
                              .status = x->reply.fault.hang_up ? 0 : x->reply.status};
    x->body.log_id = hub_log_begin(x->server->hub->log, &e);
    x->logged = true;
}

/* ---- answer ---- */

static ssize_t read_body(void *cls, uint64_t pos, char *buf, size_t max)
{
    _Static_assert(HUB_BODY_END == MHD_CONTENT_READER_END_OF_STREAM, "as MHD says it");
    _Static_assert(HUB_BODY_ERROR == MHD_CONTENT_READER_END_WITH_ERROR, "as MHD says it");
    struct exchange *x = cls;
    return hub_body_read(&x->body, pos, buf, max);
}

static struct MHD_Response *response_of(struct exchange *x)
{
    const struct hub_reply *r = &x->reply;
    uint64_t length = hub_reply_length(r);
    size_t block = length < BLOCK_BYTES ? (size_t)length + 1 : BLOCK_BYTES;
    uint64_t told = r->fault.length == HUB_NEVER ? length : r->fault.length;
    if (r->fault.chunked) told = MHD_SIZE_UNKNOWN;
    struct MHD_Response *m = MHD_create_response_from_callback(told, block, read_body, x, NULL);
    if (!m) return NULL;
    for (size_t i = 0; i < r->header_count; i++) {
        (void)MHD_add_response_header(m, r->headers[i].name, r->headers[i].value);
    }
    return m;
}

static enum MHD_Result send_reply(struct exchange *x, struct MHD_Connection *c)
{
    const struct hub_fault *f = &x->reply.fault;
    if (f->delay_ms && !hub_wait_ms(x->server->hub, x->body.fd, f->delay_ms)) return MHD_NO;
    if (f->hang_up) return MHD_NO;
    struct MHD_Response *m = response_of(x);
    if (!m) return MHD_NO;
    enum MHD_Result sent = MHD_queue_response(c, x->reply.status, m);
    MHD_destroy_response(m);
    return sent;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **req_cls)
{
    (void)cls;
    (void)url;
    (void)version;
    struct exchange *x = *req_cls;
    if (!x->headers_seen) {
        x->headers_seen = true;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        buf_add(&x->upload, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    struct hub_request q = request_of(x, c, method);
    x->body = (struct hub_body){.hub = x->server->hub, .reply = &x->reply, .fd = connection_fd(c)};
    hub_answer(x->server->hub, &q, &x->reply);
    log_request(x, &q, c);
    return send_reply(x, c);
}

static void connection_event(void *cls, struct MHD_Connection *c, void **context,
                             enum MHD_ConnectionNotificationCode what)
{
    (void)c;
    struct hub_server *s = cls;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        unsigned *number = mem_new(sizeof(*number));
        *number = atomic_fetch_add(&s->hub->connections, 1) + 1;
        *context = number;
    } else {
        mem_free(*context);
        *context = NULL;
    }
}

/* Paths stay percent-encoded: "refs%2Fpr%2F1" is one segment. */
static size_t keep_encoded(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls;
    (void)c;
    return strlen(s);
}

/* ---- start and stop ---- */

enum err hub_server_start(struct hub *h, enum hub_origin origin, struct hub_server **ret,
                          struct why *why)
{
    unsigned port = 0;
    bool six = h->opt.ipv6_port && origin == HUB_AT_ENDPOINT;
    int fd = six ? loopback_listen_ipv6(h->opt.ipv6_port, &port) : loopback_listen(&port);
    if (fd < 0) return fail_errno(why, "cannot listen on %s", six ? "[::1]" : "127.0.0.1");
    struct hub_server *s = mem_new(sizeof(*s));
    *s = (struct hub_server){.hub = h, .origin = origin, .port = port};
    s->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL,
        NULL, handle, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin,
        s, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, s, MHD_OPTION_NOTIFY_CONNECTION,
        connection_event, s, MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
        MHD_OPTION_END);
    if (!s->daemon) {
        close(fd);
        mem_free(s);
        return fail(why, ERR_INTERNAL, "libmicrohttpd does not start");
    }
    *ret = s;
    return OK;
}

unsigned hub_server_port(const struct hub_server *s)
{
    return s->port;
}

void hub_server_stop(struct hub_server *s)
{
    if (!s) return;
    MHD_stop_daemon(s->daemon);
    mem_free(s);
}
