/* event_stream.h - the events of a run, pulled by a reader on a thread of its own choice: an
 * iterator with time-outs over a bounded box (contract.md: 16 MiB unread; `progress` is coalesced,
 * what finds no room is dropped and counted, `result` always has room).
 *
 *   struct event_stream *s = event_stream_open(download, EVENT_BOX_BYTES);   // before download_run
 *   while (event_stream_next(s, UINT64_MAX, &e) == STREAM_VALUE) { …; mem_free(e); }
 *   event_stream_close(s);
 *
 * It ends after `result`. */
#ifndef SHARDFETCH_DOWNLOAD_EVENT_STREAM_H
#define SHARDFETCH_DOWNLOAD_EVENT_STREAM_H

#include "download/async/stream.h"
#include "download/download.h"

struct event_stream;

/* Control thread, before download_run. */
struct event_stream *event_stream_open(struct download *d, size_t max_bytes);
/* The reader's thread. `timeout_ns` from now; 0 = does not wait, UINT64_MAX = for ever. VALUE: the
 * event is the caller's (mem_free). */
enum stream_next event_stream_next(struct event_stream *s, uint64_t timeout_ns, struct event **ret);
struct stream_loss event_stream_loss(const struct event_stream *s);
/* The reader's thread, any time: it has had enough; the run goes on. */
void event_stream_close(struct event_stream *s);
/* Control thread, not while download_run runs; before download_free. */
void event_stream_free(struct event_stream *s);

#endif
