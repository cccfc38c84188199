/* hub_log.h - every request the hub has seen, in order of arrival, for assertions such as "the
 * token never reached the CDN". Any thread. Waiting is by condition variable. */
#ifndef SHARDFETCH_TESTS_HUB_LOG_H
#define SHARDFETCH_TESTS_HUB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"
#include "tests/support/hub_fault.h"

enum hub_origin { HUB_AT_ENDPOINT, HUB_AT_CDN };

/* Strings live as long as the log. */
struct hub_log_entry {
    uint64_t at_ns; // monotonic, arrival
    enum hub_origin origin;
    enum hub_route route;
    const char *method;
    const char *target;        // raw path and query
    const char *file;          // the file's path when the request is for one, else NULL
    const char *range;         // NULL = none sent
    const char *authorization; // NULL = none sent
    const char *user_agent;    // NULL = none sent
    unsigned connection;       // counted from 1 over both origins
    unsigned status;           // 0 = hung up on
    uint64_t bytes;            // of the body, given to the socket so far
    bool finished;             // answered and sent, or given up
};

struct hub_log;

/* Which entries; all zero = all. */
struct hub_log_filter {
    enum hub_route route;
    const char *file;   // glob of the file's path (`*` crosses `/`)
    const char *target; // glob of the raw path and query
    const char *method; // exact
    unsigned status;    // 0 = any
    bool finished;      // only finished ones
    bool authorized;    // only with an Authorization header
    bool at_cdn;        // only at the CDN origin
};

size_t hub_log_count(struct hub_log *l, const struct hub_log_filter *f);
/* Copies the n-th (from 0) matching entry; false when there are fewer. */
bool hub_log_get(struct hub_log *l, const struct hub_log_filter *f, size_t n,
                 struct hub_log_entry *ret);
/* Body bytes of all matching entries. */
uint64_t hub_log_bytes(struct hub_log *l, const struct hub_log_filter *f);
/* Number of different connections among them. */
size_t hub_log_connections(struct hub_log *l, const struct hub_log_filter *f);
/* True when any request line or header value recorded contains `text`. */
bool hub_log_contains(struct hub_log *l, const struct hub_log_filter *f, const char *text);
/* Waits until `n` entries match (status and route are known from the answer on); false after
 * `timeout_ms`. */
bool hub_log_wait(struct hub_log *l, const struct hub_log_filter *f, size_t n, uint64_t timeout_ms);
void hub_log_clear(struct hub_log *l);

/* For the hub itself. */
NODISCARD enum err hub_log_new(const char *path, struct hub_log **ret, struct why *why);
void hub_log_free(struct hub_log *l);
/* Copies the strings; the number stays valid until the log is freed. */
uint64_t hub_log_begin(struct hub_log *l, const struct hub_log_entry *e);
void hub_log_add_bytes(struct hub_log *l, uint64_t id, uint64_t bytes);
void hub_log_end(struct hub_log *l, uint64_t id);

#endif
