/* setup.h - from argv, environment and config file to the settings of a run. */
#ifndef SHARDFETCH_CLI_SETUP_H
#define SHARDFETCH_CLI_SETUP_H

#include "cli/options.h"
#include "download/base/buf.h"

/* Reads all layers, checks what contradicts, fills in what follows. Secrets are wiped from argv.
 * With --help or --version nothing else is looked at. `o` is initialised here; the caller calls
 * options_done also after an error. ERR_USAGE. */
NODISCARD enum err setup(int argc, char **argv, struct options *o, struct why *why);
/* One line for every value that is no default, and its origin; secrets only by origin. */
void setup_explain(const struct options *o, struct buf *ret);

#endif
