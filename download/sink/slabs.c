#include "download/sink/slabs.h"

#include <assert.h>

#include "download/base/mem.h"
#include "download/sink/sink.h"

struct slabs {
    unsigned char **home; // home[0..home_count)
    unsigned home_count;
    unsigned out;
    unsigned budget;
};

struct slabs *slabs_new(unsigned budget)
{
    struct slabs *s = mem_new(sizeof(*s));
    s->budget = budget ? budget : 1;
    s->home = mem_array(s->budget, sizeof(*s->home));
    return s;
}

void slabs_free(struct slabs *s)
{
    if (!s) return;
    assert(s->out == 0);
    while (s->home_count)
        mem_free(s->home[--s->home_count]);
    mem_free(s->home);
    mem_free(s);
}

bool slabs_any(const struct slabs *s)
{
    return s->out < s->budget;
}

unsigned slabs_out(const struct slabs *s)
{
    return s->out;
}

unsigned char *slabs_take(struct slabs *s)
{
    if (!slabs_any(s)) return NULL;
    unsigned char *slab = s->home_count ? s->home[--s->home_count] : mem_try_pages(SLAB_BYTES);
    if (slab) s->out++;
    return slab;
}

void slabs_give(struct slabs *s, unsigned char *take_slab)
{
    if (!take_slab) return;
    s->out--;
    s->home[s->home_count++] = take_slab;
}
