/* repo_id.h - what may name a repo and a revision (hub.md §1.1). Pure. */
#ifndef SHARDFETCH_SOURCE_REPO_ID_H
#define SHARDFETCH_SOURCE_REPO_ID_H

#include <stddef.h>

/* The rule that "org/name" or "name" breaks ("it ends in '.git'"), NULL when it is a repo id. */
const char *repo_id_fault(const char *id);
/* The same for a branch, tag, refs/pr/N or commit; a revision becomes a path below refs/ later. */
const char *revision_fault(const char *rev);

#endif
