#include "tests/unit/source/exchange.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"

struct reply reply_of(const struct answer *a)
{
    struct reply r;
    reply_init(&r, 1024 * 1024);
    r.outcome.status = a->status;
    r.outcome.cause = a->cause;
    snprintf(r.outcome.host, sizeof(r.outcome.host), "%s", a->host ? a->host : "huggingface.co");
    snprintf(r.outcome.request_id, sizeof(r.outcome.request_id), "req-1");
    if (a->code) snprintf(r.outcome.error_code, sizeof(r.outcome.error_code), "%s", a->code);
    if (a->text) snprintf(r.outcome.error_text, sizeof(r.outcome.error_text), "%s", a->text);
    for (size_t i = 0; i < ANSWER_HEADERS && a->headers[i]; i++) {
        const char *line = a->headers[i];
        const char *colon = strchr(line, ':');
        cr_assert_not_null(colon);
        cr_assert(
            headers_add(&r.headers, line, (size_t)(colon - line), colon + 1, strlen(colon + 1)));
    }
    if (a->body) buf_adds(&r.body, a->body);
    return r;
}

enum err exchange(struct source *s, const struct answer *a, char **ret_url, struct why *why)
{
    struct request q = {0};
    cr_assert_eq(source_next(s, &q), SOURCE_REQUEST);
    if (ret_url) *ret_url = mem_strdup(q.url);
    request_done(&q);
    struct reply r = reply_of(a);
    enum err e = source_reply(s, &r, why);
    reply_done(&r);
    return e;
}

void exchange_ok(struct source *s, const char *url, const struct answer *a)
{
    struct why why = {""};
    char *asked = NULL;
    enum err e = exchange(s, a, &asked, &why);
    cr_assert_eq(e, OK, "%s: %s", asked, why.text);
    cr_expect_str_eq(asked, url, "%s", asked);
    mem_free(asked);
}

struct source *source_of(const char *text, const struct source_setup *setup)
{
    struct source_setup defaults = {.endpoint = ENDPOINT};
    if (!setup) setup = &defaults;
    const struct source_hint hint = {.endpoint = setup->endpoint};
    struct source_spec spec;
    struct source *s = NULL;
    struct why why = {""};
    cr_assert_eq(source_spec_parse(text, &hint, &spec, &why), OK, "%s", why.text);
    cr_assert_eq(source_open(&spec, setup, &s, &why), OK, "%s", why.text);
    source_spec_done(&spec);
    return s;
}

struct source *hub_with_file(const char *endpoint, uint64_t size)
{
    const struct source_setup setup = {
        .endpoint = endpoint, .skip_tree = true, .known_commit = COMMIT};
    struct source *s = source_of("hf://org/name", &setup);
    listing_add(source_listing(s), "sub/a b.bin")->size = size;
    return s;
}

const struct listing_entry *first_file(struct source *s)
{
    return &source_listing(s)->entries[0];
}

enum err exchange_resolve(struct source *s, struct resolve *r, const struct answer *a,
                          enum resolve_step *ret, struct why *why)
{
    struct request q;
    resolve_request(r, &q);
    cr_expect_eq(q.method, METHOD_HEAD);
    cr_expect_str_eq(q.url, r->url);
    cr_expect_eq(q.send_token, r->send_token);
    cr_expect(!q.compressed);
    request_done(&q);
    struct reply reply = reply_of(a);
    enum err e = resolve_reply(s, first_file(s), r, &reply, ret, why);
    reply_done(&reply);
    return e;
}
