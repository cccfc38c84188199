/* line_writer.h - bytes to a descriptor whose other end may be slow, full or gone. One thread
 * writes; any other may interrupt it, so that nobody waits for ever. The descriptor is borrowed.
 * Its flags are left alone (they are shared with other processes): poll(2) says when a pipe has
 * room for PIPE_BUF bytes, and never more than that is written at once (pipe(7)). */
#ifndef SHARDFETCH_CLI_LINE_WRITER_H
#define SHARDFETCH_CLI_LINE_WRITER_H

#include <stdbool.h>
#include <stddef.h>

struct line_writer {
    int fd;
    int interrupt_fd; // eventfd(2); readable = give up
    int error;        // errno of the first failure, ECANCELED when interrupted; then all is dropped
};

void line_writer_init(struct line_writer *w, int fd);
void line_writer_done(struct line_writer *w); // also of one that is all zero
/* All of it, or false with `error` set. */
bool line_writer_put(struct line_writer *w, const char *data, size_t len);
/* Any thread: what is being written, and all that follows, fails with ECANCELED. */
void line_writer_interrupt(const struct line_writer *w);

#endif
