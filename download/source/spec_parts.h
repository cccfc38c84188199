/* spec_parts.h - a Hub address taken apart: "ORG/NAME@REV", "hf://…", or a URL of the Hub's pages.
 * The parts are not judged yet (repo_id.h does). Pure. */
#ifndef SHARDFETCH_SOURCE_SPEC_PARTS_H
#define SHARDFETCH_SOURCE_SPEC_PARTS_H

#include <stdbool.h>

#include "download/source/source.h"

struct hub_parts { // owned strings
    enum repo_type type;
    bool has_type; // the address says it
    char *repo;
    char *revision; // NULL = not said
    char *path;     // file, "dir/", or NULL
};

void hub_parts_done(struct hub_parts *p);

/* Each returns the rule that is broken, or NULL. A revision in them may be percent-encoded;
 * `refs/pr/N` and `refs/convert/NAME` may also be written with their slashes, as huggingface_hub
 * reads them: any other revision in hf:// and in a URL ends at the next '/'. */
const char *hub_parts_of_short(const char *text, struct hub_parts *ret); // ORG/NAME[@REV]
/* What follows "hf://": [TYPE/]ORG/NAME[@REV][/PATH]; NAME alone only before '@' or at the end. */
const char *hub_parts_of_uri(const char *text, struct hub_parts *ret);
/* A page of the endpoint, or of huggingface.co whatever the endpoint is (a mirror shows the same
 * repos). False: another site. True with `*ret_rule` set: a page that shows no repo or file. */
bool hub_parts_of_url(const char *url, const char *endpoint, struct hub_parts *ret,
                      const char **ret_rule);

#endif
