/* path_fold.h - the key under which a file system that folds case or normalises may see a name:
 * two names with the same key are twins. Errs on the side of twins: case of Latin, Greek, Cyrillic,
 * Armenian and full-width letters, composed against decomposed Latin letters, `ß` against `ss`.
 * Pure. */
#ifndef SHARDFETCH_PLAN_PATH_FOLD_H
#define SHARDFETCH_PLAN_PATH_FOLD_H

/* New string for mem_free; NULL without memory. `path` is valid UTF-8. */
char *path_fold(const char *path);

#endif
