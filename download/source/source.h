/* source.h - where files come from: what to ask to learn what there is, and what to ask to get one
 * of them. A source does no I/O: it hands out requests and is fed replies, by one thread.
 *
 *   source_next → REQUEST → carry it → source_reply → … → DONE, then source_listing
 *   resolve_start → resolve_request → carry it → resolve_reply → … → READY: url, size, validator
 *
 * Kinds: the Hub (hub.c), manifest or lock and SHA256SUMS (manifest.c, sums.c: their text is given,
 * nothing is asked unless it has to be fetched), one bare URL (bare_url.c). */
#ifndef SHARDFETCH_SOURCE_SOURCE_H
#define SHARDFETCH_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/err.h"
#include "download/base/scoped.h"
#include "download/plan/listing.h"
#include "download/source/request.h"

enum repo_type { REPO_MODEL, REPO_DATASET, REPO_SPACE };

/* What the user wrote, understood (contract.md, table SOURCE). */
enum source_kind { SOURCE_HUB, SOURCE_MANIFEST, SOURCE_BARE_URL };

struct source_spec {
    enum source_kind kind;
    enum repo_type repo_type;
    char *repo;     // hub: "org/name" or "name"
    char *revision; // hub: branch, tag, refs/pr/N, commit; "main" when not told
    char *
        path; // hub: the one file of a URL, hf:// path, blob/resolve URL ("dir/" for tree); or NULL
    char *url;         // bare URL without fragment, or manifest URL
    char *file;        // manifest file on disk, "-" for standard input
    struct digest pin; // bare URL: #sha256=HEX
};

struct source_hint {       // flags that say more about SOURCE
    const char *endpoint;  // effective endpoint, e.g. "https://huggingface.co"
    const char *revision;  // --revision or NULL
    const char *repo_type; // --repo-type or NULL
    bool is_manifest;      // SOURCE came from --manifest
};

/* ERR_USAGE naming what is wrong with it (bad repo id, a second revision, unknown hf:// type …). */
NODISCARD enum err source_spec_parse(const char *text, const struct source_hint *hint,
                                     struct source_spec *ret, struct why *why);
void source_spec_done(struct source_spec *s);
/* "hf://org/name", "hf://datasets/org/name", the redacted URL, or the file: for events. */
char *source_spec_text(const struct source_spec *s);

struct source;

struct source_setup {
    const char *endpoint;       // hub: without trailing slash, may have a path prefix
    const char *const *mirrors; // --mirror: endpoints, or bases of URLs; NULL-terminated or NULL
    const char *base_url;      // manifest, sums: what relative URLs and names resolve against; NULL
    const char *manifest_text; // manifest, sums: the text, read by the caller; NULL = fetch `url`
    size_t manifest_len;
    bool have_token;               // a token exists: for the sentences of 401 and 403
    const char *token_origin_note; // "HF_TOKEN", "file '…'", "--token": where it came from
    const char *known_commit;      // hub: skip asking for the commit (a 40-hex revision also does)
    bool skip_tree;                // hub: only the commit is wanted; the listing is cached
};

NODISCARD enum err source_open(const struct source_spec *spec, const struct source_setup *setup,
                               struct source **ret, struct why *why);
void source_free(struct source *s);
SCOPED_FREE(struct source, source)

enum source_step { SOURCE_REQUEST, SOURCE_DONE };
/* The next request of the listing phase (caller: request_done), or SOURCE_DONE. */
enum source_step source_next(struct source *s, struct request *ret);
/* Judges the reply to it. Statuses are turned into contract errors with a sentence that says what
 * to do next (ERR_NOT_FOUND, ERR_AUTH, ERR_REFUSED, ERR_NETWORK); retries happened before. */
NODISCARD enum err source_reply(struct source *s, const struct reply *reply, struct why *why);
/* After SOURCE_DONE; owned by the source. Entries are not yet checked by path_check_all. */
struct listing *source_listing(struct source *s);
/* Known after the commit request (hub), else NULL. */
const char *source_commit(const struct source *s);
/* The Hub said that access to the files has to be asked for (known with the commit request). */
bool source_gated(const struct source *s);
/* The i-th warning for people (unknown manifest keys …), NULL after the last; owned by `s`. */
const char *source_warning(const struct source *s, size_t i);

/* The places that may have a file: [0] the source's own, then the listed URLs after the first, then
 * the mirrors. More than one only where the source's own listing gives a digest: whatever a place
 * sends is judged by that. */
enum { SOURCE_MIRRORS_MAX = 16 };
size_t source_places(const struct source *s, const struct listing_entry *e);
/* The endpoint, or the origin of the URL: what tells two places apart, for people, too. New string.
 */
char *source_place_name(const struct source *s, const struct listing_entry *e, size_t place);

/* One file on its way to a final URL. */
struct resolve {
    size_t place;        // of the file's places
    char *url;           // to ask now; when READY: where the body is
    bool send_token;     // that URL is the token's own origin and path scope
    unsigned hops;       // redirects followed, at most RESOLVE_MAX_HOPS
    bool needs_request;  // false from the start when the URL is final already
    bool head_refused;   // 405/501 once: the body request doubles as the probe
    uint64_t size;       // SIZE_NOT_KNOWN until an answer said
    char *etag;          // validator of the final origin itself, strong; NULL when not seen
    bool accepts_ranges; // false only when the origin said "none"
};

enum { RESOLVE_MAX_HOPS = 10 };

NODISCARD enum err resolve_start(struct source *s, const struct listing_entry *e, size_t place,
                                 struct resolve *ret, struct why *why);
void resolve_done(struct resolve *r);
/* The HEAD request to send (caller: request_done). */
void resolve_request(const struct resolve *r, struct request *ret);
enum resolve_step { RESOLVE_AGAIN, RESOLVE_READY };
/* Reads the reply: redirects (https to http refused, also user info and other schemes), size,
 * validator; errors as source_reply, of a mirror ERR_INTEGRITY when it has another file.
 * Cross-origin targets are READY without being asked: signed URLs answer only the method they were
 * signed for. */
NODISCARD enum err resolve_reply(struct source *s, const struct listing_entry *e, struct resolve *r,
                                 const struct reply *reply, enum resolve_step *ret,
                                 struct why *why);
/* A body request was answered 3xx: the same rules, for its Location. */
NODISCARD enum err resolve_redirect(struct source *s, const struct listing_entry *e,
                                    struct resolve *r, const char *location, struct why *why);
/* The contract error and sentence for a final failure status of a body or resolve request:
 * names the file, host, status, request id and what to do next (gated page, token's source). */
enum err source_explain(const struct source *s, const char *path, const struct outcome *o,
                        struct why *why);

#endif
