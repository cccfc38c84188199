/* sample.h - what a shard's thread did with its time and how its sockets are, since it was last
 * asked: for the verdict on what keeps a run from being faster. What it costs: two readings of the
 * clock a turn and three a slab; when asked, once a second, a few system calls for each socket.
 * The shard's thread; the sample is control's. */
#ifndef SHARDFETCH_XFER_SAMPLE_H
#define SHARDFETCH_XFER_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/async/loop.h"

struct sink;

/* What TCP knows of one connection (Linux, tcp(7) TCP_INFO). */
struct socket_state {
    uint64_t unread;              // bytes that the kernel holds for us
    uint64_t window;              // that it would hold, as far as it has grown
    uint64_t rtt_ns, rtt_best_ns; // of what we sent; 0 = not known
    uint32_t segments;            // with data that came, in all
    uint32_t disordered;          // of them: not in order
};
/* False: it is no TCP connection. */
bool socket_look(int fd, struct socket_state *ret);

/* The open ones. libcurl does not say over which of them a transfer goes while it runs. */
struct sockets {
    struct socket_seen {
        int fd;
        uint32_t segments, disordered; // when it was last looked at
    } * items;
    size_t count;
    int window; // bytes that a connection may have unread or on the way; 0 = the kernel's choice
};
/* What the easy handle opens from now on, and closes whenever that is; `ss` outlives it. */
void sockets_watch(struct sockets *ss, void *easy);
void sockets_done(struct sockets *ss);

/* Delivered to control, which frees it with mem_free. */
struct shard_sample {
    struct post post;
    void *user;
    uint64_t span_ns;   // of all times below
    uint64_t waited_ns; // for sockets
    uint64_t delay_ns;  // for a processor
    uint64_t write_ns, hash_ns;
    /* of the sockets over which something came meanwhile */
    unsigned sockets;
    unsigned full; // half a window or more is unread
    uint64_t segments, disordered;
    uint64_t rtt_ns, rtt_best_ns; // sums; best of all sockets to the same address
    unsigned rtts;                // how many are known
};

struct shard_work {
    uint64_t since_ns, since_delay_ns;
    uint64_t waited_ns, write_ns, hash_ns;
};
void work_begin(struct shard_work *w);
/* Takes over what writing and hashing took. */
void work_of_sink(struct shard_work *w, struct sink *s);

/* `running` are attempts. */
struct shard_sample *sample_take(struct shard_work *w, struct sockets *ss, struct list *running);

#endif
