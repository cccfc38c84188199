/* relay_pipe.h - one direction of one relayed connection: bytes on their way, and what TCP would do
 * to them. It holds the bytes; somebody else moves them in and out. No sockets, no clock.
 *
 * The model. A byte that leaves the link at T arrives at T + delay, and its sender learns that one
 * round trip (twice the delay) after T. No more than the window is under way. With probability
 * `loss_ppm` a segment of RELAY_SEGMENT bytes is lost: it arrives one round trip later, when it was
 * sent again; what follows it waits for it, as the receiver gets bytes in order, but is
 * acknowledged in time (SACK), so that the sender goes on with half its window. Nothing moves
 * before the first round trip is over: TCP's handshake. The receiver's buffer is `queue` bytes:
 * what it does not read is not sent. Lost acknowledgements, time-outs and CUBIC's growth are not
 * played. */
#ifndef SHARDFETCH_TESTS_RELAY_PIPE_H
#define SHARDFETCH_TESTS_RELAY_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "download/base/rng.h"
#include "tests/support/relay_marks.h"
#include "tests/support/relay_window.h"

struct relay_path {
    uint64_t delay_ns; // one way
    unsigned loss_ppm; // of segments, in millionths
    size_t queue;      // bytes
};

struct relay_pipe {
    const struct relay_path *path;
    struct rng rng;
    struct relay_window window;
    struct relay_marks arrivals, acks;
    char *ring; // grows to the path's queue
    size_t cap; // a power of two
    /* Offsets in the stream, given <= arrived <= taken, acked <= taken. */
    uint64_t taken, arrived, given, acked;
    uint64_t open_ns; // the handshake is over
    bool ended;       // the giving side will send nothing more
    uint64_t end_ns;  // when the other side learns that
};

struct relay_pipe relay_pipe_new(const struct relay_path *path, uint64_t seed, uint64_t now_ns);
void relay_pipe_done(struct relay_pipe *p);
/* Brings it up to date; the functions below say what is so at that time. */
void relay_pipe_turn(struct relay_pipe *p, uint64_t now_ns);

/* Bytes it would take. */
size_t relay_pipe_room(const struct relay_pipe *p, uint64_t now_ns);
/* Where `n` of them go, n <= room. */
void relay_pipe_space(struct relay_pipe *p, size_t n, struct iovec ret[2]);
/* So many were put there; they leave the link at `leave_ns`. */
void relay_pipe_took(struct relay_pipe *p, size_t n, uint64_t leave_ns);
void relay_pipe_end(struct relay_pipe *p, uint64_t now_ns);

/* Bytes that have arrived and where they are. */
size_t relay_pipe_ready(const struct relay_pipe *p, struct iovec ret[2]);
void relay_pipe_gave(struct relay_pipe *p, size_t n);
/* All was given on and its end has arrived. */
bool relay_pipe_over(const struct relay_pipe *p, uint64_t now_ns);

/* When time alone changes something next; UINT64_MAX = never. `more` = the giving side has bytes
 * for which there is no room. */
uint64_t relay_pipe_next_ns(const struct relay_pipe *p, bool more, uint64_t now_ns);

#endif
