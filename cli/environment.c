#include "cli/environment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "download/base/mem.h"
#include "download/base/str.h"

/* The next of `*names` that is set and not empty; its name in `*ret_name` (mem_free). */
static const char *first_set(const char *names, char **ret_name)
{
    while (*names) {
        size_t len = strcspn(names, " ");
        SCOPED(mem_freep) char *name = mem_strndup(names, len);
        const char *value = getenv(name);
        if (!str_empty(value)) {
            *ret_name = TAKE(name);
            return value;
        }
        names += len + (names[len] == ' ');
    }
    return NULL;
}

static enum err apply_row(struct options *o, const struct option *row, struct why *why)
{
    if (!row->env) return OK;
    SCOPED(mem_freep) char *name = NULL;
    const char *value = first_set(row->env, &name);
    if (!value) return OK;
    struct origin from = {LAYER_ENVIRONMENT, name};
    return option_set(o, row, value, &from, why);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* REQUESTS_CA_BUNDLE may name a directory (requests' documentation, "SSL Cert Verification"). */
static void sort_out_authorities(struct options *o)
{
    struct settings *s = &o->settings;
    if (OPTION_ORIGIN(o, settings.cacert)->layer != LAYER_ENVIRONMENT) return;
    if (!is_directory(s->cacert)) return;
    if (!s->capath) s->capath = s->cacert;
    s->cacert = NULL;
}

enum err environment_apply(struct options *o, struct why *why)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        enum err e = apply_row(o, &rows[i], why);
        if (e) return e;
    }
    sort_out_authorities(o);
    return OK;
}

static char *hub_home(const struct options *o)
{
    if (o->hf_home) return mem_strdup(o->hf_home);
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (str_empty(xdg)) return options_expand("~/.cache/huggingface");
    SCOPED(mem_freep) char *cache = options_expand(xdg);
    return mem_printf("%s/huggingface", cache);
}

const char *environment_hub_path(struct options *o, const char *name)
{
    SCOPED(mem_freep) char *home = hub_home(o);
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", home, name);
    return options_keep(o, path);
}

bool environment_no_color(void)
{
    return !str_empty(getenv("NO_COLOR"));
}
