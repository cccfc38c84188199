/* hub_fault.h - what goes wrong, as a table: which request (route, path, how often asked), and what
 * the hub then does. The first matching rule decides. Also read from text, for `hubd --fault`. */
#ifndef SHARDFETCH_TESTS_HUB_FAULT_H
#define SHARDFETCH_TESTS_HUB_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/err.h"

/* What a request is for. */
enum hub_route {
    HUB_ANY = 0,
    HUB_INFO,    // /api/models/ID[/revision/REV]
    HUB_TREE,    // /api/models/ID/tree/REV
    HUB_PATHS,   // /api/models/ID/paths-info/REV
    HUB_RESOLVE, // /ID/resolve/REV/PATH
    HUB_SMALL,   // /api/resolve-cache/…: body of a small file
    HUB_CDN,     // body of an LFS file, at the CDN origin
    HUB_OTHER,   // none of these
};
const char *hub_route_name(enum hub_route r); // "any", "info", "tree", "paths", …

#define HUB_NEVER UINT64_MAX // for offsets and lengths: does not happen

/* Start from HUB_FAULT_NONE: `struct hub_fault f = HUB_FAULT_NONE;`. Strings are copied. */
struct hub_fault {
    /* which */
    enum hub_route route;
    const char *glob;     // of the file's path (of the request's for info, tree, other); NULL = *
    unsigned first, last; // n-th matching request, from 1, inclusive; 0, 0 = always
    bool count_all;       // n counts over all paths; else for each path by itself
    /* answer instead */
    unsigned status;     // 0 = as usual; 206 and 200 keep the body, others get a small one
    const char *headers; // added, replacing the hub's of the same name: "A: 1\nB: 2"
    const char *body;    // replaces the body (with status 0: of a 200)
    bool hang_up;        // close without a byte of answer
    /* header lies */
    bool ignore_range;         // 200 and the whole file
    bool as_200;               // 200, yet only the range
    bool chunked;              // no Content-Length
    const char *content_range; // this text; "" = none in the 206
    uint64_t length;           // this Content-Length: sends no more, closes where the body ends
    const char *etag;          // this ETag (with its quotes); "" = none
    const char *encoding;      // claims this Content-Encoding and ignores the range
    const char *location;      // redirects there (302 unless `status`)
    /* body; offsets count the bytes of this answer's body, flip_at those of the file */
    uint64_t delay_ms; // before the status line
    uint64_t stall_at; // sends nothing more after so many bytes, connection stays open
    uint64_t close_at; // closes after so many
    uint64_t reset_at; // TCP reset after so many
    uint64_t flip_at;  // the byte at this offset of the file is inverted
    uint64_t rate;     // bytes per second; 0 = unlimited
    uint64_t drip;     // bytes per write; 0 = as many as go
};

#define HUB_FAULT_NONE                                                                             \
    {                                                                                              \
        .length = HUB_NEVER, .stall_at = HUB_NEVER, .close_at = HUB_NEVER, .reset_at = HUB_NEVER,  \
        .flip_at = HUB_NEVER,                                                                      \
    }

/* Grammar: ROUTE GLOB [WHEN] ACTION…, separated by spaces; values are percent-decoded.
 *   ROUTE   any info tree paths resolve small cdn other
 *   WHEN    #3 (third request of each path)  #2-4  #2+  ##3 (third of all)
 *   ACTION  status=503 header=Retry-After:%202 body=TEXT location=URL hang-up delay=MS
 *           stall=BYTES close=BYTES reset=BYTES flip=OFFSET rate=BYTES/S drip=BYTES
 *           ignore-range as-200 chunked content-range=TEXT length=N etag=TEXT encoding=gzip
 * The strings of `ret` live in `*ret_text`, which the caller frees with mem_free. */
NODISCARD enum err hub_fault_parse(const char *spec, struct hub_fault *ret, char **ret_text,
                                   struct why *why);

#endif
