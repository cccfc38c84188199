#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/unit/source/exchange.h"

#define SHA256   "f84a8740aafacaaaa1ff67a2c68af7a248713b6f605d9b58972604321e8da066"
#define FILE_URL ENDPOINT "/org/name/resolve/" COMMIT "/sub/a%20b.bin"

static const struct {
    const char *what, *source;
    struct answer answer;
    uint64_t size;
    const char *etag;
    bool ranges;
} ANSWERS[] = {
    {"linked size of a redirect",
     "hf://org/name",
     {302, .headers = {"Location: https://cdn.x/a", "X-Linked-Size: 12", "Content-Length: 99",
                       "X-Linked-ETag: \"" SHA256 "\"", "ETag: \"x\""}},
     12,
     NULL,
     true},
    {"a redirect's own length is no size",
     "hf://org/name",
     {302, .headers = {"Location: https://cdn.x/a", "Content-Length: 99"}},
     SIZE_NOT_KNOWN,
     NULL,
     true},
    {"a whole answer",
     "https://x.org/f",
     {200, .headers = {"Content-Length: 12", "ETag: \"abc\"", "Accept-Ranges: bytes"}},
     12,
     "\"abc\"",
     true},
    {"no ranges",
     "https://x.org/f",
     {200, .headers = {"Content-Length: 12", "Accept-Ranges: none"}},
     12,
     NULL,
     false},
    {"weak", "https://x.org/f", {200, .headers = {"ETag: W/\"abc\""}}, SIZE_NOT_KNOWN, NULL, true},
    {"not quoted", "https://x.org/f", {200, .headers = {"ETag: abc"}}, SIZE_NOT_KNOWN, NULL, true},
    {"quotes inside",
     "https://x.org/f",
     {200, .headers = {"ETag: \"a\"b\""}},
     SIZE_NOT_KNOWN,
     NULL,
     true},
    {"control bytes",
     "https://x.org/f",
     {200, .headers = {"ETag: \"a\x01\""}},
     SIZE_NOT_KNOWN,
     NULL,
     true},
    {"a length that is none",
     "https://x.org/f",
     {200, .headers = {"Content-Length: -1"}},
     SIZE_NOT_KNOWN,
     NULL,
     true},
    {"an encoded length",
     "https://x.org/f",
     {200, .headers = {"Content-Length: 12", "Content-Encoding: gzip"}},
     SIZE_NOT_KNOWN,
     NULL,
     true},
    {"linked size means nothing elsewhere",
     "https://x.org/f",
     {200, .headers = {"X-Linked-Size: 12"}},
     SIZE_NOT_KNOWN,
     NULL,
     true},
};

Test(resolve_size, size_and_validator_are_those_of_the_final_origin)
{
    for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
        const struct source_setup setup = {
            .endpoint = ENDPOINT, .skip_tree = true, .known_commit = COMMIT};
        struct source *s = source_of(ANSWERS[i].source, &setup);
        if (source_listing(s)->count == 0) listing_add(source_listing(s), "a");
        struct resolve r;
        enum resolve_step step = RESOLVE_AGAIN;
        cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
        cr_expect_eq(exchange_resolve(s, &r, &ANSWERS[i].answer, &step, NULL), OK);
        cr_expect_eq(step, RESOLVE_READY, "%s", ANSWERS[i].what);
        cr_expect_eq(r.size, ANSWERS[i].size, "%s", ANSWERS[i].what);
        cr_expect(str_eq(r.etag, ANSWERS[i].etag), "%s: %s", ANSWERS[i].what, r.etag);
        cr_expect_eq(r.accepts_ranges, ANSWERS[i].ranges, "%s", ANSWERS[i].what);
        resolve_done(&r);
        source_free(s);
    }
}

Test(resolve_size, a_listed_size_is_not_overruled)
{
    struct source *s = hub_with_file(ENDPOINT, 7);
    struct resolve r;
    enum resolve_step step = RESOLVE_AGAIN;
    cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
    const struct answer a = {302, .headers = {"Location: https://cdn.x/a", "X-Linked-Size: 8"}};
    cr_expect_eq(exchange_resolve(s, &r, &a, &step, NULL), OK);
    cr_expect_eq(r.size, 7);
    resolve_done(&r);
    source_free(s);
}

Test(resolve_size, a_bare_url_is_followed_to_learn_its_size)
{
    struct source *s = source_of("https://x.org/f.bin", NULL);
    struct resolve r;
    enum resolve_step step = RESOLVE_READY;
    cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
    cr_expect(r.needs_request);
    cr_expect(!r.send_token);
    const struct answer away = {302, .headers = {"Location: https://objects.y/f?sig=1"}};
    cr_expect_eq(exchange_resolve(s, &r, &away, &step, NULL), OK);
    cr_expect_eq(step, RESOLVE_AGAIN);
    const struct answer signed_for_get = {.status = 403, .host = "objects.y"};
    cr_expect_eq(exchange_resolve(s, &r, &signed_for_get, &step, NULL), OK);
    cr_expect_eq(step, RESOLVE_READY);
    cr_expect(r.head_refused);
    cr_expect_str_eq(r.url, "https://objects.y/f?sig=1");
    resolve_done(&r);
    source_free(s);
}

Test(resolve_size, a_known_url_and_size_need_no_request)
{
    struct source *s = source_of("https://x.org/f.bin", NULL);
    source_listing(s)->entries[0].size = 5;
    struct resolve r;
    cr_assert_eq(resolve_start(s, first_file(s), 0, &r, NULL), OK);
    cr_expect(!r.needs_request);
    cr_expect_str_eq(r.url, "https://x.org/f.bin");
    resolve_done(&r);
    source_free(s);
}
