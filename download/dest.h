/* dest.h - where files go on this machine (contract.md "Where files go", hub.md §2.1-2.2): a plain
 * directory with hub's metadata, or the Hugging Face cache with blobs, snapshots and refs.
 * Holds the root directory open; every name below it is walked without following links. Names and
 * looks: control thread; dest_publish: one worker per file. */
#ifndef SHARDFETCH_DOWNLOAD_DEST_H
#define SHARDFETCH_DOWNLOAD_DEST_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/err.h"
#include "download/base/fs.h"
#include "download/base/scoped.h"
#include "download/plan/listing.h"
#include "download/settings.h"
#include "download/source/source.h"

struct dest;

/* Makes nothing when `read_only` (plan, verify): a root that is absent then holds no file. */
NODISCARD enum err dest_open(const struct settings *s, const struct source_spec *spec,
                             bool read_only, struct dest **ret, struct why *why);
void dest_free(struct dest *d);
SCOPED_FREE(struct dest, dest)

bool dest_is_cache(const struct dest *d);
/* Directory a user finds the files in; needs the commit for the cache. New string. */
char *dest_shown(const struct dest *d, const char *commit);
/* The same for one file. New string. */
char *dest_shown_file(const struct dest *d, const char *commit, const char *path);
NODISCARD enum err dest_space(const struct dest *d, uint64_t *ret_free, uint64_t *ret_total,
                              struct why *why);
/* True when the target folds case (`A` finds `a`), found by trying in our own state directory. */
bool dest_folds_case(const struct dest *d);

enum { DEST_ID_BYTES = 32 };

/* All names of one file, relative to the root. */
struct dest_names {
    char *final_rel;   // what carries the bytes under its final name
    char *link_rel;    // cache: symlink below snapshots/, or NULL
    char *link_target; // what it says
    char *meta_rel;    // local directory of a hub source: hub's .metadata, or NULL
    char *part_rel;    // partial file and
    char *journal_rel; // its journal, below our state directory
    char *identity; // "sha256:…", "git-sha1:…" or "etag:…": what a stamp vouches for; NULL: nothing
    uint8_t id[DEST_ID_BYTES]; // binds a partial to its source
};
void dest_names_init(const struct dest *d, const struct listing_entry *e, const char *commit,
                     struct dest_names *ret);
void dest_names_done(struct dest_names *n);

enum dest_state {
    DEST_ABSENT,     // not there, or of another size
    DEST_UNVERIFIED, // right size, but nothing says that we checked its content
    DEST_UNLINKED,   // cache: the verified blob is there, this revision's link is not
    DEST_PRESENT,    // verified by us and unchanged since
};
/* Did a run of this or another tool publish it here, whatever became of it since? */
bool dest_was_published(const struct dest *d, const struct dest_names *n);
enum dest_state dest_look(const struct dest *d, const struct dest_names *n, uint64_t size);
/* Bytes that a part file of an earlier run may already hold; for plans only. */
bool dest_has_partial(const struct dest *d, const struct dest_names *n);

/* Opens (makes) the part file, locked for this process; ERR_BUSY when another one holds it. Worker
 * or control. */
NODISCARD enum err dest_open_part(const struct dest *d, const struct dest_names *n, int *ret_fd,
                                  struct why *why);
/* Opens (makes) its journal. */
NODISCARD enum err dest_open_journal(const struct dest *d, const struct dest_names *n, int *ret_fd,
                                     struct why *why);
/* Opens the published bytes for reading. */
NODISCARD enum err dest_open_final(const struct dest *d, const struct dest_names *n, int *ret_fd,
                                   struct why *why);

/* A worker's part of publishing: data to disk (unless no_sync), final mode, rename, link, hub's
 * metadata, directories to disk. After it the file is complete and durable under its final name. */
NODISCARD enum err dest_publish(const struct dest *d, const struct dest_names *n,
                                const char *commit, int part_fd, struct fs_stamp *ret_stamp,
                                struct why *why);
/* Only the link of a blob that is there (DEST_UNLINKED). */
NODISCARD enum err dest_link(const struct dest *d, const struct dest_names *n, struct why *why);
/* Removes the part file and its journal (after publishing, or when their content is worthless). */
void dest_drop_part(const struct dest *d, const struct dest_names *n);

/* Control thread: we vouch for this file from now on. */
void dest_stamp(struct dest *d, const struct dest_names *n, const struct fs_stamp *stamp);

/* The listing of `commit`, kept as hub does (trees/<commit>.json). ERR_NOT_FOUND when absent. */
NODISCARD enum err dest_load_tree(const struct dest *d, const char *commit, struct listing *ret,
                                  struct why *why);
/* The newest listing kept here: which commit a plain directory holds. ERR_NOT_FOUND. */
NODISCARD enum err dest_newest_tree(const struct dest *d, char **ret_commit, struct why *why);
NODISCARD enum err dest_save_tree(const struct dest *d, const struct listing *l, struct why *why);
/* Cache: `commit` has no such file; said where hub looks (.no_exist/<commit>/<path>), so that
 * loaders do not ask again. Losing it costs a request. */
void dest_note_absent(const struct dest *d, const char *commit, const char *path);
/* Cache: commit of `revision` by refs/; ERR_NOT_FOUND. */
NODISCARD enum err dest_load_ref(const struct dest *d, const char *revision, char **ret_commit,
                                 struct why *why);
/* Cache: refs/<revision> says `commit`, written last. No-op elsewhere and for commits. */
NODISCARD enum err dest_save_ref(const struct dest *d, const char *revision, const char *commit,
                                 struct why *why);

#endif
