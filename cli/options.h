/* options.h - one table that says everything about every flag. Parsing, `--help`, config keys,
 * environment variables and the test that keeps man page and completions true all read it.
 * A new option is a row in options_table.c and a field in settings.h (or below).
 * Values arrive in layers, lowest first; a later layer writes over an earlier one, and within a
 * layer the last one wins; lists are replaced by a higher layer and grow within one. */
#ifndef SHARDFETCH_CLI_OPTIONS_H
#define SHARDFETCH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/words.h"
#include "download/base/err.h"
#include "download/base/scoped.h"
#include "download/settings.h"

enum layer { LAYER_DEFAULT, LAYER_CONFIG, LAYER_ENVIRONMENT, LAYER_FLAG };

enum option_kind {
    KIND_SWITCH, // bool; --name, or --name=true|false
    KIND_VALUE,  // unsigned: gets the row's `min`; no argument
    KIND_TEXT,   // const char *
    KIND_PATH,   // const char *; `~` and $VARS are expanded unless the shell did it (flags)
    KIND_CHOICE, // const char *, one of the words of `arg`, which are separated by `|`
    KIND_COUNT,  // unsigned within [min, max]; "auto" is 0 where `arg` ends with "|auto"
    KIND_NUMBER, // uint64_t within [min, max]
    KIND_BYTES,  // uint64_t; curl's size suffixes
    KIND_RATE,   // struct rate; like KIND_BYTES, or @ and the path of a file
    KIND_LIST,   // struct words; may be repeated
};

enum option_group { GROUP_WHAT, GROUP_WHERE, GROUP_WHO, GROUP_HOW, GROUP_OUTPUT, GROUP_OTHER };

enum { // bits of `commands`
    ON_GET = 1 << COMMAND_GET,
    ON_PLAN = 1 << COMMAND_PLAN,
    ON_VERIFY = 1 << COMMAND_VERIFY,
    ON_FETCH = ON_GET | ON_PLAN,
    ON_ALL = ON_GET | ON_PLAN | ON_VERIFY,
};

struct option {
    const char *name; // long name and config key; NULL: environment only
    char letter;      // short form, 0 = none
    enum option_group group;
    enum option_kind kind;
    const char *arg;      // as help shows it; NULL where the kind takes none
    const char *fallback; // the default, as help shows it; NULL = none worth a word
    const char *env;      // variables separated by spaces; the first that is set and not empty
    const char *help;     // a sentence for people, no full stop
    unsigned commands;    // ON_… bits
    bool secret;          // never shown, and wiped from argv
    bool flag_only;       // no config key
    uint64_t min, max;
    size_t offset; // of the field in struct options
};

/* Where a value came from. */
struct origin {
    enum layer layer;
    const char *label; // for people: "--retries", "HF_ENDPOINT", "FILE:12: 'retries'"
};

enum { OPTIONS_MAX = 64 };

struct options {
    struct settings settings; // complete after options_finish; points into this struct
    bool help, version;
    bool dry_run, json, why_slow, quiet, stop_with_reader;
    bool no_token, no_implicit_token, no_progress_bars;
    const char *events, *progress, *config, *manifest;
    const char *token, *token_file; // as given; token.h makes the secret of it
    const char *hf_home;
    struct words include, exclude, priority, mirror;
    struct words positional; // after the command
    bool command_given;
    struct secret *secret;             // of settings.token
    char *token_warning;               // why a token that was found is not used; or NULL
    struct words texts;                // owns what the pointers above point to
    struct origin origin[OPTIONS_MAX]; // by row
};

void options_init(struct options *o); // with all defaults
void options_done(struct options *o); // wipes the token

/* The rows; the ones without a name come last. */
const struct option *options_rows(size_t *ret_count);
/* NULL when there is none. A name is without its dashes. */
const struct option *option_by_name(const char *name, size_t len);
const struct option *option_by_letter(char letter);
/* The most similar long name that `commands` know, NULL when nothing comes near. */
const char *option_nearest(const char *name, unsigned commands);
bool option_takes_argument(const struct option *row);
const struct origin *option_origin(const struct options *o, const struct option *row);
/* The same for a field: OPTION_ORIGIN(o, token_file). */
const struct origin *option_origin_at(const struct options *o, size_t offset);
#define OPTION_ORIGIN(o, field) option_origin_at((o), offsetof(struct options, field))

/* Checks and stores; `text` is copied. ERR_USAGE naming the origin's label and what it wants. */
NODISCARD enum err option_set(struct options *o, const struct option *row, const char *text,
                              const struct origin *from, struct why *why);
/* A copy that lives as long as `o`. */
const char *options_keep(struct options *o, const char *text);
/* "~/x" and "$VAR/x", "${VAR}/x" expanded as in Python's expanduser and expandvars: an unknown
 * variable stays as written. New string. */
char *options_expand(const char *path);

#endif
