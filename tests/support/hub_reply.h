/* hub_reply.h - a request to the embedded hub and the answer to it, as data: no sockets here. */
#ifndef SHARDFETCH_TESTS_HUB_REPLY_H
#define SHARDFETCH_TESTS_HUB_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/buf.h"
#include "tests/support/hub_fault.h"
#include "tests/support/hub_log.h"
#include "tests/support/hub_repo.h"

enum { HUB_MAX_HEADERS = 48, HUB_BODY_MAX = 1 << 30 };

struct hub_request {
    enum hub_origin origin;
    const char *method;
    const char *target;                                        // raw path and query
    const char *range, *if_range, *authorization, *user_agent; // NULL = not sent
    const char *body;                                          // of a POST, "" otherwise
    size_t body_len;
};

struct hub_header {
    char *name;
    char *value;
};

struct hub_reply {
    unsigned status;
    struct hub_header headers[HUB_MAX_HEADERS];
    size_t header_count;
    struct buf text;             // body, unless `file` is set
    const struct hub_file *file; // body is its bytes [from, to)
    uint64_t from, to;
    enum hub_route route;   // what it was for
    char *path;             // the file's path, NULL = not for a file
    bool faulty;            // `fault` applies
    struct hub_fault fault; // its strings are borrowed from the hub's table
};

void hub_reply_init(struct hub_reply *r);
void hub_reply_done(struct hub_reply *r);
/* Adds, or replaces the one of that name (any case). */
void hub_reply_set(struct hub_reply *r, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
void hub_reply_unset(struct hub_reply *r, const char *name);
const char *hub_reply_get(const struct hub_reply *r, const char *name); // NULL = none
/* Status with a JSON error body and, where not NULL, X-Error-Code and X-Error-Message. */
void hub_reply_error(struct hub_reply *r, unsigned status, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void hub_reply_text(struct hub_reply *r, unsigned status, const char *type, const char *text);
/* 200, 206 or 416 for the bytes of a file, by Range and If-Range (RFC 9110 §13.1.5, §14). `etag`
 * with its quotes. */
void hub_reply_file(struct hub_reply *r, const struct hub_request *q, const struct hub_file *f,
                    const char *etag);
/* Bends an answer as the rule says; what happens to the body is left to the sender. */
void hub_reply_bend(struct hub_reply *r);
uint64_t hub_reply_length(const struct hub_reply *r);

/* One satisfiable range `[*ret_from, *ret_to)` of a representation of `size` bytes. */
enum hub_range { HUB_RANGE_NONE, HUB_RANGE_ONE, HUB_RANGE_UNSATISFIABLE };
/* NONE: absent, not bytes, malformed, or several (a server may ignore them, RFC 9110 §14.2). */
enum hub_range hub_range_parse(const char *range, uint64_t size, uint64_t *ret_from,
                               uint64_t *ret_to);

#endif
