/* exchange.h - replies by hand for sources: what they ask is kept, what they are told is a row. */
#ifndef SHARDFETCH_TESTS_EXCHANGE_H
#define SHARDFETCH_TESTS_EXCHANGE_H

#include "download/source/source.h"

#define ENDPOINT "https://huggingface.co"
#define COMMIT   "0123456789abcdef0123456789abcdef01234567"

enum { ANSWER_HEADERS = 6 };

struct answer {
    int status;
    const char *headers[ANSWER_HEADERS]; // "Name: value"
    const char *body;
    const char *code; // X-Error-Code
    const char *text; // X-Error-Message
    const char *host; // NULL = huggingface.co
    enum cause cause;
};

struct reply reply_of(const struct answer *a); // caller: reply_done
/* The source must have a request: its URL goes to `ret_url` (mem_free) unless that is NULL, then it
 * is given the answer. */
enum err exchange(struct source *s, const struct answer *a, char **ret_url, struct why *why);
/* The next request's URL must be this one; then the answer, which must be accepted. */
void exchange_ok(struct source *s, const char *url, const struct answer *a);
/* Opens SOURCE `text` at ENDPOINT; the test fails when that fails. `setup` NULL = nothing special.
 */
struct source *source_of(const char *text, const struct source_setup *setup);

/* hf://org/name at `endpoint` and COMMIT, with "sub/a b.bin" of `size` as its only file. */
struct source *hub_with_file(const char *endpoint, uint64_t size);
const struct listing_entry *first_file(struct source *s);
/* The resolve request of the first file must be a HEAD for `r->url`; then the answer. */
enum err exchange_resolve(struct source *s, struct resolve *r, const struct answer *a,
                          enum resolve_step *ret, struct why *why);

#endif
