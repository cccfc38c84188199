/* raw_server.h - bytes over TCP exactly as scripted, for lies no HTTP library tells: broken or
 * endless headers, HTTP/0.9, two Content-Lengths, floods of 1xx. The n-th connection plays the n-th
 * script, later ones the last. One thread per connection, ended by raw_server_free. */
#ifndef SHARDFETCH_TESTS_RAW_SERVER_H
#define SHARDFETCH_TESTS_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"
#include "download/base/scoped.h"

enum raw_action {
    RAW_END = 0, // of the script: close
    RAW_READ,    // until the blank line that ends a request's head
    RAW_SEND,    // `bytes`
    RAW_FLOOD,   // `bytes` again and again until the client hangs up
    RAW_HANG,    // nothing until the client hangs up
    RAW_RESET,   // TCP reset
};

struct raw_step {
    enum raw_action action;
    const char *bytes;
    size_t len; // 0 = strlen(bytes)
};

enum { RAW_STEPS = 8 };

struct raw_script {
    struct raw_step steps[RAW_STEPS];
};

struct raw_server;

/* Scripts are copied, their bytes borrowed. */
NODISCARD enum err raw_server_start(const struct raw_script *scripts, size_t count,
                                    struct raw_server **ret, struct why *why);
void raw_server_free(struct raw_server *s); // NULL is fine
SCOPED_FREE(struct raw_server, raw_server)

const char *raw_server_url(const struct raw_server *s); // "http://127.0.0.1:PORT"
unsigned raw_server_port(const struct raw_server *s);
/* Waits until so many requests were read; false after `timeout_ms`. */
bool raw_server_wait(struct raw_server *s, size_t requests, uint64_t timeout_ms);
size_t raw_server_requests(struct raw_server *s);
/* Head of the n-th request read (mem_free), NULL when there are fewer. */
char *raw_server_request(struct raw_server *s, size_t n);
uint64_t raw_server_sent(struct raw_server *s); // bytes over all connections

#endif
