/* jsonl_stream.h - the event stream on a descriptor: an observer that writes lines. */
#ifndef SHARDFETCH_CLI_JSONL_STREAM_H
#define SHARDFETCH_CLI_JSONL_STREAM_H

#include "cli/line_writer.h"
#include "download/async/observer.h"
#include "download/base/buf.h"

/* The observer's thread, once, when a line could not be written; `error` is the errno. */
typedef void jsonl_broken_fn(void *user, int error);

struct jsonl_stream { // the observer's thread
    struct line_writer writer;
    const char *fifo; // whose reader is waited for, or NULL
    struct buf line;
    uint64_t seq;  // of the last line written
    bool why_slow; // also in `progress`: the owner says so
    const char *run;
    jsonl_broken_fn *on_broken;
    void *user;
};

extern const struct observer_ops JSONL_STREAM_OPS;

/* `run` and `fd` are borrowed. */
void jsonl_stream_init(struct jsonl_stream *s, int fd, const char *run, jsonl_broken_fn *on_broken,
                       void *user);
/* The descriptor is -1: `fifo` is opened when it has a reader, on the observer's thread. */
void jsonl_stream_wait_for(struct jsonl_stream *s, const char *fifo);
void jsonl_stream_done(struct jsonl_stream *s);

#endif
