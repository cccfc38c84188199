#include "download/base/outcome.h"

#include <stddef.h>

#include "download/base/scoped.h"

enum { RATE_SLACK_S = 1 }; // huggingface_hub waits one second more than told; so do we

static const struct {
    const char *word;
    enum err code;
} ROWS[] = {
#define CAUSE_ROW(name, word, code) [name] = {word, code},
    CAUSE_LIST(CAUSE_ROW)
#undef CAUSE_ROW
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

const char *cause_word(enum cause c)
{
    return (size_t)c < ROW_COUNT ? ROWS[c].word : ROWS[CAUSE_NONE].word;
}

enum err cause_error(enum cause c)
{
    return (size_t)c < ROW_COUNT ? ROWS[c].code : ERR_INTERNAL;
}

/* What to say without a better sentence, and what people can do about it. */
static const struct {
    const char *text, *hint;
} SENTENCES[] = {
    [CAUSE_NONE] = {"unexpected answer", ""},
    [CAUSE_DNS] = {"the host name does not resolve", ""},
    [CAUSE_CONNECT] = {"cannot connect", ""},
    [CAUSE_TLS] = {"TLS failed", "; see that name and clock are right, or trust another authority "
                                 "with --cacert"},
    [CAUSE_PROXY] = {"the proxy cannot be used", ""},
    [CAUSE_PROXY_AUTH] = {"the proxy wants other credentials (407)",
                          "; they belong into --proxy or the proxy variables, as "
                          "http://USER:PASSWORD@HOST:PORT"},
    [CAUSE_STALLED] = {"no bytes arrived for too long", ""},
    [CAUSE_RESET] = {"the connection was lost", ""},
    [CAUSE_PROTOCOL] = {"the answer is no HTTP that we know", ""},
    [CAUSE_STATUS] = {"unexpected answer", ""},
    [CAUSE_RATE_LIMIT] = {"too many requests", ""},
    [CAUSE_REDIRECT] = {"a redirect that leads nowhere", ""},
    [CAUSE_RANGE] = {"the server does not send the range asked for", ""},
    [CAUSE_CHANGED] = {"it changed at the source while it was fetched", ""},
    [CAUSE_ENCODED] = {"the server encodes what it must send verbatim", ""},
    [CAUSE_TOO_LARGE] = {"the answer is larger than we accept", ""},
    [CAUSE_DISK] = {"cannot be written", ""},
    [CAUSE_DIGEST] = {"its digest is not the listed one", ""},
    [CAUSE_CUT] = {"ended early", ""},
    [CAUSE_CANCELLED] = {"cancelled", ""},
};

void outcome_say(const struct outcome *o, struct why *ret)
{
    size_t i = (size_t)o->cause < ARRAY_LEN(SENTENCES) ? (size_t)o->cause : CAUSE_NONE;
    bool own_words = o->cause == CAUSE_PROXY_AUTH || !o->why.text[0];
    const char *host = o->host[0] ? o->host : "the server";
    const char *text = own_words ? SENTENCES[i].text : o->why.text;
    if (o->proxy[0]) {
        err_ignore(fail(ret, OK, "%s through the proxy '%s': %s%s", host, o->proxy, text,
                        SENTENCES[i].hint)); // for its cutting
    } else {
        err_ignore(fail(ret, OK, "%s: %s%s", host, text, SENTENCES[i].hint));
    }
}

uint64_t outcome_told_wait_s(const struct outcome *o)
{
    if (o->retry_after_s) return o->retry_after_s;
    bool empty = o->rate.known && o->rate.remaining == 0;
    return empty ? o->rate.reset_s + RATE_SLACK_S : 0;
}
