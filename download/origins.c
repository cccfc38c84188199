#include "download/origins.h"

#include <assert.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/outcome.h"
#include "download/base/scoped.h"
#include "download/host_memory.h"
#include "download/source/url.h"

enum {
    SMOOTH_FIRST_BYTE = 8, // weight of the newest: one in so many
    SMOOTH_RATE = 4,
};

#define TELLING_BYTES (UINT64_C(1) << 20) // fewer are a matter of the first byte

static uint64_t wall_s(const struct origins *os, uint64_t now_ns)
{
    return (now_ns + os->wall_ns) / SECOND_NS;
}

void origins_init(struct origins *os, unsigned pinned, const char *state_dir)
{
    list_init(&os->all);
    os->pinned = pinned;
    os->wall_ns = clock_wall_ms() * MILLI_NS - clock_now_ns();
    os->known = mem_new(sizeof(*os->known));
    if (!pinned) host_memory_load(state_dir, clock_wall_ms() / 1000, os->known);
}

enum err origins_remember(const struct origins *os, const char *state_dir, uint64_t now_ns,
                          struct why *why)
{
    if (os->pinned || !state_dir) return OK;
    SCOPED(mem_freep) struct hosts *learned = mem_new(sizeof(*learned));
    list_each (node, &os->all) {
        const struct origin *o = container_of(node, struct origin, node);
        struct ramp_memory m;
        struct host h;
        ramp_remember(&o->ramp, now_ns, &m);
        if (hosts_learned(o->name, &m, wall_s(os, now_ns), &h)) hosts_put(learned, &h);
    }
    return learned->count ? host_memory_save(state_dir, learned, wall_s(os, now_ns), why) : OK;
}

void origins_done(struct origins *os)
{
    struct list *node;
    while ((node = list_pop(&os->all))) {
        struct origin *o = container_of(node, struct origin, node);
        mem_free(o->name);
        mem_free(o);
    }
    mem_free(os->known);
}

struct origin *origins_of(struct origins *os, const char *url, uint64_t now_ns)
{
    struct url u;
    enum err e = url_parse(url, &u, NULL);
    assert(!e);
    (void)e;
    char host[OUTCOME_HOST_MAX];
    url_host_text(&u, host, sizeof(host));
    SCOPED(mem_freep) char *name = mem_printf("%s://%s", u.https ? "https" : "http", host);
    list_each (node, &os->all) {
        struct origin *o = container_of(node, struct origin, node);
        if (strcmp(o->name, name) == 0) return o;
    }
    struct origin *o = mem_new(sizeof(*o));
    o->name = TAKE(name);
    struct ramp_memory m;
    bool known = hosts_recall(os->known, o->name, wall_s(os, now_ns), &m);
    ramp_init(&o->ramp, os->pinned, RAMP_MOST, known ? &m : NULL, now_ns);
    list_add_tail(&os->all, &o->node);
    return o;
}

unsigned origin_wanted(const struct origin *o)
{
    return o->ramp.advice.connections;
}

void origin_answered(struct origin *o, uint64_t first_byte_ns)
{
    if (!o->first_byte_ns) {
        o->first_byte_ns = first_byte_ns;
        return;
    }
    o->first_byte_ns -= o->first_byte_ns / SMOOTH_FIRST_BYTE;
    o->first_byte_ns += first_byte_ns / SMOOTH_FIRST_BYTE;
}

void origin_brought(struct origin *o, uint64_t bytes, uint64_t elapsed_ns)
{
    if (bytes < TELLING_BYTES || !elapsed_ns) return;
    uint64_t rate = (uint64_t)((double)bytes * (double)SECOND_NS / (double)elapsed_ns);
    if (!o->usual_rate) o->usual_rate = rate;
    o->usual_rate -= o->usual_rate / SMOOTH_RATE;
    o->usual_rate += rate / SMOOTH_RATE;
}

uint64_t origin_wait_ns(struct origin *o, uint64_t now_ns)
{
    return starts_wait_ns(&o->starts, now_ns);
}
