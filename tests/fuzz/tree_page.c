/* First line: a Link header, the rest: one page of a listing. Whatever is taken has sizes that fit
 * and digests that match their ids; the next request, if any, stays on the endpoint. */
#include "download/base/scoped.h"
#include "download/source/source.h"
#include "tests/fuzz/harmless.h"

#define ENDPOINT "https://hub.example/prefix"

static void check_entry(const struct listing_entry *e)
{
    char hex[DIGEST_HEX_MAX];
    MUST(e->size <= INT64_MAX);
    digest_print_hex(&e->digest, hex);
    if (e->digest.kind == DIGEST_GIT_SHA1) MUST(str_eq(hex, e->blob_id));
    if (e->blob_id) MUST(strlen(e->blob_id) == 40);
    if (e->xet_hash) MUST(strlen(e->xet_hash) == 64);
    MUST(!e->url && !e->etag);
}

static void check_next(struct source *s)
{
    struct request q;
    if (source_next(s, &q) == SOURCE_DONE) return;
    MUST(str_starts(q.url, ENDPOINT "/api/"));
    MUST(q.send_token);
    request_done(&q);
}

static struct source *open_hub(void)
{
    char repo[] = "org/name";
    const struct source_spec spec = {.kind = SOURCE_HUB, .repo = repo};
    const struct source_setup setup = {
        .endpoint = ENDPOINT,
        .known_commit = "0123456789abcdef0123456789abcdef01234567",
    };
    struct source *s = NULL;
    MUST(source_open(&spec, &setup, &s, NULL) == OK);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t link = end ? (size_t)(end - data) : 0;
    size_t skip = end ? link + 1 : 0;
    SCOPED(source_freep) struct source *s = open_hub();
    struct reply r;
    reply_init(&r, size + 1);
    r.outcome.status = 200;
    if (link) MUST(headers_add(&r.headers, "Link", 4, (const char *)data, link));
    if (size > skip) buf_add(&r.body, data + skip, size - skip);

    struct why why = {""};
    enum err e = source_reply(s, &r, &why);
    reply_done(&r);
    MUST(e == OK || e == ERR_REFUSED);
    must_be_harmless(why.text);
    const struct listing *l = source_listing(s);
    for (size_t i = 0; !e && i < l->count; i++)
        check_entry(&l->entries[i]);
    if (!e) check_next(s);
    return 0;
}
