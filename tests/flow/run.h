/* run.h - one run of the built program in a directory of the test: HOME and working directory are
 * that directory, the environment has nothing else but what the test gives. One thread. */
#ifndef SHARDFETCH_TESTS_RUN_H
#define SHARDFETCH_TESTS_RUN_H

#include <stdbool.h>

#include "download/base/scoped.h"

struct proc;

/* Borrowed lists of words, NULL at the end. */
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ENV     NULL

struct run {
    struct proc *proc;
    int status;      // exit status, -1 when a signal ended it
    const char *out; // what it wrote
    const char *err;
};

/* Waits for the end; one that takes minutes ends the test. `args` comes after the program's name,
 * `env` ("NAME=value") may be NULL. */
struct run run(const char *dir, const char *const *args, const char *const *env);
void run_done(struct run *r);
/* Does the text appear on either stream? */
bool run_tells(const struct run *r, const char *text);

#endif
