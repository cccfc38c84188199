/* A range that is taken lies in its object and, written again, is the same. */
#include "download/base/buf.h"
#include "download/base/http_field.h"
#include "download/base/scoped.h"
#include "tests/fuzz/harmless.h"

static void write_range(struct buf *b, const struct content_range *r)
{
    buf_adds(b, "bytes ");
    if (r->unsatisfied) {
        buf_addc(b, '*');
    } else {
        buf_addf(b, "%llu-%llu", (unsigned long long)r->first, (unsigned long long)r->last);
    }
    if (r->size == UINT64_MAX) {
        buf_adds(b, "/*");
    } else {
        buf_addf(b, "/%llu", (unsigned long long)r->size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *text = text_of(data, size);
    struct content_range r = {0};
    if (!content_range_parse(text, &r)) return 0;
    MUST(r.size <= INT64_MAX || (r.size == UINT64_MAX && !r.unsatisfied));
    if (!r.unsatisfied) MUST(r.first <= r.last && r.last < INT64_MAX && r.last < r.size);

    SCOPED(buf_done) struct buf b;
    buf_init(&b, 128);
    write_range(&b, &r);
    struct content_range again = {0};
    MUST(content_range_parse(buf_str(&b), &again));
    MUST(again.unsatisfied == r.unsatisfied && again.first == r.first);
    MUST(again.last == r.last && again.size == r.size);
    return 0;
}
