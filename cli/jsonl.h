/* jsonl.h - an event as one line of the event stream, schema 1 (contract.md, events.schema.json).
 * Pure. A line is valid UTF-8, ends in a line feed and is at most JSONL_MAX_BYTES long: texts that
 * are too long are cut with "…", the files of `progress` end where the room ends. */
#ifndef SHARDFETCH_CLI_JSONL_H
#define SHARDFETCH_CLI_JSONL_H

#include <stdbool.h>
#include <stdint.h>

#include "download/async/stream.h"
#include "download/base/buf.h"
#include "download/event.h"

enum { JSONL_VERSION = 1, JSONL_MAX_BYTES = 16 * 1024 };

struct jsonl_head {
    uint64_t seq;    // from 1, no gaps in what is written
    const char *run; // id of the run
    struct stream_loss loss;
    bool why_slow; // also in `progress`
};

/* Appends to `ret`, which has room for JSONL_MAX_BYTES more. */
void jsonl_encode(const struct event *e, const struct jsonl_head *head, struct buf *ret);

#endif
