#include "download/contacts.h"

#include <stdio.h>
#include <string.h>

enum { WORSE = 4 }; // times less than the best: no matter of chance

unsigned contacts_of(struct contacts *c, const char *address)
{
    if (!address[0]) return CONTACTS_MAX;
    for (unsigned i = 0; i < c->count; i++) {
        if (strcmp(c->seen[i].address, address) == 0) return i;
    }
    if (c->count == CONTACTS_MAX) return CONTACTS_MAX;
    snprintf(c->seen[c->count].address, OUTCOME_ADDRESS_MAX, "%s", address);
    return c->count++;
}

void contacts_note(struct contacts *c, const struct outcome *o)
{
    c->connections += o->connections;
    c->reused += o->reached && !o->connections;
    (void)contacts_of(c, o->address);
}

bool contacts_avoided(const struct contacts *c, unsigned i, uint64_t now_ns)
{
    return c->seen[i].avoided_until_ns > now_ns;
}

unsigned contacts_open(const struct contacts *c, uint64_t now_ns)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->count; i++)
        n += !contacts_avoided(c, i, now_ns);
    return n;
}

static uint64_t best_rate(const struct contacts *c, const unsigned *connections, bool collapsed,
                          uint64_t now_ns)
{
    uint64_t best = 0;
    for (unsigned i = 0; i < c->count; i++) {
        if (contacts_avoided(c, i, now_ns)) continue;
        if (collapsed && !connections[i]) return UINT64_MAX;
        if (c->seen[i].rate > best) best = c->seen[i].rate;
    }
    return best;
}

bool contacts_judge(struct contacts *c, const unsigned *connections, const uint64_t *rates,
                    bool collapsed, uint64_t now_ns)
{
    for (unsigned i = 0; i < c->count; i++) {
        if (connections[i]) c->seen[i].rate = rates[i] / connections[i];
    }
    uint64_t best = best_rate(c, connections, collapsed, now_ns);
    bool any = false;
    for (unsigned i = 0; i < c->count; i++) {
        bool judged = connections[i] && !contacts_avoided(c, i, now_ns);
        if (!judged || rates[i] >= best / WORSE) continue;
        c->seen[i].avoided_until_ns = now_ns + CONTACTS_AVOID_NS;
        any = true;
    }
    return any;
}

const char *contacts_choose(struct contacts *c, uint64_t now_ns)
{
    unsigned open = contacts_open(c, now_ns);
    if (open == 0 || open == c->count) return NULL;
    do {
        c->turn = (c->turn + 1) % c->count;
    } while (contacts_avoided(c, c->turn, now_ns));
    return c->seen[c->turn].address;
}

void contacts_forgive(struct contacts *c)
{
    for (unsigned i = 0; i < c->count; i++)
        c->seen[i].avoided_until_ns = 0;
}
