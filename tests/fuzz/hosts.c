/* Whatever the file of hosts says, what is taken from it is an origin and numbers within their
 * limits, each origin once, and reads the same when it is written again. */
#include "download/sched/hosts.h"
#include "download/base/buf.h"
#include "download/base/scoped.h"
#include "tests/fuzz/harmless.h"

#define NOW UINT64_C(1767225600)

static void check_host(const struct host *h)
{
    MUST(memchr(h->origin, '\0', sizeof(h->origin)));
    must_be_harmless(h->origin);
    MUST(str_starts(h->origin, "https://") || str_starts(h->origin, "http://"));
    MUST(!strpbrk(strstr(h->origin, "://") + 3, "/?#@ "));
    MUST(h->connections >= 1 && h->connections <= RAMP_MOST && h->ceiling <= RAMP_MOST);
}

static void check_memory(const struct hosts *all, const struct host *h)
{
    struct ramp_memory m;
    MUST(hosts_recall(all, h->origin, NOW, &m));
    MUST(m.connections == h->connections);
    struct ramp r;
    ramp_init(&r, 0, RAMP_MOST, &m, 0);
    MUST(r.advice.connections >= 1 && r.advice.connections <= RAMP_MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!data) return 0;
    SCOPED(mem_freep) struct hosts *h = mem_new(sizeof(*h));
    SCOPED(mem_freep) struct hosts *again = mem_new(sizeof(*again));
    hosts_parse((const char *)data, size, NOW, h);
    MUST(h->count <= HOSTS_MAX);
    SCOPED(buf_done) struct buf text;
    buf_init(&text, HOSTS_TEXT_MAX);
    hosts_print(h, &text);
    MUST(!text.overflowed);
    hosts_parse(buf_str(&text), text.len, NOW, again);
    MUST(again->count == h->count);
    for (size_t i = 0; i < h->count; i++) {
        check_host(&h->items[i]);
        check_memory(h, &h->items[i]);
        MUST(str_eq(h->items[i].origin, again->items[i].origin));
        MUST(h->items[i].until_s == again->items[i].until_s);
        MUST(h->items[i].seen_s == again->items[i].seen_s);
        for (size_t k = 0; k < i; k++)
            MUST(!str_eq(h->items[i].origin, h->items[k].origin));
    }
    return 0;
}
