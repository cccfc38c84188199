/* hub_args.h - the command line of hubd: one row per option. What fills the hub is kept in order
 * and applied once it has started. */
#ifndef SHARDFETCH_TESTS_HUB_ARGS_H
#define SHARDFETCH_TESTS_HUB_ARGS_H

#include <stdio.h>

#include "tests/support/hub.h"

struct hubd_option;

struct hubd_step {
    const struct hubd_option *option;
    const char *value;
};

struct hubd_args {
    struct hub_options options;
    const char *port_file;
    bool until_eof;
    bool help;
    bool no_digests;
    bool generate;
    struct hubd_step *steps;
    size_t step_count;
};

/* Values are borrowed from argv. */
NODISCARD enum err hubd_args_parse(int argc, char **argv, struct hubd_args *ret, struct why *why);
NODISCARD enum err hubd_args_apply(const struct hubd_args *a, struct hub *h, struct why *why);
void hubd_args_done(struct hubd_args *a);
void hubd_args_help(FILE *out);

#endif
