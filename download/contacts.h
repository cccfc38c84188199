/* contacts.h - whom the requests to one origin reached: how many connections were made for them,
 * how many went over one that was open already, which addresses answered, and which of those are
 * avoided for a while. Plain data, time is an argument, control thread. */
#ifndef SHARDFETCH_DOWNLOAD_CONTACTS_H
#define SHARDFETCH_DOWNLOAD_CONTACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/clock.h"
#include "download/base/outcome.h"

enum { CONTACTS_MAX = 16 }; // addresses that are told apart; a name has a handful
#define CONTACTS_AVOID_NS (600 * SECOND_NS)

struct contacts {
    uint64_t connections; // made
    uint64_t reused;      // requests that went over one made before
    unsigned turn;        // of choosing
    unsigned count;
    struct contact {
        char address[OUTCOME_ADDRESS_MAX];
        uint64_t rate; // bytes/s of one connection, when there last were some
        uint64_t avoided_until_ns;
    } seen[CONTACTS_MAX]; // [0..count): different ones, in the order in which they were met
};

/* A request has ended. */
void contacts_note(struct contacts *c, const struct outcome *o);
/* Index of this address, added when it is new; CONTACTS_MAX: not known, or too many. */
unsigned contacts_of(struct contacts *c, const char *address);
/* Those that may be used. */
unsigned contacts_open(const struct contacts *c, uint64_t now_ns);
bool contacts_avoided(const struct contacts *c, unsigned i, uint64_t now_ns);
/* An address whose connections all together bring less than a fourth of what one to another address
 * does, or did when it was last used, gets no requests for a while. `connections` and `rates`
 * (bytes/s of all of them): [0..count), of now. `collapsed`: all bring far less than before, and an
 * address without connections is taken to be better. True: some are avoided that were not. */
bool contacts_judge(struct contacts *c, const unsigned *connections, const uint64_t *rates,
                    bool collapsed, uint64_t now_ns);
/* For the next connection, by turns; NULL: none is avoided, any will do. */
const char *contacts_choose(struct contacts *c, uint64_t now_ns);
/* Nobody is avoided any more: the others cannot be reached. */
void contacts_forgive(struct contacts *c);

#endif
