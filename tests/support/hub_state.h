/* hub_state.h - what the parts of the embedded hub share: one struct, one lock. Only the hub's own
 * sources include this. Answering: hub_answer takes the lock, finds the route, and fills a reply
 * that points only at things that live until the hub ends. */
#ifndef SHARDFETCH_TESTS_HUB_STATE_H
#define SHARDFETCH_TESTS_HUB_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "tests/support/hub.h"
#include "tests/support/hub_reply.h"
#include "tests/support/hub_repo.h"

/* How often a rule has been asked for one path. */
struct hub_fault_count {
    char *path;
    unsigned times;
};

struct hub_fault_rule {
    struct hub_fault fault; // strings in `text`
    char *text;
    struct hub_fault_count *counts;
    size_t path_count;
    unsigned times; // over all paths
    struct hub_fault_rule *next;
};

struct hub_bucket_state {
    unsigned quota; // 0 = no limit, no headers
    uint64_t window_ns;
    uint64_t began_ns;
    unsigned used;
};

struct hub_server; // sockets and threads: hub_server.h

struct hub {
    struct hub_options opt; // strings in `opt_text`
    char *opt_text;
    struct hub_server *servers[2]; // by enum hub_origin
    char *urls[2];                 // "http://127.0.0.1:PORT", by enum hub_origin
    char *endpoint;                // urls[HUB_AT_ENDPOINT] + prefix
    char *key;                     // of the URL signatures
    struct hub_log *log;
    int stop_fd; // eventfd, readable once the hub ends: everything that waits watches it
    atomic_uint connections, bodies;

    pthread_mutex_t lock; // guards what follows
    struct hub_store store;
    char **tokens;
    size_t token_count;
    struct hub_bucket_state buckets[HUB_BUCKETS];
    struct hub_fault_rule *rules;   // in the order they were added
    struct hub_fault_rule *retired; // cleared ones; replies may still point at their strings
    unsigned *url_uses;             // by number of signed URL
    size_t url_count;
    size_t url_expired; // URLs of a lower number are no longer valid
    uint64_t request_count;
};

/* A request's path, taken apart. */
struct hub_target {
    enum hub_route route;
    enum hub_kind kind;
    char *id;         // repo
    char *rev;        // "main" when the path has none
    char *path;       // file or directory, "" when none
    char *query;      // raw, "" when none
    uint64_t file_id; // HUB_CDN
};
void hub_target_parse(const struct hub *h, const struct hub_request *q, struct hub_target *ret);
void hub_target_done(struct hub_target *t);

/* hub_answer.c: the whole answer to a request. */
void hub_answer(struct hub *h, const struct hub_request *q, struct hub_reply *r);

/* hub_access.c, under the lock: false = refused, the reply says why. `file` true: the bytes are
 * wanted, not only the listing. */
bool hub_allow(struct hub *h, const struct hub_request *q, const struct hub_target *t, bool file,
               struct hub_repo **ret, struct hub_reply *r);

/* hub_limit.c, under the lock: counts the request and sets the headers; false = 429. */
bool hub_limit_pass(struct hub *h, enum hub_route route, uint64_t now_ns, struct hub_reply *r);

/* hub_tree.c, under the lock. */
void hub_reply_info(struct hub *h, const struct hub_target *t, const struct hub_repo *repo,
                    const struct hub_commit *c, struct hub_reply *r);
void hub_reply_tree(struct hub *h, const struct hub_target *t, const struct hub_commit *c,
                    struct hub_reply *r);
void hub_reply_paths(const struct hub_request *q, const struct hub_commit *c, struct hub_reply *r);

/* hub_resolve.c, under the lock. */
void hub_reply_resolve(struct hub *h, const struct hub_target *t, const struct hub_repo *repo,
                       const struct hub_commit *c, struct hub_reply *r);
void hub_reply_small(const struct hub_request *q, const struct hub_target *t,
                     const struct hub_commit *c, struct hub_reply *r);
void hub_reply_cdn(struct hub *h, const struct hub_request *q, const struct hub_target *t,
                   struct hub_reply *r);

/* hub_rules.c, under the lock: the rule for this request, NULL = none. */
const struct hub_fault *hub_rule_for(struct hub *h, enum hub_route route, const char *path);
void hub_rules_free(struct hub_fault_rule *rules);

#endif
