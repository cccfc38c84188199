#include "tests/support/nginx.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "tests/support/loopback.h"
#include "tests/support/proc.h"
#include "tests/support/tmpdir.h"

enum { CONF_MAX = 64 * 1024, CHECK_MS = 30000, STOP_MS = 10000 };

struct nginx {
    char *dir; // prefix: configuration, certificates, logs
    char *url;
    char *ca;
    unsigned port;
    struct proc *proc;
};

bool nginx_available(void)
{
    const char *const argv[] = {"nginx", "-v", NULL};
    SCOPED(proc_freep) struct proc *p = NULL;
    return proc_run(&(struct proc_spec){.argv = argv}, CHECK_MS, &p) && proc_status(p) == 0;
}

bool nginx_ipv6_available(void)
{
    unsigned port = 0;
    int fd = loopback_listen_ipv6(0, &port);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

/* In the foreground, nothing written outside its prefix. Not `master_process off`: that mode
 * crashes over inherited sockets. */
static void add_frame(struct buf *b)
{
    if (geteuid() == 0) buf_adds(b, "user root;\n"); // else it cannot read our directories
    buf_adds(b, "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log error.log;\n"
                "events { worker_connections 1024; }\n"
                "http {\n  sendfile on; tcp_nopush on; keepalive_requests 1000000;\n"
                "  default_type application/octet-stream;\n"
                "  log_format one '$request_method $request_uri $status \"$http_range\" "
                "$server_protocol';\n  access_log access.log one;\n");
    static const char *const temporary[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
    for (size_t i = 0; i < ARRAY_LEN(temporary); i++) {
        buf_addf(b, "  %s_temp_path tmp_%s;\n", temporary[i], temporary[i]);
    }
}

static const char *host_of(const struct nginx_options *o)
{
    return o->ipv6 ? "[::1]" : "127.0.0.1";
}

static void add_server(struct buf *b, const struct nginx_options *o, unsigned port)
{
    buf_addf(b, "  server {\n    listen %s:%u%s%s;\n", host_of(o), port, o->tls ? " ssl" : "",
             o->http2 ? " http2" : "");
    if (o->tls)
        buf_adds(b, "    ssl_certificate server.pem;\n"
                    "    ssl_certificate_key server.key;\n");
    if (o->root) buf_addf(b, "    root %s;\n", o->root);
    if (o->proxy) {
        buf_addf(b,
                 "    location / { proxy_pass %s; proxy_http_version 1.1; proxy_buffering off;\n"
                 "      proxy_set_header Connection \"\"; proxy_set_header Host $http_host; }\n",
                 o->proxy);
    }
    buf_addf(b, "    %s\n  }\n}\n", o->extra ? o->extra : "");
}

static void write_conf(const struct nginx *n, const struct nginx_options *o)
{
    struct buf b;
    buf_init(&b, CONF_MAX);
    add_frame(&b);
    add_server(&b, o, n->port);
    tmpdir_put(n->dir, "nginx.conf", buf_str(&b), b.len);
    buf_done(&b);
}

/* Says what is wrong before anything waits for an answer. */
static enum err check(const char *const *argv, struct why *why)
{
    SCOPED(proc_freep) struct proc *p = NULL;
    if (!proc_run(&(struct proc_spec){.argv = argv}, CHECK_MS, &p) || proc_status(p) != 0) {
        return fail(why, ERR_INTERNAL, "nginx refuses: %.400s", p ? proc_err(p) : "not started");
    }
    return OK;
}

/* The socket becomes descriptor 3; the variable NGINX lists those it shall take over. */
static enum err run(struct nginx *n, int fd, struct why *why)
{
    SCOPED(mem_freep) char *prefix = mem_printf("%s/", n->dir);
    SCOPED(mem_freep) char *conf = mem_printf("%s/nginx.conf", n->dir);
    SCOPED(mem_freep) char *log = mem_printf("%s/start.log", n->dir);
    const char *const test[] = {"nginx", "-t", "-q", "-p", prefix, "-c", conf, "-e", log, NULL};
    const char *const argv[] = {"nginx", "-p", prefix, "-c", conf, "-e", log, NULL};
    const char *const env[] = {"NGINX=3;", NULL};
    enum err e = check(test, why);
    if (e) return e;
    // SIGTERM: the master takes its worker along, which it could not when killed.
    const struct proc_spec s = {.argv = argv, .env = env, .extra_fd = fd, .death_signal = SIGTERM};
    return proc_start(&s, &n->proc, why);
}

enum err nginx_start(const struct nginx_options *o, struct nginx **ret, struct why *why)
{
    SCOPED(nginx_freep) struct nginx *n = mem_new(sizeof(*n));
    n->dir = tmpdir_new();
    n->ca = mem_printf("%s/ca.pem", n->dir);
    if (o->tls) {
        enum err e = test_ca_make(n->dir, &o->cert, why);
        if (e) return e;
    }
    int fd = o->ipv6 ? loopback_listen_ipv6(0, &n->port) : loopback_listen(&n->port);
    if (fd < 0) return fail_errno(why, "cannot listen on %s", host_of(o));
    n->url = o->tls ? mem_printf("https://localhost:%u", n->port)
                    : mem_printf("http://%s:%u", host_of(o), n->port);
    write_conf(n, o);
    enum err e = run(n, fd, why);
    close(fd);
    if (e) return e;
    *ret = TAKE(n);
    return OK;
}

void nginx_free(struct nginx *n)
{
    if (!n) return;
    if (n->proc) {
        proc_signal(n->proc, SIGTERM);
        bool ended = proc_wait(n->proc, STOP_MS); // else proc_free kills it
        (void)ended;
    }
    proc_free(n->proc);
    tmpdir_free(n->dir);
    mem_free(n->url);
    mem_free(n->ca);
    mem_free(n);
}

const char *nginx_url(const struct nginx *n)
{
    return n->url;
}

unsigned nginx_port(const struct nginx *n)
{
    return n->port;
}

const char *nginx_ca(const struct nginx *n)
{
    return n->ca;
}

char *nginx_log(const struct nginx *n)
{
    char *text = tmpdir_get(n->dir, "access.log", NULL);
    return text ? text : mem_strdup("");
}
