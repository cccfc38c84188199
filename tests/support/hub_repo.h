/* hub_repo.h - repos of the embedded hub: files, commits (immutable sets of files), refs (names of
 * commits), access. No lock of its own: the hub's guards it. Files and commits live until the hub
 * ends, so a reply may keep pointing at one. */
#ifndef SHARDFETCH_TESTS_HUB_REPO_H
#define SHARDFETCH_TESTS_HUB_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/content.h"

enum hub_kind { HUB_MODELS, HUB_DATASETS, HUB_SPACES, HUB_KINDS };
const char *hub_kind_name(enum hub_kind k); // "models", "datasets", "spaces"

struct hub_file {
    uint64_t id; // index in the hub's table of files
    char *path;
    bool lfs;
    bool bytes_missing; // listed, but there is nothing to send
    struct content content;
    char oid[SHA1_HEX];      // git blob id, of the pointer when lfs
    char sha256[SHA256_HEX]; // of the content; made up or the listing's own when told
    char xet[SHA256_HEX];    // the CDN's ETag
};

/* files[0..count): sorted by path (strcmp), no duplicates. */
struct hub_commit {
    char sha[SHA1_HEX];
    struct hub_file **files; // borrowed from the hub
    size_t count;
};

struct hub_ref {
    char *name;
    const struct hub_commit *commit;
};

struct hub_repo {
    enum hub_kind kind;
    char *id; // "org/name"
    bool gated, hidden, disabled;
    char *moved_to; // id of the repo it is called now, NULL = not renamed
    unsigned moved_status;
    char **grants;
    size_t grant_count;
    struct hub_ref *refs;
    size_t ref_count;
    struct hub_commit **commits;
    size_t commit_count;
};

/* Table of repos and files. */
struct hub_store {
    struct hub_repo **repos;
    size_t repo_count;
    struct hub_file **files;
    size_t file_count;
};

void hub_store_done(struct hub_store *s);
/* "datasets/org/name" → kind and "org/name" (inside `name`). */
enum hub_kind hub_repo_split(const char *name, const char **ret_id);
struct hub_repo *hub_repo_find(const struct hub_store *s, enum hub_kind kind, const char *id);
/* The repo of that name, made (empty commit on main) when it is not there. */
struct hub_repo *hub_repo_get(struct hub_store *s, const char *name);
/* By ref name or 40-hex id; NULL when unknown. */
const struct hub_commit *hub_repo_commit(const struct hub_repo *r, const char *rev);
void hub_repo_set_ref(struct hub_repo *r, const char *ref, const struct hub_commit *c);
void hub_repo_grant(struct hub_repo *r, const char *token);
bool hub_repo_granted(const struct hub_repo *r, const char *token);
const struct hub_file *hub_commit_file(const struct hub_commit *c, const char *path);

/* A file of the store, ids empty: fill oid, sha256, xet by hub_file_seal or by hand. */
struct hub_file *hub_file_new(struct hub_store *s, const char *path, struct content take_content,
                              bool lfs);
/* Computes the ids; with `real` false the SHA-256 of an LFS file is made up from seed and path. */
bool hub_file_seal(struct hub_file *f, bool real);
/* The same for many files, on one thread per core. */
bool hub_files_seal(struct hub_file **files, size_t count, bool real);
/* Text of the LFS pointer (mem_free). */
char *hub_file_pointer(const struct hub_file *f);

/* New commit on `main`: the old one's files, `with` replacing those of the same path, `without`
 * (may be NULL) removed. `sha` NULL = derived from paths and ids. */
const struct hub_commit *hub_repo_commit_files(struct hub_repo *r, struct hub_file *const *with,
                                               size_t count, const char *without, const char *sha);

#endif
