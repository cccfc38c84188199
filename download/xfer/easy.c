#include "download/xfer/easy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/buf.h"
#include "download/base/secret.h"
#include "download/base/str.h"
#include "download/xfer/pacing.h"
#include "download/xfer/via.h"

enum {
    BUFFER_PLAIN =
        512 * 1024,         // measured (peers.md §7): a third less CPU than 100 KiB on plain HTTP
    BUFFER_TLS = 64 * 1024, // no gain from more: records are 16 KiB
    RECORD_TLS = 16 * 1024, // at most (RFC 8446 §5.1)
    KEEPALIVE_S = 30,
    HEADER_LINE_MAX = 16 * 1024,
};

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer) return false;
    *list = longer;
    return true;
}

static bool add_token(struct curl_slist **list, const struct secret *token)
{
    struct buf line;
    buf_init(&line, HEADER_LINE_MAX);
    buf_addf(&line, "Authorization: Bearer %s", secret_reveal(token));
    bool ok = !line.overflowed && add_header(list, buf_str(&line));
    if (line.data) explicit_bzero(line.data, line.len);
    buf_done(&line);
    return ok;
}

static bool make_headers(const struct net *net, const struct exchange *x, struct curl_slist **ret)
{
    bool ok = x->request.compressed || add_header(ret, "Accept-Encoding: identity");
    if (ok && x->request.send_token && net->token) ok = add_token(ret, net->token);
    if (ok && x->if_range) {
        struct buf line;
        buf_init(&line, HEADER_LINE_MAX);
        buf_addf(&line, "If-Range: %s", x->if_range);
        ok = !line.overflowed && add_header(ret, buf_str(&line));
        buf_done(&line);
    }
    return ok;
}

static CURLcode set_range(CURL *easy, const struct exchange *x)
{
    if (!x->sink) return CURLE_OK;
    char range[48];
    if (x->to == TO_THE_END) {
        snprintf(range, sizeof(range), "%" PRIu64 "-", x->from);
    } else {
        snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, x->from, x->to - 1);
    }
    return curl_easy_setopt(easy, CURLOPT_RANGE, range);
}

/* What is the same for every request of the run, and cannot be refused by a sane libcurl. */
static CURLcode set_rules(CURL *easy, const struct net *net, bool http2)
{
    CURLcode rc = CURLE_OK;
#define SET(option, value)                                                                         \
    if (!rc) rc = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
    SET(CURLOPT_USERAGENT, net->user_agent);
    SET(CURLOPT_CONNECTTIMEOUT, (long)net->connect_timeout_s);
    SET(CURLOPT_HTTP_VERSION, http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    /* New connections of bodies go to all addresses of a name. libcurl shuffles when it resolves,
     * and what is in its cache serves also those that wait for an answer: with any cache at all,
     * connections that start together go to one address (7.88). So each asks the resolver. */
    if (!http2) SET(CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
    if (!http2) SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    if (net->ip == NET_IP_V4) SET(CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
    if (net->ip == NET_IP_V6) SET(CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
    return rc;
}

static CURLcode set_user_choices(CURL *easy, const struct net *net, const char *proxy)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PROXY, proxy ? proxy : ""); // "" keeps libcurl from asking the environment
    SET(CURLOPT_NOPROXY, net->no_proxy ? net->no_proxy : "");
    if (net->cacert) SET(CURLOPT_CAINFO, net->cacert);
    if (net->cacert) SET(CURLOPT_PROXY_CAINFO, net->cacert);
    if (net->capath) SET(CURLOPT_CAPATH, net->capath);
    return rc;
}

static bool is_tls(const struct exchange *x)
{
    return str_starts_nocase(x->request.url, "https:");
}

long easy_read_bytes(const struct net *net, const struct exchange *x)
{
    return is_tls(x) ? RECORD_TLS : pacing_read_bytes(&net->limits, BUFFER_PLAIN);
}

static CURLcode set_request(CURL *easy, const struct net *net, const struct exchange *x,
                            struct curl_slist *headers)
{
    CURLcode rc = set_range(easy, x);
    SET(CURLOPT_URL, x->request.url);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_NOBODY, x->request.method == METHOD_HEAD ? 1L : 0L);
    if (x->request.compressed) SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_TIMEOUT, (long)x->timeout_s);
    /* A matter of speed. libcurl refuses it to a handle that still has the buffer of a transfer
     * whose host name did not resolve (7.88); the next one does with that buffer. */
    long bytes = is_tls(x) || !x->sink ? BUFFER_TLS : easy_read_bytes(net, x);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, bytes);
    return rc;
#undef SET
}

/* To one address of its host: certificate and Host stay those of the URL, and connections to other
 * addresses are not used for it. */
static CURLcode set_address(CURL *easy, const struct exchange *x, struct easy_lists *l)
{
    if (!x->address) return CURLE_OK;
    bool six = strchr(x->address, ':') != NULL;
    char rule[OUTCOME_ADDRESS_MAX + 8];
    snprintf(rule, sizeof(rule), six ? "::[%s]:" : "::%s:", x->address); // any host, any port
    l->connect_to = curl_slist_append(NULL, rule);
    if (!l->connect_to) return CURLE_OUT_OF_MEMORY;
    return curl_easy_setopt(easy, CURLOPT_CONNECT_TO, l->connect_to);
}

void easy_lists_done(struct easy_lists *l)
{
    curl_slist_free_all(l->headers);
    curl_slist_free_all(l->connect_to);
    *l = (struct easy_lists){0};
}

enum err easy_setup(CURL *easy, const struct net *net, const struct exchange *x, bool http2,
                    struct easy_lists *ret, struct why *why)
{
    curl_easy_reset(easy);
    struct easy_lists l = {0};
    if (!make_headers(net, x, &l.headers)) {
        easy_lists_done(&l);
        return fail(why, ERR_MEMORY, "no memory for request headers");
    }
    CURLcode rc = set_rules(easy, net, http2);
    if (!rc) rc = set_request(easy, net, x, l.headers);
    if (!rc) rc = set_address(easy, x, &l);
    CURLcode user_rc = rc ? CURLE_OK : set_user_choices(easy, net, via_proxy(net, x->request.url));
    if (rc || user_rc) {
        easy_lists_done(&l);
        if (user_rc) {
            return fail(why, ERR_USAGE, "libcurl refuses the proxy or CA setting: %s",
                        curl_easy_strerror(user_rc));
        }
        return fail(why, ERR_INTERNAL, "libcurl refuses an option: %s", curl_easy_strerror(rc));
    }
    *ret = l;
    return OK;
}
