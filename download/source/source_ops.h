/* source_ops.h - inside of source/: what every kind of source has, what each kind does itself, and
 * the rules all share (where the token may go, what a redirect means, how a failure is told). */
#ifndef SHARDFETCH_SOURCE_SOURCE_OPS_H
#define SHARDFETCH_SOURCE_SOURCE_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "download/source/source.h"
#include "download/source/url.h"

struct source_ops {
    enum source_step (*next)(struct source *s, struct request *ret);
    enum err (*reply)(struct source *s, const struct reply *reply, struct why *why);
    void (*free)(struct source *s); // its own fields and itself, after the shared ones are gone
};

/* An address below which files are. */
struct endpoint {
    char *text;    // without trailing slash; NULL: there is none
    struct url at; // its parts, pointing into `text`
};

struct source { // first member of every kind's struct
    const struct source_ops *ops;
    struct listing listing;
    struct endpoint endpoint; // the Hub's, and the only one that is sent the token
    struct endpoint *mirrors; // [0..mirror_count): others that may have the same files
    size_t mirror_count;
    char *repo; // files without a URL of their own come from this repo, or NULL
    enum repo_type repo_type;
    char *revision; // as asked for, for sentences
    bool gated;     // the Hub says that access has to be asked for
    bool have_token;
    char *token_note; // where the token came from
    char **warnings;  // [0..warning_count)
    size_t warning_count;
};

NODISCARD enum err hub_open(const struct source_spec *spec, const struct source_setup *setup,
                            struct source **ret, struct why *why);
NODISCARD enum err manifest_open(const struct source_spec *spec, const struct source_setup *setup,
                                 struct source **ret, struct why *why);
NODISCARD enum err bare_url_open(const struct source_spec *spec, const struct source_setup *setup,
                                 struct source **ret, struct why *why);

/* Takes over what `setup` says for all kinds. ERR_USAGE: the endpoint is no http(s) URL. */
NODISCARD enum err source_init(struct source *s, const struct source_ops *ops,
                               const struct source_setup *setup, struct why *why);
/* At most WARNINGS_MAX are kept, none twice. */
enum { WARNINGS_MAX = 20 };
void source_warn(struct source *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- endpoint.c: where a Hub is, and the path below which its token is valid ---- */

/* ERR_USAGE naming `what` it was to be. */
NODISCARD enum err endpoint_init(struct endpoint *p, const char *text, const char *what,
                                 struct why *why);
void endpoint_done(struct endpoint *p);

/* "", "datasets/" or "spaces/"; "models", "datasets" or "spaces". */
const char *repo_type_prefix(enum repo_type t);
const char *repo_type_plural(enum repo_type t);
/* "model", "dataset", "space". */
const char *repo_type_word(enum repo_type t);

/* Same origin as the endpoint and below its path; `url` has no dot segments (url_resolve). */
bool endpoint_covers(const struct endpoint *p, const char *url);
/* Path and query of `ref`, on the endpoint and below its path prefix (design.md D4: mirrors answer
 * with the address of whom they mirror). New string. */
NODISCARD enum err endpoint_put_back(const struct endpoint *p, const char *ref, char **ret,
                                     struct why *why);
/* Where a redirect from `from` to `location` leads (new string); ERR_REFUSED: https to http,
 * another scheme, user information, bad text, or to itself. */
NODISCARD enum err redirect_target(const struct endpoint *p, const char *from, const char *location,
                                   char **ret, struct why *why);

/* ---- place.c: the places that may have a file ---- */

/* Whose answers place `i` of `e` is judged by: relative redirects, resolve pages. */
const struct endpoint *place_home(const struct source *s, const struct listing_entry *e, size_t i);
/* New string: what to ask there first. */
NODISCARD enum err place_url(const struct source *s, const struct listing_entry *e, size_t i,
                             char **ret, struct why *why);
/* Is place `i` asked in the Hub's way? */
bool place_is_hub(const struct source *s, const struct listing_entry *e);
/* A mirror's answer about place `i` must not contradict what the source's own listing says: by
 * digest and size where it tells them. */
NODISCARD enum err place_check(const struct listing_entry *e, const struct headers *h, bool final,
                               struct why *why);

/* True for a final response whose status and headers can be believed. */
bool outcome_is_answer(const struct outcome *o);
/* 3xx with a Location to follow: that Location, else NULL. */
const char *reply_redirect(const struct reply *r);

#endif
