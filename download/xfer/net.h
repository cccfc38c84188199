/* net.h - how this run reaches the network: one set of facts for every connection. Borrowed and
 * unchanged for the run; any thread. */
#ifndef SHARDFETCH_XFER_NET_H
#define SHARDFETCH_XFER_NET_H

#include <stdint.h>

#include "download/base/throttle.h"

struct secret;

enum net_ip { NET_IP_ANY, NET_IP_V4, NET_IP_V6 };

struct net {
    const char *user_agent;
    const char *http_proxy;  // for http: URLs; NULL or "" = none
    const char *https_proxy; // for https: URLs
    const char *no_proxy;    // hosts reached without one, as libcurl reads it; NULL = none
    const char *cacert;      // NULL = the system's
    const char *capath;
    enum net_ip ip;
    uint64_t connect_timeout_s;
    uint64_t stall_timeout_s; // no byte for this long ends an exchange
    const struct secret *token;
    struct limits limits; // of all bodies together
};

#endif
