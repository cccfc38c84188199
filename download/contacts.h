/* contacts.h - whom the requests to one origin reached: how many connections were made for them,
 * how many went over one that was open already, and which addresses answered. Plain data, control
 * thread. */
#ifndef SHARDFETCH_DOWNLOAD_CONTACTS_H
#define SHARDFETCH_DOWNLOAD_CONTACTS_H

#include <stdint.h>

#include "download/base/outcome.h"

enum { CONTACTS_MAX = 16 }; // addresses that are told apart; a name has a handful

struct contacts {
    uint64_t connections; // made
    uint64_t reused;      // requests that went over one made before
    unsigned count;
    struct contact {
        char address[OUTCOME_ADDRESS_MAX];
    } seen[CONTACTS_MAX]; // [0..count): different ones, in the order in which they were met
};

/* A request has ended. */
void contacts_note(struct contacts *c, const struct outcome *o);

#endif
