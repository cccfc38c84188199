/* environment.h - the variables of the table, and what follows from several of them together. */
#ifndef SHARDFETCH_CLI_ENVIRONMENT_H
#define SHARDFETCH_CLI_ENVIRONMENT_H

#include "cli/options.h"

/* Stores the first variable of every row that is set and not empty, as LAYER_ENVIRONMENT.
 * ERR_USAGE naming the variable whose value is bad. */
NODISCARD enum err environment_apply(struct options *o, struct why *why);
/* $HF_HOME, else $XDG_CACHE_HOME/huggingface, else ~/.cache/huggingface; "/name" appended. */
const char *environment_hub_path(struct options *o, const char *name);
/* no-color.org: any value but the empty one. */
bool environment_no_color(void);

#endif
