#include "cli/options.h"

#include <string.h>

#include "download/base/mem.h"
#include "download/base/secret.h"
#include "download/base/str.h"

void options_init(struct options *o)
{
    *o = (struct options){
        .progress = "auto",
        .settings = {.endpoint = "https://huggingface.co",
                     .min_free_bytes = UINT64_MAX,
                     .retries = 8,
                     .max_wait_s = 600,
                     .stall_timeout_s = 30,
                     .connect_timeout_s = 10,
                     .api_timeout_s = 10,
                     .version = SHARDFETCH_VERSION},
    };
}

void options_done(struct options *o)
{
    for (size_t i = 0; i < o->texts.count; i++) // a token may be among them
        explicit_bzero(o->texts.items[i], strlen(o->texts.items[i]));
    words_done(&o->include);
    words_done(&o->priority);
    words_done(&o->mirror);
    words_done(&o->exclude);
    words_done(&o->positional);
    words_done(&o->texts);
    mem_free(o->token_warning);
    secret_free(o->secret);
    *o = (struct options){0};
}

const struct option *option_by_name(const char *name, size_t len)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count && rows[i].name; i++) {
        if (strncmp(rows[i].name, name, len) == 0 && !rows[i].name[len]) return &rows[i];
    }
    return NULL;
}

const struct option *option_by_letter(char letter)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; letter && i < count; i++) {
        if (rows[i].letter == letter) return &rows[i];
    }
    return NULL;
}

const char *option_nearest(const char *name, unsigned commands)
{
    enum { FAR = 5 }; // edits, of taste: beyond it the suggestion is no help
    size_t len = strlen(name);
    size_t best_distance = len < FAR ? len / 2 + 1 : FAR;
    const char *best = NULL;
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count && rows[i].name; i++) {
        if (!(rows[i].commands & commands)) continue;
        size_t distance = str_distance(name, rows[i].name, best_distance);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = rows[i].name;
    }
    return best;
}

bool option_takes_argument(const struct option *row)
{
    return row->kind != KIND_SWITCH && row->kind != KIND_VALUE;
}

const struct origin *option_origin(const struct options *o, const struct option *row)
{
    size_t count;
    return &o->origin[row - options_rows(&count)];
}

const struct origin *option_origin_at(const struct options *o, size_t offset)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    size_t i = 0;
    while (i + 1 < count && rows[i].offset != offset)
        i++;
    return &o->origin[i];
}

const char *options_keep(struct options *o, const char *text)
{
    return words_add(&o->texts, text);
}

/* ---- one setter per kind; `field` is where the value goes ---- */

struct setting {
    struct options *options;
    const struct option *row;
    const char *text;
    const struct origin *from;
    void *field;
};

static enum err set_switch(const struct setting *s, struct why *why)
{
    bool on = str_truthy(s->text);
    bool known = on || str_eq_nocase(s->text, "false") || str_eq_nocase(s->text, "no") ||
                 str_eq_nocase(s->text, "off") || str_eq(s->text, "0");
    /* huggingface_hub takes any other word of a variable for "no" */
    if (!known && s->from->layer != LAYER_ENVIRONMENT) {
        return fail(why, ERR_USAGE, "%s: '%s' is neither true nor false", s->from->label, s->text);
    }
    *(bool *)s->field = on;
    return OK;
}

static enum err set_value(const struct setting *s, struct why *why)
{
    bool on = false;
    struct setting as_switch = *s;
    as_switch.field = &on;
    enum err e = set_switch(&as_switch, why);
    if (e) return e;
    if (on) *(unsigned *)s->field = (unsigned)s->row->min;
    return OK;
}

static enum err set_text(const struct setting *s, struct why *why)
{
    (void)why;
    *(const char **)s->field = options_keep(s->options, s->text);
    return OK;
}

static enum err set_path(const struct setting *s, struct why *why)
{
    if (s->from->layer == LAYER_FLAG) return set_text(s, why);
    SCOPED(mem_freep) char *path = options_expand(s->text);
    *(const char **)s->field = options_keep(s->options, path);
    return OK;
}

static enum err set_choice(const struct setting *s, struct why *why)
{
    size_t len = strlen(s->text);
    for (const char *word = s->row->arg; *word;) {
        size_t word_len = strcspn(word, "|");
        if (word_len == len && strncmp(word, s->text, len) == 0) return set_text(s, why);
        word += word_len;
        if (*word) word++;
    }
    return fail(why, ERR_USAGE, "%s: '%s' is none of %s", s->from->label, s->text, s->row->arg);
}

static enum err set_number(const struct setting *s, struct why *why)
{
    uint64_t n = 0;
    if (!str_u64(s->text, s->row->max, &n) || n < s->row->min) {
        return fail(why, ERR_USAGE, "%s: '%s' is not a number from %llu to %llu", s->from->label,
                    s->text, (unsigned long long)s->row->min, (unsigned long long)s->row->max);
    }
    *(uint64_t *)s->field = n;
    return OK;
}

static enum err set_count(const struct setting *s, struct why *why)
{
    uint64_t n = 0;
    if (str_ends(s->row->arg, "|auto") && strcmp(s->text, "auto") == 0) {
        *(unsigned *)s->field = 0;
        return OK;
    }
    struct setting as_number = *s;
    as_number.field = &n;
    enum err e = set_number(&as_number, why);
    if (e) return e;
    *(unsigned *)s->field = (unsigned)n;
    return OK;
}

static enum err set_bytes(const struct setting *s, struct why *why)
{
    uint64_t n = 0;
    if (!str_bytes(s->text, &n)) {
        return fail(why, ERR_USAGE, "%s: '%s' is not a size like 500M or 10G", s->from->label,
                    s->text);
    }
    *(uint64_t *)s->field = n;
    return OK;
}

static enum err set_rate(const struct setting *s, struct why *why)
{
    struct rate rate = {0};
    struct setting part = *s;
    bool is_file = s->text[0] == '@' && s->text[1];
    part.text += is_file;
    part.field = is_file ? (void *)&rate.file : (void *)&rate.bytes_per_s;
    enum err e = is_file ? set_path(&part, why) : set_bytes(&part, why);
    if (e) return e;
    *(struct rate *)s->field = rate;
    return OK;
}

static enum err set_list(const struct setting *s, struct why *why)
{
    (void)why;
    struct words *list = s->field;
    if (option_origin(s->options, s->row)->layer != s->from->layer) words_reset(list);
    words_add(list, s->text);
    return OK;
}

typedef enum err set_fn(const struct setting *s, struct why *why);

static set_fn *const SETTERS[] = {
    [KIND_SWITCH] = set_switch, [KIND_VALUE] = set_value,   [KIND_TEXT] = set_text,
    [KIND_PATH] = set_path,     [KIND_CHOICE] = set_choice, [KIND_COUNT] = set_count,
    [KIND_NUMBER] = set_number, [KIND_BYTES] = set_bytes,   [KIND_LIST] = set_list,
    [KIND_RATE] = set_rate,
};

enum err option_set(struct options *o, const struct option *row, const char *text,
                    const struct origin *from, struct why *why)
{
    if (str_empty(text)) return fail(why, ERR_USAGE, "%s: the value is empty", from->label);
    struct setting s = {o, row, text, from, (char *)o + row->offset};
    enum err e = SETTERS[row->kind](&s, why);
    if (e) return e;
    size_t count;
    struct origin *origin = &o->origin[row - options_rows(&count)];
    *origin = (struct origin){from->layer, options_keep(o, from->label)};
    return OK;
}
