/* source_spec.c - SOURCE as the user wrote it (contract.md, table SOURCE): one of five forms, told
 * apart by how they begin, never by what files happen to be around. */
#include <string.h>

#include "download/base/clean.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/repo_id.h"
#include "download/source/source.h"
#include "download/source/source_ops.h"
#include "download/source/spec_parts.h"
#include "download/source/url.h"

static const char HF_SCHEME[] = "hf://";

static enum err bad(const char *text, const char *rule, struct why *why)
{
    struct clean room;
    return fail(why, ERR_USAGE, "bad source '%s': %s", clean(text, &room), rule);
}

/* ---- what the flags say more ---- */

static enum err apply_revision(const char *text, const char *flag, struct source_spec *s,
                               struct why *why)
{
    struct clean a;
    struct clean b;
    if (flag && s->revision && !str_eq(flag, s->revision)) {
        return fail(why, ERR_USAGE, "'%s' and --revision '%s' are two revisions", clean(text, &a),
                    clean(flag, &b));
    }
    if (!s->revision) s->revision = mem_strdup(flag ? flag : "main");
    const char *fault = revision_fault(s->revision);
    if (!fault) return OK;
    return fail(why, ERR_USAGE, "bad revision '%s': %s", clean(s->revision, &a), fault);
}

static enum err apply_type(const char *text, const char *flag, bool explicit_type,
                           struct source_spec *s, struct why *why)
{
    if (!flag) return OK;
    struct clean a;
    struct clean b;
    enum repo_type t = REPO_MODEL;
    while (t <= REPO_SPACE && !str_eq(flag, repo_type_word(t)))
        t++;
    if (t > REPO_SPACE) {
        return fail(why, ERR_USAGE, "bad --repo-type '%s': it is model, dataset or space",
                    clean(flag, &a));
    }
    if (explicit_type && t != s->repo_type) {
        return fail(why, ERR_USAGE, "'%s' and --repo-type '%s' are two types", clean(text, &a),
                    clean(flag, &b));
    }
    s->repo_type = t;
    return OK;
}

/* Takes the parts as a Hub source and lets the flags say what they leave open. */
static enum err finish_hub(const char *text, const struct source_hint *hint,
                           struct hub_parts *parts, struct source_spec *s, struct why *why)
{
    s->kind = SOURCE_HUB;
    s->repo_type = parts->type;
    s->repo = TAKE(parts->repo);
    s->revision = TAKE(parts->revision);
    s->path = TAKE(parts->path);
    const char *fault = repo_id_fault(s->repo);
    if (fault) return bad(text, fault, why);
    enum err e = apply_type(text, hint->repo_type, parts->has_type, s, why);
    return e ? e : apply_revision(text, hint->revision, s, why);
}

/* ---- forms ---- */

static enum err parse_hf(const char *text, const struct source_hint *hint, struct source_spec *s,
                         struct why *why)
{
    SCOPED(hub_parts_done) struct hub_parts parts = {0};
    const char *rule = hub_parts_of_uri(text + strlen(HF_SCHEME), &parts);
    return rule ? bad(text, rule, why) : finish_hub(text, hint, &parts, s, why);
}

static enum err parse_short(const char *text, const struct source_hint *hint, struct source_spec *s,
                            struct why *why)
{
    struct clean a;
    SCOPED(hub_parts_done) struct hub_parts parts = {0};
    const char *rule = hub_parts_of_short(text, &parts);
    if (rule) return bad(text, rule, why);
    const char *slash = parts.repo ? strchr(parts.repo, '/') : NULL;
    if (slash && strchr(slash + 1, '/')) {
        clean(text, &a);
        return fail(why, ERR_USAGE,
                    "bad source '%s': a repo is ORG/NAME; write 'hf://%s' for a file or another "
                    "type, or './%s' for a manifest",
                    a.text, a.text, a.text);
    }
    return finish_hub(text, hint, &parts, s, why);
}

static enum err parse_pin(const char *text, const char *fragment, struct digest *ret,
                          struct why *why)
{
    static const char SHA256[] = "sha256=";
    const char *hex = fragment + strlen(SHA256);
    if (str_starts(fragment, SHA256) &&
        digest_parse_hex_any_case(DIGEST_SHA256, hex, strlen(hex), ret)) {
        return OK;
    }
    return bad(text, "what follows '#' must be 'sha256=' and 64 hex digits", why);
}

/* The user's own text: what url_parse refuses is bad usage here. */
static enum err check_url(const char *url, struct why *why)
{
    struct url ignored;
    return url_parse(url, &ignored, why) == OK ? OK : ERR_USAGE;
}

static enum err no_hub_flags(const char *text, const struct source_hint *hint, struct why *why)
{
    if (hint->revision) return bad(text, "--revision is for Hub repos only", why);
    if (hint->repo_type) return bad(text, "--repo-type is for Hub repos only", why);
    return OK;
}

static enum err parse_url(const char *text, const struct source_hint *hint, struct source_spec *s,
                          struct why *why)
{
    SCOPED(mem_freep) char *url = mem_strndup(text, strcspn(text, "#"));
    const char *fragment = strchr(text, '#');
    enum err e = check_url(url, why);
    if (e) return e;

    SCOPED(hub_parts_done) struct hub_parts parts = {0};
    const char *rule = NULL;
    if (!hint->is_manifest && hub_parts_of_url(url, hint->endpoint, &parts, &rule)) {
        if (rule) return bad(text, rule, why);
        if (str_starts(fragment, "#sha256=")) {
            return bad(text, "a pin is for other URLs; the Hub's listing has the digest", why);
        }
        return finish_hub(text, hint, &parts, s, why);
    }
    e = no_hub_flags(text, hint, why);
    if (e) return e;
    s->kind = hint->is_manifest ? SOURCE_MANIFEST : SOURCE_BARE_URL;
    if (fragment && hint->is_manifest) return bad(text, "a manifest's URL takes no '#'", why);
    if (fragment) e = parse_pin(text, fragment + 1, &s->pin, why);
    if (e) return e;
    s->url = TAKE(url);
    return OK;
}

static enum err parse_file(const char *text, const struct source_hint *hint, struct source_spec *s,
                           struct why *why)
{
    enum err e = no_hub_flags(text, hint, why);
    if (e) return e;
    s->kind = SOURCE_MANIFEST;
    s->file = mem_strdup(text);
    return OK;
}

static bool is_http(const char *text)
{
    return str_starts_nocase(text, "https://") || str_starts_nocase(text, "http://");
}

static bool is_file(const char *text)
{
    return str_eq(text, "-") || text[0] == '/' || str_starts(text, "./") || str_starts(text, "../");
}

static enum err parse(const char *text, const struct source_hint *hint, struct source_spec *s,
                      struct why *why)
{
    if (!*text) return bad(text, "it is empty", why);
    if (is_http(text)) return parse_url(text, hint, s, why);
    if (hint->is_manifest || is_file(text)) return parse_file(text, hint, s, why);
    if (str_starts(text, HF_SCHEME)) return parse_hf(text, hint, s, why);
    if (strstr(text, "://")) return bad(text, "only hf://, https:// and http:// are known", why);
    return parse_short(text, hint, s, why);
}

enum err source_spec_parse(const char *text, const struct source_hint *hint,
                           struct source_spec *ret, struct why *why)
{
    struct source_spec s = {0};
    enum err e = parse(text, hint, &s, why);
    if (e) {
        source_spec_done(&s);
        return e;
    }
    *ret = s;
    return OK;
}

void source_spec_done(struct source_spec *s)
{
    mem_free(s->repo);
    mem_free(s->revision);
    mem_free(s->path);
    mem_free(s->url);
    mem_free(s->file);
    *s = (struct source_spec){0};
}

char *source_spec_text(const struct source_spec *s)
{
    enum { SHOWN_MAX = 1024 };
    if (s->repo) return mem_printf("hf://%s%s", repo_type_prefix(s->repo_type), s->repo);
    if (!s->url) return mem_strdup(s->file ? s->file : "");
    char shown[SHOWN_MAX];
    url_redact(s->url, shown, sizeof(shown));
    return mem_strdup(shown);
}
