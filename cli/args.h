/* args.h - argv taken apart, before anything is believed: command, flags with their values in
 * order, the rest. GNU style: `--name=value`, `--name value`, `-qv`, flags anywhere, `--` ends
 * them, `-` is no flag. */
#ifndef SHARDFETCH_CLI_ARGS_H
#define SHARDFETCH_CLI_ARGS_H

#include "cli/options.h"

struct assignment {
    const struct option *row;
    char *value; // into argv, or NULL: the flag stands alone
};

struct args {
    bool command_given;
    enum settings_command command;
    struct assignment *items;
    size_t count;
    struct words positional; // after the command
};

void args_done(struct args *a);
/* ERR_USAGE: unknown flag or command (naming the nearest), a value missing or too many, a flag that
 * the command does not know. */
NODISCARD enum err args_parse(int argc, char **argv, struct args *ret, struct why *why);
/* The last value of that flag, NULL when it was not given. */
const char *args_value(const struct args *a, const char *name);
/* It was given, with whatever value. */
bool args_has(const struct args *a, const char *name);
/* Stores everything as LAYER_FLAG and overwrites secrets in argv. */
NODISCARD enum err args_apply(struct args *a, struct options *o, struct why *why);

/* Command words in the order of enum settings_command. */
const char *command_word(enum settings_command c);

#endif
