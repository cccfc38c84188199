#include "download/contacts.h"

#include <stdio.h>
#include <string.h>

static void meet(struct contacts *c, const char *address)
{
    for (unsigned i = 0; i < c->count; i++) {
        if (strcmp(c->seen[i].address, address) == 0) return;
    }
    if (c->count == CONTACTS_MAX) return;
    snprintf(c->seen[c->count++].address, OUTCOME_ADDRESS_MAX, "%s", address);
}

void contacts_note(struct contacts *c, const struct outcome *o)
{
    c->connections += o->connections;
    c->reused += o->reached && !o->connections;
    if (o->address[0]) meet(c, o->address);
}
