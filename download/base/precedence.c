#include "download/base/precedence.h"

#include <stddef.h>

void precedence_claim(struct precedence *p, unsigned rank, uint64_t until_ns)
{
    uint64_t before = atomic_load(&p->until_ns[rank]);
    do {
        if (before >= until_ns) return;
    } while (!atomic_compare_exchange_weak(&p->until_ns[rank], &before, until_ns));
}

void precedence_waive(struct precedence *p, unsigned rank)
{
    atomic_store(&p->until_ns[rank], 0);
}

bool precedence_yields(const struct precedence *p, unsigned rank, uint64_t now_ns)
{
    if (!p) return false;
    for (unsigned better = 0; better < rank; better++) {
        if (atomic_load(&p->until_ns[better]) > now_ns) return true;
    }
    return false;
}
