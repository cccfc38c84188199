/* dest_private.h - what dest.c, dest_names.c and dest_publish.c share. */
#ifndef SHARDFETCH_DOWNLOAD_DEST_PRIVATE_H
#define SHARDFETCH_DOWNLOAD_DEST_PRIVATE_H

#include "download/dest.h"
#include "download/stamps.h"

struct dest {
    int root_fd;
    int state_fd;     // our own directory, held open for moving parts out of it; -1 when only read
    mode_t file_mode; // of published files
    bool is_cache;
    bool is_hub; // files of a hub source: hub's own metadata is written too
    bool no_symlinks;
    bool no_sync;
    bool writes;     // not only looked at
    char *shown;     // the root as the user wrote it
    char *repo_rel;  // cache: "models--org--name"; local: ""
    char *state_rel; // our own directory
    char *hub_rel;   // where CACHEDIR.TAG and trees/ are: ".cache/huggingface" or repo_rel
    char *boot_id;   // of the kernel's current run; "" when it does not tell
    struct stamps *stamps;
};

/* "models--org--name", "datasets--…", "spaces--…". New string. */
char *dest_repo_folder(const struct source_spec *spec);

#endif
