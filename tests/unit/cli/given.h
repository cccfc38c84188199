/* given.h - what a test of the command line starts from: an empty environment and a home of its
 * own, then words of argv. Every Criterion test is a process of its own; given_clean is for its
 * `.fini`. */
#ifndef SHARDFETCH_TESTS_UNIT_CLI_GIVEN_H
#define SHARDFETCH_TESTS_UNIT_CLI_GIVEN_H

#include "cli/options.h"

/* Clears the environment; HOME is a new directory, its path is returned. */
const char *given_home(void);
void given_clean(void);
/* Writes a file below HOME, making directories; returns its path. */
const char *given_file(const char *name, const char *text);

struct given {
    struct options o;
    struct why why;
    enum err e;
    char *argv[32]; // copies, so that wiping can be seen
    int argc;
};
/* `setup` with these words, NULL-terminated, the program's name left out. */
void given_words(struct given *g, const char *const *words);
void given_done(struct given *g); // for SCOPED
#define GIVEN(g, ...) given_words((g), (const char *const[]){__VA_ARGS__, NULL})

#endif
