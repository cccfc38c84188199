/* outcome.h - what happened to one HTTP exchange, as a plain value: made by xfer from what curl
 * and the headers said (attempt_outcome), judged by sched (retry_decide), told to people. */
#ifndef SHARDFETCH_BASE_OUTCOME_H
#define SHARDFETCH_BASE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/err.h"

/* name, word in `retry.cause` of the event stream, the contract's code when it is final
 * (CAUSE_STATUS: unless the status says more) */
#define CAUSE_LIST(X)                                                                              \
    X(CAUSE_NONE, "none", OK)                           /* it worked */                            \
    X(CAUSE_DNS, "dns", ERR_NETWORK)                    /* the name does not resolve */            \
    X(CAUSE_CONNECT, "connect", ERR_NETWORK)            /* refused, unreachable, too slow */       \
    X(CAUSE_TLS, "tls", ERR_NETWORK)                    /* certificate or handshake; final */      \
    X(CAUSE_PROXY, "proxy", ERR_NETWORK)                /* it cannot be reached or refused */      \
    X(CAUSE_PROXY_AUTH, "proxy-auth", ERR_AUTH)         /* 407; final */                           \
    X(CAUSE_STALLED, "stalled", ERR_NETWORK)            /* no byte for the stall time-out */       \
    X(CAUSE_RESET, "reset", ERR_NETWORK)                /* connection lost, body cut short */      \
    X(CAUSE_PROTOCOL, "protocol", ERR_NETWORK)          /* not HTTP as we know it */               \
    X(CAUSE_STATUS, "status", ERR_NETWORK)              /* a status that is no success */          \
    X(CAUSE_RATE_LIMIT, "rate-limit", ERR_RATE_LIMITED) /* 429, or 503 with Retry-After */         \
    X(CAUSE_REDIRECT, "redirect", ERR_REFUSED)          /* 3xx with a Location */                  \
    X(CAUSE_RANGE, "range", ERR_INTEGRITY)              /* not the range asked for */              \
    X(CAUSE_CHANGED, "changed", ERR_INTEGRITY)          /* another object by its validator */      \
    X(CAUSE_ENCODED, "encoded", ERR_INTEGRITY)          /* Content-Encoding on a file's body */    \
    X(CAUSE_TOO_LARGE, "too-large", ERR_REFUSED)        /* beyond a cap on headers or body */      \
    X(CAUSE_DISK, "disk", ERR_DISK)                     /* the sink failed */                      \
    X(CAUSE_DIGEST, "digest", ERR_INTEGRITY)            /* all bytes there, digest differs */      \
    X(CAUSE_CUT, "cut", ERR_CANCELLED)                  /* ended early on our request */           \
    X(CAUSE_CANCELLED, "cancelled", ERR_CANCELLED)

enum cause {
#define CAUSE_ENUM(name, word, code) name,
    CAUSE_LIST(CAUSE_ENUM)
#undef CAUSE_ENUM
};

const char *cause_word(enum cause c);
enum err cause_error(enum cause c);

enum {
    OUTCOME_ID_MAX = 96,
    OUTCOME_HOST_MAX = 272,
    OUTCOME_ADDRESS_MAX = 64, // of an IPv6 address with its zone
    RATE_POLICY_MAX = 32,
};

/* `RateLimit: "resolvers";r=2999;t=260` and `RateLimit-Policy: …;"resolvers";q=3000;w=300`
 * (draft-ietf-httpapi-ratelimit-headers; the Hub's form). */
struct rate_limit {
    bool known;
    char policy[RATE_POLICY_MAX]; // bucket name
    uint64_t remaining;
    uint64_t reset_s;  // until the window ends
    uint64_t quota;    // 0 = not told
    uint64_t window_s; // 0 = not told
};

struct outcome {
    enum cause cause;
    int status;             // last HTTP status; 0 = none was seen
    uint64_t retry_after_s; // Retry-After, either form, made relative; 0 = none
    struct rate_limit rate;
    uint64_t body_bytes; // bytes of body that reached the sink (or buffer) in this exchange
    char request_id[OUTCOME_ID_MAX];
    char host[OUTCOME_HOST_MAX];         // host[:port] that answered or was asked
    char proxy[OUTCOME_HOST_MAX];        // host[:port] of the proxy between; "" = none
    unsigned connections;                // made for it; 0 with `reached`: it found one open
    bool reached;                        // it had a connection, to its host or to the proxy
    char address[OUTCOME_ADDRESS_MAX];   // of its host; "" = none, or only the proxy knows
    char error_code[OUTCOME_ID_MAX];     // X-Error-Code
    char error_text[OUTCOME_ID_MAX * 2]; // X-Error-Message, sanitised, cut
    struct why why;                      // a sentence about the transport or the verdict
};

/* Seconds until the next request is welcome, as the reply told; 0 = it did not. */
uint64_t outcome_told_wait_s(const struct outcome *o);
/* Who failed, how, and what to look at: "host through the proxy 'p': sentence; hint". For what is
 * no matter of status. */
void outcome_say(const struct outcome *o, struct why *ret);

#endif
