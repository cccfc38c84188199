/* help.h - what --help and --version say, made from the table of options. Pure. */
#ifndef SHARDFETCH_CLI_HELP_H
#define SHARDFETCH_CLI_HELP_H

#include "cli/options.h"
#include "download/base/buf.h"
#include "download/download.h"

/* `shardfetch --help`. */
void help_program(struct buf *ret);
/* `shardfetch COMMAND --help`. */
void help_command(enum settings_command command, struct buf *ret);
/* `shardfetch --version`. */
void help_version(const struct library_versions *v, struct buf *ret);

#endif
