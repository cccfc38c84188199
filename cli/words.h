/* words.h - a growing, NULL-terminated list of strings it owns. */
#ifndef SHARDFETCH_CLI_WORDS_H
#define SHARDFETCH_CLI_WORDS_H

#include <stddef.h>

struct words {
    char **items; // NULL while empty, else items[count] is NULL
    size_t count;
};

/* Copies; returns the copy. */
const char *words_add(struct words *w, const char *text);
void words_reset(struct words *w);
void words_done(struct words *w);
/* For settings: NULL while empty. */
const char *const *words_list(const struct words *w);

#endif
