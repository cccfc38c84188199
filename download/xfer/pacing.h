/* pacing.h - which of a shard's running bodies are read, so that the rate limits are kept with few
 * stops. A stop costs libcurl more than the bytes of a moment do, hence:
 *
 *   all are read          until what came beyond the limits takes a quantum to pay
 *   all rest              until it is paid; their bytes wait in the kernel, nothing is copied
 *   some go on, by turns  as many as fill the next quantum; of the best rank that is short of its
 *                         share, and a lower one after PACING_TURN_NS, so that nobody starves and
 *                         no server gives up on it
 *
 * The shard's thread only. */
#ifndef SHARDFETCH_XFER_PACING_H
#define SHARDFETCH_XFER_PACING_H

#include <stddef.h>
#include <stdint.h>

#include "download/base/list.h"
#include "download/xfer/net.h"

/* Between two reads of one turn: beyond this a body is stopped in the middle of one (with the
 * throttle's credit 2 % of the five seconds over which a limit is exact). */
#define PACING_MOST_NS UINT64_C(50000000)

#define PACING_TURN_NS UINT64_C(5000000000)

/* What one read of a body may bring: a quantum of the rate, within what libcurl takes. */
long pacing_read_bytes(const struct limits *l, long most);
/* Between turns, `running` are attempts. How long to wait for what comes next, at most `most_ms`.
 */
int pacing_turn(const struct limits *l, struct list *running, int most_ms);

#endif
