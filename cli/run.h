/* run.h - one run from settings to exit: observers are started, the download runs on this thread,
 * the result is told. */
#ifndef SHARDFETCH_CLI_RUN_H
#define SHARDFETCH_CLI_RUN_H

#include "cli/options.h"

/* The process's exit code; does not return where the end is by a signal. */
int run(const struct options *o);

#endif
