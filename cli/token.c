#include "cli/token.h"

#include <string.h>

#include "cli/environment.h"
#include "cli/slurp.h"
#include "download/base/mem.h"
#include "download/base/secret.h"
#include "download/base/str.h"

static const char BLANK[] = " \t\r\n\v\f";

/* Numbers and dots only, so that "127.evil.example" is none. */
static bool is_loopback_v4(const char *host)
{
    return str_starts(host, "127.") && host[strspn(host, "0123456789.")] == '\0';
}

bool token_would_leak(const char *endpoint)
{
    static const char SCHEME[] = "http://";
    if (!str_starts_nocase(endpoint, SCHEME)) return false;
    const char *authority = endpoint + sizeof(SCHEME) - 1;
    SCOPED(mem_freep) char *host = mem_strndup(authority, strcspn(authority, "/?#\\"));
    if (strchr(host, '@')) return true;
    char *port = strrchr(host, ':');
    if (port && !strchr(port, ']')) *port = '\0';
    return !(str_eq_nocase(host, "localhost") || is_loopback_v4(host) || str_eq(host, "[::1]"));
}

/* What was found: the text, and its place for people. */
struct found {
    char *text; // blanks not yet stripped; NULL = nothing
    char *note;
    enum layer layer;
};

static void found_done(struct found *f)
{
    if (f->text) explicit_bzero(f->text, strlen(f->text));
    mem_free(f->text);
    mem_free(f->note);
}

static void take_text(const struct options *o, struct found *f)
{
    const struct origin *from = OPTION_ORIGIN(o, token);
    f->text = mem_strdup(o->token);
    f->note = mem_strdup(from->label);
    f->layer = from->layer;
}

/* Absent is an error only where a flag named it: `hf` works without $HF_HOME/token. */
static enum err take_file(const char *path, enum layer layer, struct found *f, struct why *why)
{
    enum err e = slurp(path, TOKEN_FILE_MAX, &f->text, why);
    if (e == ERR_NOT_FOUND && layer != LAYER_FLAG) return OK;
    if (e) return ERR_USAGE;
    f->note = mem_printf("file '%s'", path);
    f->layer = layer;
    return OK;
}

static enum err look(struct options *o, struct found *f, struct why *why)
{
    enum layer text_layer = o->token ? OPTION_ORIGIN(o, token)->layer : LAYER_DEFAULT;
    enum layer file_layer = o->token_file ? OPTION_ORIGIN(o, token_file)->layer : LAYER_DEFAULT;
    if (o->no_implicit_token && text_layer != LAYER_FLAG && file_layer != LAYER_FLAG) return OK;
    if (o->token && text_layer >= file_layer) {
        take_text(o, f);
        return OK;
    }
    if (o->token_file) return take_file(o->token_file, file_layer, f, why);
    return take_file(environment_hub_path(o, "token"), LAYER_DEFAULT, f, why);
}

static void strip(char *s)
{
    size_t from = strspn(s, BLANK);
    size_t len = strlen(s + from);
    memmove(s, s + from, len + 1);
    while (len > 0 && strchr(BLANK, s[len - 1]))
        s[--len] = '\0';
}

static enum err refuse_clear_text(struct options *o, const struct found *f, struct why *why)
{
    const char *endpoint = o->settings.endpoint;
    if (f->layer == LAYER_FLAG) {
        return fail(why, ERR_USAGE,
                    "a token would travel in clear text to '%s'; use https, or --no-token",
                    endpoint);
    }
    o->token_warning =
        mem_printf("the token from %s is not used, since '%s' is not encrypted", f->note, endpoint);
    return OK;
}

enum err token_find(struct options *o, struct why *why)
{
    if (o->no_token) return OK;
    SCOPED(found_done) struct found f = {0};
    enum err e = look(o, &f, why);
    if (e) return e;
    if (!f.text) return OK;
    strip(f.text);
    if (!*f.text && f.layer != LAYER_FLAG) return OK;
    if (!*f.text) return fail(why, ERR_USAGE, "the token from %s is empty", f.note);
    if (token_would_leak(o->settings.endpoint)) return refuse_clear_text(o, &f, why);
    o->secret = secret_new(f.text);
    if (!o->secret) {
        return fail(why, ERR_USAGE, "the token from %s holds bytes that no token has", f.note);
    }
    o->settings.token = o->secret;
    o->settings.token_note = options_keep(o, f.note);
    return OK;
}
