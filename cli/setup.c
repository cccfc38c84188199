#include "cli/setup.h"

#include <string.h>

#include "cli/args.h"
#include "cli/config.h"
#include "cli/environment.h"
#include "cli/token.h"
#include "download/base/mem.h"
#include "download/base/str.h"

static bool from_flag(const struct options *o, size_t offset)
{
    return option_origin_at(o, offset)->layer == LAYER_FLAG;
}
#define FROM_FLAG(o, field) from_flag((o), offsetof(struct options, field))

/* A directory given by a flag wins over the other kind given elsewhere. */
static enum err check_places(struct options *o, struct why *why)
{
    bool cache = FROM_FLAG(o, settings.cache_dir);
    bool local = FROM_FLAG(o, settings.local_dir);
    if (cache && local) {
        return fail(why, ERR_USAGE, "'--local-dir' and '--cache-dir' exclude each other");
    }
    if (cache) o->settings.local_dir = NULL;
    return OK;
}

static enum err check_selection(struct options *o, size_t names, struct why *why)
{
    if (names == 0) return OK;
    if (FROM_FLAG(o, include) || FROM_FLAG(o, exclude)) {
        return fail(why, ERR_USAGE,
                    "FILE arguments and '--include' or '--exclude' exclude each "
                    "other");
    }
    words_reset(&o->include);
    words_reset(&o->exclude);
    return OK;
}

static enum err take_source(struct options *o, struct why *why)
{
    struct settings *s = &o->settings;
    const char *const *names = words_list(&o->positional);
    const char *command = command_word(s->command);
    s->source_is_manifest = o->manifest != NULL;
    s->source = o->manifest;
    if (!s->source) {
        if (!names) {
            return fail(why, ERR_USAGE,
                        "%s needs a SOURCE, for example '%s ORG/NAME'; "
                        "'shardfetch %s --help' tells more",
                        command, command, command);
        }
        s->source = *names++;
    }
    s->files = names && *names ? names : NULL;
    size_t count = o->positional.count - (o->manifest ? 0 : 1);
    if (s->command == COMMAND_VERIFY && s->files) {
        return fail(why, ERR_USAGE, "verify takes one SOURCE or DIR; '%s' is too many",
                    s->files[0]);
    }
    return check_selection(o, count, why);
}

static enum err check_events(const struct options *o, struct why *why)
{
    if (o->json && str_eq(o->events, "fd:1")) {
        return fail(why, ERR_USAGE, "'--json' and '--events fd:1' are the same stream");
    }
    return OK;
}

/* A relative path is to be ignored (XDG Base Directory). */
static const char *state_dir(struct options *o)
{
    const char *given = o->settings.state_dir;
    bool absolute = given && given[0] == '/';
    SCOPED(mem_freep)
    char *home = absolute ? mem_strdup(given) : options_expand("~/.local/state");
    SCOPED(mem_freep) char *path = mem_printf("%s/shardfetch", home);
    return path[0] == '/' ? options_keep(o, path) : NULL;
}

static void fill_in(struct options *o)
{
    struct settings *s = &o->settings;
    SCOPED(mem_freep) char *endpoint = mem_strdup(s->endpoint);
    size_t len = strlen(endpoint);
    while (len > 0 && endpoint[len - 1] == '/')
        endpoint[--len] = '\0';
    s->endpoint = options_keep(o, endpoint);
    s->state_dir = state_dir(o);
    if (!s->cache_dir) s->cache_dir = environment_hub_path(o, "hub");
    s->include = words_list(&o->include);
    s->priorities = words_list(&o->priority);
    s->mirrors = words_list(&o->mirror);
    s->exclude = words_list(&o->exclude);
    if (o->dry_run) s->command = COMMAND_PLAN;
    if (o->no_progress_bars && !FROM_FLAG(o, progress)) o->progress = "none";
    if (FROM_FLAG(o, settings.cacert)) s->capath = NULL; // only those, as curl's --cacert
}

static enum err finish(struct options *o, struct why *why)
{
    if (!o->command_given) {
        return fail(why, ERR_USAGE,
                    "a command is missing: get, plan or verify; "
                    "'shardfetch --help' tells more");
    }
    enum err e = take_source(o, why);
    if (!e) e = check_places(o, why);
    if (!e) e = check_events(o, why);
    if (e) return e;
    fill_in(o);
    return token_find(o, why);
}

static enum err load(struct args *a, struct options *o, struct why *why)
{
    if (args_has(a, "help") || args_has(a, "version")) return args_apply(a, o, why);
    enum err e = config_load(args_value(a, "config"), o, why);
    if (!e) e = environment_apply(o, why);
    if (!e) e = args_apply(a, o, why);
    return e ? e : finish(o, why);
}

enum err setup(int argc, char **argv, struct options *o, struct why *why)
{
    options_init(o);
    SCOPED(args_done) struct args a = {0};
    enum err e = args_parse(argc, argv, &a, why);
    return e ? e : load(&a, o, why);
}

/* ---- where values came from ---- */

static void add_words(struct buf *b, const struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        buf_addf(b, "%s%s", i ? " " : "", w->items[i]);
}

static void add_count(struct buf *b, const struct option *row, unsigned n)
{
    if (n == 0 && row->min > 0) {
        buf_adds(b, "auto");
    } else {
        buf_addf(b, "%u", n);
    }
}

static void add_value(struct buf *b, const struct options *o, const struct option *row)
{
    const void *field = (const char *)o + row->offset;
    switch (row->kind) {
    case KIND_SWITCH: buf_adds(b, *(const bool *)field ? "true" : "false"); break;
    case KIND_VALUE: buf_adds(b, *(const unsigned *)field == row->min ? "true" : "false"); break;
    case KIND_TEXT:
    case KIND_PATH:
    case KIND_CHOICE: {
        const char *text = *(const char *const *)field;
        buf_adds(b, text ? text : "none");
        break;
    }
    case KIND_COUNT: add_count(b, row, *(const unsigned *)field); break;
    case KIND_NUMBER:
    case KIND_BYTES: buf_addf(b, "%llu", (unsigned long long)*(const uint64_t *)field); break;
    case KIND_RATE: {
        const struct rate *rate = field;
        if (rate->file) buf_addf(b, "@%s", rate->file);
        if (!rate->file) buf_addf(b, "%llu", (unsigned long long)rate->bytes_per_s);
        break;
    }
    case KIND_LIST: add_words(b, field); break;
    }
}

void setup_explain(const struct options *o, struct buf *ret)
{
    static const char *const LAYERS[] = {[LAYER_DEFAULT] = "default",
                                         [LAYER_CONFIG] = "config",
                                         [LAYER_ENVIRONMENT] = "environment",
                                         [LAYER_FLAG] = "flag"};
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const struct origin *from = &o->origin[i];
        if (from->layer == LAYER_DEFAULT) continue;
        buf_addf(ret, "%s = ", rows[i].name ? rows[i].name : from->label);
        if (rows[i].secret) {
            buf_adds(ret, "(hidden)");
        } else {
            add_value(ret, o, &rows[i]);
        }
        buf_addf(ret, "  (%s: %s)\n", LAYERS[from->layer], from->label);
    }
    if (o->settings.token_note) buf_addf(ret, "token from %s\n", o->settings.token_note);
}
