/* config.h - the config file: lines of `key = value`, keys being the flags' long names, `#` at the
 * start of a line for remarks. Switches take true or false. A key may stand again where its flag
 * may be repeated; else the last one wins. */
#ifndef SHARDFETCH_CLI_CONFIG_H
#define SHARDFETCH_CLI_CONFIG_H

#include "cli/options.h"

enum { CONFIG_MAX_BYTES = 1024 * 1024 };

/* `path` NULL: the default, $XDG_CONFIG_HOME/shardfetch/config or ~/.config/…, which may be absent.
 * ERR_USAGE with file:line: unknown key (naming the nearest), no `=`, a bad value, no such file,
 * a file that is no text or beyond CONFIG_MAX_BYTES. */
NODISCARD enum err config_load(const char *path, struct options *o, struct why *why);

/* The text of a config file, `name` for messages. For tests and fuzzing. */
NODISCARD enum err config_apply(const char *name, char *text, struct options *o, struct why *why);

#endif
