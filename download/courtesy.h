/* courtesy.h - `--polite`: while bytes come, it knocks at the door of who sends them, one knock at
 * a time, and sets the rate that leaves the link's queue short (sched/polite.h). Where bytes come
 * from several places it stays with one as long as they come from there.
 *
 *   idle → knocking → waiting for the next turn → knocking …, and idle when no bytes come
 *
 * A knock that is not answered within a second met a full queue. Unless none ever was answered, or
 * too many in a row are not: then there is nothing to go by, and nothing is done; people are told
 * once (the warning "polite"). Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_COURTESY_H
#define SHARDFETCH_DOWNLOAD_COURTESY_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/loop.h"
#include "download/base/throttle.h"
#include "download/emit.h"
#include "download/sched/polite.h"
#include "download/xfer/knock.h"

struct courtesy {
    struct loop *loop;
    const struct emitter *emitter;
    const struct limits *limits; // its `link` is what is set; NULL there: not asked for
    struct polite polite;
    struct door door;    // where it knocks
    uint64_t heard_ns;   // when bytes last came from there
    bool answered;       // it did, at some time
    unsigned unanswered; // in a row
    bool hopeless;       // and so it is left alone
    bool told;
    struct knock knock;
    struct watch watch;         // for its answer
    struct timer timer;         // for the end of waiting for one, or for the next turn
    uint64_t passed, passed_ns; // bytes at the last turn, and when that was
};

/* The caller has filled in the first three. */
void courtesy_start(struct courtesy *c);
/* Bytes came from there. */
void courtesy_heard(struct courtesy *c, const struct door *from);
void courtesy_end(struct courtesy *c);

#endif
