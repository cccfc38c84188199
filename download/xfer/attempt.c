#include "download/xfer/attempt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/xfer/easy.h"
#include "download/xfer/pacing.h"
#include "download/xfer/verdict.h"
#include "download/xfer/via.h"

enum { DROP_MAX = 64 * 1024 }; // a small body we do not want costs less than a new connection

static size_t stop(struct attempt *a, enum cause cause, const char *sentence)
{
    if (a->cause == CAUSE_NONE) {
        a->cause = cause;
        if (sentence) err_ignore(fail(&a->why, ERR_NETWORK, "%s", sentence));
    }
    return 0; // curl ends the transfer with CURLE_WRITE_ERROR
}

/* Headers of the final response are complete: what follows, and do we want it? */
static void judge(struct attempt *a)
{
    struct exchange *x = a->exchange;
    long status = 0;
    curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
    a->judged = true;
    x->reply.outcome.status = (int)status;
    if (!x->sink) {
        a->cause = verdict_call((int)status, &x->reply.headers);
        a->dropping = x->request.body_max == 0;
        return;
    }
    struct verdict_ask ask = {x->from, x->to, x->size, x->if_range};
    uint64_t length = TO_THE_END;
    a->cause =
        verdict_body(&ask, (int)status, &x->reply.headers, &length, &x->learned_size, &a->why);
    a->dropping = a->cause != CAUSE_NONE;
    if (a->cause == CAUSE_NONE && length != TO_THE_END && x->from + length < a->end) {
        a->end = x->from + length;
    }
}

static size_t add_header_line(struct attempt *a, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (!colon || colon == line) return len; // not a field: nothing we use (RFC 9112 §5)
    const char *value = colon + 1;
    size_t value_len = len - (size_t)(value - line);
    while (value_len && (*value == ' ' || *value == '\t')) {
        value++;
        value_len--;
    }
    while (value_len && strchr(" \t\r\n", value[value_len - 1]))
        value_len--;
    struct headers *h = &a->exchange->reply.headers;
    if (headers_add(h, line, (size_t)(colon - line), value, value_len)) return len;
    return stop(a, CAUSE_TOO_LARGE, "the reply's headers are too large");
}

static size_t on_header(char *line, size_t unit, size_t count, void *user)
{
    struct attempt *a = user;
    size_t len = unit * count;
    a->heard += len;
    if (a->judged) return len; // trailers
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
        headers_reset(&a->exchange->reply.headers); // 1xx came before
        return len;
    }
    if (len > 2 || (len && line[0] != '\r' && line[0] != '\n')) {
        return add_header_line(a, line, len);
    }
    long status = 0;
    curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200) judge(a);
    return len;
}

static size_t drop(struct attempt *a, size_t len)
{
    a->dropped += len;
    if (a->dropped <= DROP_MAX) return len;
    return stop(a, CAUSE_TOO_LARGE, "an unwanted body is too large to read to its end");
}

static size_t collect(struct attempt *a, const char *data, size_t len)
{
    if (buf_try_add(&a->exchange->reply.body, data, len)) return len;
    return stop(a, CAUSE_TOO_LARGE, "the reply is too large");
}

/* So far beyond the rate limit that pacing between turns comes too late: libcurl keeps these bytes
 * and reads no more. */
static bool must_rest(struct attempt *a, size_t len)
{
    const struct limits *l = &a->net->limits;
    if (!limits_rate(l) && !l->passed) return false;
    uint64_t now = clock_now_ns();
    a->resting = limits_wait_ns(l, now) > PACING_MOST_NS;
    a->rested_ns = now;
    if (!a->resting) limits_received(l, len, now);
    return a->resting;
}

static size_t on_body(char *data, size_t unit, size_t count, void *user)
{
    struct attempt *a = user;
    struct exchange *x = a->exchange;
    size_t len = unit * count;
    a->heard += len; // also of what libcurl is asked to keep: it was heard
    if (!a->judged) return stop(a, CAUSE_PROTOCOL, "a body came without headers");
    if (a->dropping) return drop(a, len);
    if (!x->sink) return collect(a, data, len);
    uint64_t at = x->from + a->received;
    size_t wanted = len;
    if (a->end != TO_THE_END && at + len > a->end) wanted = (size_t)(a->end - at);
    if (must_rest(a, len)) return CURL_WRITEFUNC_PAUSE;
    a->sink_error = sink_write(x->sink, data, wanted, &a->why);
    if (a->sink_error) return stop(a, CAUSE_DISK, NULL);
    if (!a->first_byte_ns) a->first_byte_ns = clock_now_ns() - a->started_ns;
    a->received += wanted;
    if (attempt_cut_off(a)) return 0; // the next byte may be long in coming
    if (wanted == len) return len;
    return stop(a, CAUSE_RANGE, "more bytes came than were asked for");
}

enum err attempt_start(struct attempt *a, CURL *easy, struct exchange *take_x,
                       const struct net *net, bool http2, struct why *why)
{
    *a = (struct attempt){.easy = easy,
                          .exchange = take_x,
                          .net = net,
                          .end = take_x->to,
                          .started_ns = clock_now_ns()};
    list_init(&a->node);
    a->read_bytes = (uint64_t)easy_read_bytes(net, take_x);
    enum err e = easy_setup(easy, net, take_x, http2, &a->lists, why);
    if (e) return e;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, a);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, a->error_text);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, a);
    return OK;
}

uint64_t attempt_cut(struct attempt *a, uint64_t end)
{
    uint64_t at = a->exchange->from + a->received;
    uint64_t real = end > at ? end : at;
    if (real < a->end) {
        a->end = real;
        a->was_cut = true;
    }
    return a->end;
}

bool attempt_cut_off(struct attempt *a)
{
    if (!a->was_cut || a->exchange->from + a->received < a->end) return false;
    stop(a, CAUSE_CUT, NULL);
    return true;
}

void attempt_rest(struct attempt *a)
{
    if (a->resting || !a->judged || a->dropping || !a->exchange->sink) return;
    a->resting = curl_easy_pause(a->easy, CURLPAUSE_RECV) == CURLE_OK;
    a->rested_ns = clock_now_ns();
}

void attempt_go_on(struct attempt *a)
{
    a->resting = false;
    curl_easy_pause(a->easy, CURLPAUSE_CONT); // delivers at once; what fails comes as its result
}

/* Before that the connect time-out counts. */
static bool request_sent(const struct attempt *a)
{
    curl_off_t us = 0;
    curl_easy_getinfo(a->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
    return us > 0;
}

bool attempt_stalled(struct attempt *a, uint64_t dt_ns)
{
    if (a->heard != a->heard_before || (!a->heard && !request_sent(a))) {
        a->heard_before = a->heard;
        a->silent_ns = 0;
        return false;
    }
    if (a->resting) return false;
    a->silent_ns += dt_ns;
    if (a->silent_ns < a->net->stall_timeout_s * SECOND_NS) return false;
    a->cause = CAUSE_STALLED;
    err_ignore(fail(&a->why, ERR_NETWORK, "no byte for %" PRIu64 " s", a->net->stall_timeout_s));
    return true;
}

/* What curl's own errors mean to us; everything else is a lost connection, worth a retry. */
static enum cause cause_of(CURLcode rc, long connect_code)
{
    static const struct {
        CURLcode rc;
        enum cause cause;
    } ROWS[] = {
        {CURLE_COULDNT_RESOLVE_HOST, CAUSE_DNS},
        {CURLE_COULDNT_RESOLVE_PROXY, CAUSE_PROXY},
        {CURLE_PROXY, CAUSE_PROXY},
        {CURLE_COULDNT_CONNECT, CAUSE_CONNECT},
        {CURLE_INTERFACE_FAILED, CAUSE_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, CAUSE_STALLED},
        {CURLE_SSL_CONNECT_ERROR, CAUSE_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, CAUSE_TLS},
        {CURLE_SSL_CACERT_BADFILE, CAUSE_TLS},
        {CURLE_SSL_ISSUER_ERROR, CAUSE_TLS},
        {CURLE_UNSUPPORTED_PROTOCOL, CAUSE_PROTOCOL},
        {CURLE_WEIRD_SERVER_REPLY, CAUSE_PROTOCOL},
        {CURLE_BAD_CONTENT_ENCODING, CAUSE_ENCODED},
    };
    if (connect_code == 407) return CAUSE_PROXY_AUTH;
    if (connect_code >= 400) return CAUSE_PROXY;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (ROWS[i].rc == rc) return ROWS[i].cause;
    }
    return CAUSE_RESET;
}

/* A certificate problem is final; a handshake cut short by the network is not. */
static enum cause refine_tls(const struct attempt *a, CURLcode rc, enum cause cause)
{
    if (cause != CAUSE_TLS || rc != CURLE_SSL_CONNECT_ERROR) return cause;
    long os_error = 0;
    curl_easy_getinfo(a->easy, CURLINFO_OS_ERRNO, &os_error);
    bool cut = os_error != 0 || strstr(a->error_text, "SSL_ERROR_SYSCALL") != NULL ||
               strstr(a->error_text, "unexpected eof") != NULL;
    return cut ? CAUSE_RESET : CAUSE_TLS;
}

/* What libcurl says, unless it quotes the proxy with its credentials. */
static const char *words_of(const struct attempt *a, CURLcode rc)
{
    const char *proxy = via_proxy(a->net, a->exchange->request.url);
    bool quoted = proxy && strstr(a->error_text, proxy);
    return a->error_text[0] && !quoted ? a->error_text : curl_easy_strerror(rc);
}

static void settle_cause(struct attempt *a, CURLcode rc)
{
    struct exchange *x = a->exchange;
    struct outcome *o = &x->reply.outcome;
    long connect_code = 0;
    curl_easy_getinfo(a->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
    if (a->cause == CAUSE_NONE && a->cancelled) a->cause = CAUSE_CANCELLED;
    if (a->cause == CAUSE_NONE && rc) {
        a->cause = refine_tls(a, rc, cause_of(rc, connect_code));
        err_ignore(fail(&a->why, ERR_NETWORK, "%s", words_of(a, rc)));
    }
    /* A message without length that ended early looks complete to curl. */
    uint64_t at = x->from + a->received;
    if (x->sink && a->cause == CAUSE_NONE && a->end != TO_THE_END && at < a->end) {
        a->cause = CAUSE_RESET;
        err_ignore(fail(&a->why, ERR_NETWORK, "the body ended early"));
    }
    bool status_only = a->cause == CAUSE_STATUS || a->cause == CAUSE_NONE;
    if (o->status == 407 && o->proxy[0] && status_only) a->cause = CAUSE_PROXY_AUTH;
    o->cause = a->cause;
    o->why = a->why;
}

static void note_host(const struct attempt *a)
{
    /* scheme://HOST/…: enough for a message, the URL itself may be signed */
    const char *url = a->exchange->request.url;
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    int len = (int)strcspn(host, "/?#");
    snprintf(a->exchange->reply.outcome.host, OUTCOME_HOST_MAX, "%.*s", len, host);
}

/* With exceptions only libcurl knows: it was in use when libcurl names it, or reached its port. */
static bool proxy_used(const struct attempt *a, const char *shown)
{
    if (str_empty(a->net->no_proxy)) return true;
    size_t host_len = strcspn(shown, ":");
    if (a->error_text[0] && memmem(a->error_text, strlen(a->error_text), shown, host_len)) {
        return true;
    }
    uint64_t port = 0;
    long reached = 0;
    curl_easy_getinfo(a->easy, CURLINFO_PRIMARY_PORT, &reached);
    bool has_port = shown[host_len] && str_u64(shown + host_len + 1, UINT16_MAX, &port);
    return has_port && reached == (long)port;
}

static void note_proxy(const struct attempt *a)
{
    struct outcome *o = &a->exchange->reply.outcome;
    const char *proxy = via_proxy(a->net, a->exchange->request.url);
    if (!proxy) return;
    via_show(proxy, o->proxy, sizeof(o->proxy));
    if (!proxy_used(a, o->proxy)) o->proxy[0] = '\0';
}

/* Through a proxy libcurl knows the proxy's address only. */
const char *attempt_address(const struct attempt *a)
{
    char *address = NULL;
    bool proxy = via_proxy(a->net, a->exchange->request.url);
    if (!proxy) curl_easy_getinfo(a->easy, CURLINFO_PRIMARY_IP, &address);
    return address ? address : "";
}

void attempt_door(const struct attempt *a, struct door *ret)
{
    char *address = NULL;
    long port = 0;
    curl_easy_getinfo(a->easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(a->easy, CURLINFO_PRIMARY_PORT, &port);
    snprintf(ret->address, sizeof(ret->address), "%s", address ? address : "");
    ret->port = (uint16_t)port;
}

static void note_connection(const struct attempt *a)
{
    struct outcome *o = &a->exchange->reply.outcome;
    long made = 0;
    char *address = NULL;
    curl_easy_getinfo(a->easy, CURLINFO_NUM_CONNECTS, &made);
    curl_easy_getinfo(a->easy, CURLINFO_PRIMARY_IP, &address);
    o->connections = made > 0 ? (unsigned)made : 0;
    o->reached = !str_empty(address);
    snprintf(o->address, sizeof(o->address), "%s", attempt_address(a));
}

void attempt_finish(struct attempt *a, CURLcode rc)
{
    struct exchange *x = a->exchange;
    if (x->sink && a->received && !a->sink_error) {
        a->sink_error = sink_flush(x->sink, &a->why);
        if (a->sink_error) a->cause = CAUSE_DISK;
    }
    note_proxy(a);
    note_connection(a);
    settle_cause(a, rc);
    verdict_note(&x->reply.headers, &x->reply.outcome);
    note_host(a);
    x->reached = x->from + (x->sink ? x->sink->stored : 0);
    x->reply.outcome.body_bytes = x->sink ? x->sink->stored : x->reply.body.len;
    easy_lists_done(&a->lists);
}
