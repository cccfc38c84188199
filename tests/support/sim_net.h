/* sim_net.h - a virtual network to one origin, stepped by a virtual clock: TCP connections that
 * share a bottleneck with a queue, caps, losses, edges, a neighbour, and origins that punish or
 * refuse. Rates are fluid; windows grow and shrink as CUBIC's do (RFC 9438). By seed. */
#ifndef SHARDFETCH_TESTS_SIM_NET_H
#define SHARDFETCH_TESTS_SIM_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/rng.h"

enum { SIM_SLOTS = 80, SIM_EDGES = 4 };

/* Bytes per second and seconds; 0 = there is no such thing. */
struct sim_line {
    double link;
    double rtt;
    double queue;  // of the bottleneck, seconds at its rate
    double server; // from a request's arrival to its answer
    double per_connection;
    double loss; // of packets, besides those of a full queue
    double cost; // of the link, for each connection beyond the eighth (radio)
    struct {
        unsigned count;      // addresses of the name; 0 = 1
        double slow;         // what a connection to a slow one gets
        unsigned slow_count; // the first ones are slow …
        double slow_from;    // … from then on
        unsigned only_first; // opened at the first address until told to go elsewhere
    } edges;
    struct {
        unsigned above; // more connections than this …
        double after;   // … for so long …
        double share;   // … get this of the link together …
        double lasts;   // … until they have been fewer for so long
    } police;
    struct {
        double share, on, off; // takes this of the link, for so long, then not for so long (means)
    } neighbour;
    struct {
        unsigned connections; // more than these are answered 429
        double starts;        // per second, as a bucket of one second; more are answered 429
        unsigned retry_after; // seconds
    } refuse;
    struct {
        double at, link, per_connection; // the line is another one from then on
    } change;
};

enum sim_state {
    SIM_CLOSED,
    SIM_WARM,    // open, no request
    SIM_WAITING, // for the first byte, or the refusal
    SIM_BODY,
    SIM_REFUSED, // answered 429; the connection is warm
};

struct sim_conn {
    enum sim_state state;
    unsigned edge;
    double until; // when what it waits for is there
    double start; // of the request
    double left;  // bytes of the answer
    double got;   // bytes in this step
    bool refused;
    bool spoiled;                   // its answer was cut short: no further request
    bool held;                      // not read from in the next step
    double crawl;                   // >0: this connection gets no more than this
    double window, threshold, peak; // bytes
    double epoch, ripe;             // since the last loss; when the peak is reached again
};

struct sim_net {
    const struct sim_line *line;
    struct rng rng, others;
    double now, step;
    double capacity; // of the link in this step
    double queued;   // bytes in the bottleneck's queue
    double per_connection;
    double neighbour_until;
    bool neighbour_on;
    double above_since, punished_until;
    double tokens;       // of request starts
    unsigned avoid_edge; // + 1; 0 = none
    unsigned requests, refusals;
    double peak_starts; // most requests that arrived in one second
    struct sim_conn conns[SIM_SLOTS];
    double arrivals[SIM_SLOTS * 4]; // ring of the latest requests
};

void sim_net_init(struct sim_net *n, const struct sim_line *line, double step, uint64_t seed);
/* On a connection that is warm or closed. */
void sim_net_request(struct sim_net *n, unsigned slot, double bytes);
/* Ends the request; in its body that costs the connection. */
void sim_net_end(struct sim_net *n, unsigned slot);
/* The answer is wanted only so far: `bytes` less. */
void sim_net_cut(struct sim_net *n, unsigned slot, double bytes);
/* One step on, in which at most `most` bytes are received; true: it was they that held it back. */
bool sim_net_step(struct sim_net *n, double most);
/* What a connection needs from its request to the first byte, cold. */
double sim_net_first_byte(const struct sim_line *line);

#endif
