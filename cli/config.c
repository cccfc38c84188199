#include "cli/config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/slurp.h"
#include "download/base/mem.h"
#include "download/base/str.h"

static const char BLANK[] = " \t\r";

/* Without blanks around it; cuts `s` in place. */
static char *trim(char *s)
{
    s += strspn(s, BLANK);
    size_t len = strlen(s);
    while (len > 0 && strchr(BLANK, s[len - 1]))
        len--;
    s[len] = '\0';
    return s;
}

static enum err unknown_key(const char *place, const char *key, struct why *why)
{
    const char *nearest = option_nearest(key, ON_ALL);
    if (nearest) {
        return fail(why, ERR_USAGE, "%s: unknown key '%s'; did you mean '%s'?", place, key,
                    nearest);
    }
    return fail(why, ERR_USAGE, "%s: unknown key '%s'", place, key);
}

static enum err apply_line(const char *place, char *line, struct options *o, struct why *why)
{
    line = trim(line);
    if (!*line || *line == '#') return OK;
    char *equals = strchr(line, '=');
    if (!equals) return fail(why, ERR_USAGE, "%s: a line is 'key = value'", place);
    *equals = '\0';
    char *key = trim(line);
    char *value = trim(equals + 1);
    const struct option *row = option_by_name(key, strlen(key));
    if (!row) return unknown_key(place, key, why);
    if (row->flag_only) return fail(why, ERR_USAGE, "%s: '%s' is a flag only", place, key);
    SCOPED(mem_freep) char *label = mem_printf("%s: '%s'", place, key);
    struct origin from = {LAYER_CONFIG, label};
    return option_set(o, row, value, &from, why);
}

enum err config_apply(const char *name, char *text, struct options *o, struct why *why)
{
    unsigned number = 0;
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end) *end = '\0';
        SCOPED(mem_freep) char *place = mem_printf("%s:%u", name, ++number);
        enum err e = apply_line(place, line, o, why);
        if (e) return e;
        line = end ? end + 1 : NULL;
    }
    return OK;
}

static char *default_path(void)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    if (!str_empty(xdg)) return mem_printf("%s/shardfetch/config", xdg);
    return options_expand("~/.config/shardfetch/config");
}

enum err config_load(const char *path, struct options *o, struct why *why)
{
    SCOPED(mem_freep) char *name = path ? mem_strdup(path) : default_path();
    SCOPED(mem_freep) char *text = NULL;
    enum err e = slurp(name, CONFIG_MAX_BYTES, &text, why);
    if (e == ERR_NOT_FOUND) return path ? ERR_USAGE : OK;
    if (e) return e;
    e = config_apply(name, text, o, why);
    explicit_bzero(text, strlen(text)); // it may hold a token
    return e;
}
