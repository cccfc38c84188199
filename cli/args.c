#include "cli/args.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/str.h"

static const char *const COMMANDS[] = {
    [COMMAND_GET] = "get", [COMMAND_PLAN] = "plan", [COMMAND_VERIFY] = "verify"};

const char *command_word(enum settings_command c)
{
    return COMMANDS[c];
}

void args_done(struct args *a)
{
    mem_free(a->items);
    words_done(&a->positional);
    *a = (struct args){0};
}

static void add(struct args *a, const struct option *row, char *value)
{
    a->items = mem_resize(a->items, (a->count + 1) * sizeof(*a->items));
    a->items[a->count++] = (struct assignment){row, value};
}

/* `argv` and how far it is read. */
struct reader {
    char **argv;
    int argc;
    int at;
};

static enum err take_value(struct reader *r, const char *name, char **ret, struct why *why)
{
    if (r->at >= r->argc) return fail(why, ERR_USAGE, "'%s' needs a value", name);
    *ret = r->argv[r->at++];
    return OK;
}

static enum err unknown_flag(const char *flag, struct why *why)
{
    SCOPED(mem_freep) char *name = mem_strndup(flag + 2, strcspn(flag + 2, "="));
    const char *nearest = option_nearest(name, ON_ALL);
    if (nearest) {
        return fail(why, ERR_USAGE, "unknown flag '--%s'; did you mean '--%s'?", name, nearest);
    }
    return fail(why, ERR_USAGE, "unknown flag '--%s'; 'shardfetch --help' lists them", name);
}

static enum err read_long(struct args *a, struct reader *r, char *word, struct why *why)
{
    char *name = word + 2;
    size_t len = strcspn(name, "=");
    const struct option *row = option_by_name(name, len);
    if (!row) return unknown_flag(word, why);
    char *value = name[len] ? name + len + 1 : NULL;
    if (value && row->kind == KIND_VALUE) {
        return fail(why, ERR_USAGE, "'--%s' takes no value", row->name);
    }
    if (!value && option_takes_argument(row)) {
        enum err e = take_value(r, word, &value, why);
        if (e) return e;
    }
    add(a, row, value);
    return OK;
}

static enum err read_letters(struct args *a, const char *word, struct why *why)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const struct option *row = option_by_letter(*letter);
        if (!row) {
            return fail(why, ERR_USAGE, "unknown flag '%s'; 'shardfetch --help' lists them", word);
        }
        add(a, row, NULL); // no short flag takes a value
    }
    return OK;
}

static enum err read_command(struct args *a, const char *word, struct why *why)
{
    enum { FAR = 3 };
    const char *nearest = NULL;
    size_t best = FAR;
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (str_eq(word, COMMANDS[i])) {
            a->command = (enum settings_command)i;
            a->command_given = true;
            return OK;
        }
        size_t distance = str_distance(word, COMMANDS[i], best);
        if (distance >= best) continue;
        best = distance;
        nearest = COMMANDS[i];
    }
    if (nearest) {
        return fail(why, ERR_USAGE, "unknown command '%s'; did you mean '%s'?", word, nearest);
    }
    return fail(why, ERR_USAGE, "unknown command '%s'; there are get, plan and verify", word);
}

static enum err read_plain(struct args *a, const char *word, struct why *why)
{
    if (!a->command_given) return read_command(a, word, why);
    words_add(&a->positional, word);
    return OK;
}

static enum err check_command(const struct args *a, struct why *why)
{
    if (!a->command_given) return OK;
    for (size_t i = 0; i < a->count; i++) {
        const struct option *row = a->items[i].row;
        if (row->commands & (1U << a->command)) continue;
        return fail(why, ERR_USAGE, "'%s' has no flag '--%s'", command_word(a->command), row->name);
    }
    return OK;
}

static enum err read_word(struct args *a, struct reader *r, bool *flags_ended, struct why *why)
{
    char *word = r->argv[r->at++];
    if (*flags_ended || word[0] != '-' || !word[1]) return read_plain(a, word, why);
    if (str_eq(word, "--")) {
        *flags_ended = true;
        return OK;
    }
    return word[1] == '-' ? read_long(a, r, word, why) : read_letters(a, word, why);
}

enum err args_parse(int argc, char **argv, struct args *ret, struct why *why)
{
    struct args a = {0};
    struct reader r = {argv, argc, 1};
    bool flags_ended = false;
    enum err e = OK;
    while (!e && r.at < r.argc)
        e = read_word(&a, &r, &flags_ended, why);
    if (!e) e = check_command(&a, why);
    if (e) {
        args_done(&a);
        return e;
    }
    *ret = a;
    return OK;
}

static const struct assignment *last_of(const struct args *a, const char *name)
{
    for (size_t i = a->count; i-- > 0;) {
        if (str_eq(a->items[i].row->name, name)) return &a->items[i];
    }
    return NULL;
}

const char *args_value(const struct args *a, const char *name)
{
    const struct assignment *it = last_of(a, name);
    return it ? it->value : NULL;
}

bool args_has(const struct args *a, const char *name)
{
    return last_of(a, name) != NULL;
}

static enum err apply(const struct assignment *it, struct options *o, struct why *why)
{
    SCOPED(mem_freep) char *label = mem_printf("--%s", it->row->name);
    struct origin from = {LAYER_FLAG, label};
    enum err e = option_set(o, it->row, it->value ? it->value : "true", &from, why);
    if (it->row->secret && it->value) memset(it->value, 'x', strlen(it->value)); // ps(1) shows argv
    return e;
}

enum err args_apply(struct args *a, struct options *o, struct why *why)
{
    for (size_t i = 0; i < a->count; i++) {
        enum err e = apply(&a->items[i], o, why);
        if (e) return e;
    }
    for (size_t i = 0; i < a->positional.count; i++)
        words_add(&o->positional, a->positional.items[i]);
    o->command_given = a->command_given;
    o->settings.command = a->command;
    return OK;
}
