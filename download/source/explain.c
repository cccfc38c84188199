/* explain.c - a failure told to people: what happened to which file, who said so, what to do next.
 * The code follows contract.md's exit codes; the statuses and error codes are the Hub's (hub.md
 * §1.5), but every server's plain 4xx and 5xx end here too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clean.h"
#include "download/base/str.h"
#include "download/source/source_ops.h"

struct told { // the parts every sentence is made of
    const struct source *s;
    const struct outcome *o;
    char subject[2 * CLEAN_MAX + 16]; // "'file' of 'org/name'", "'org/name'", "'file'"
    char by[768];                     // "huggingface.co answered 404, RepoNotFound, request abc"
    const char *path;
    bool by_hub; // the endpoint said so, not the CDN or another origin: the token was shown to it
    struct clean repo;
    struct clean note;
};

/* Did the origin of the token answer? Nobody named counts as the Hub. */
static bool answered_by_hub(const struct source *s, const struct outcome *o)
{
    char host[OUTCOME_HOST_MAX];
    if (!s->repo || !s->endpoint.text) return false;
    url_host_text(&s->endpoint.at, host, sizeof(host));
    return !o->host[0] || str_eq_nocase(o->host, host);
}

static void tell_by(struct told *t)
{
    const struct outcome *o = t->o;
    struct clean code;
    struct clean id;
    int n = snprintf(t->by, sizeof(t->by), "%s answered %d", o->host[0] ? o->host : "the server",
                     o->status);
    const char *const parts[] = {
        o->proxy[0] ? " through the proxy '" : "",
        o->proxy,
        o->proxy[0] ? "'" : "",
        o->error_code[0] ? ", " : "",
        clean(o->error_code, &code),
        o->request_id[0] ? ", request " : "",
        clean(o->request_id, &id),
    };
    for (size_t i = 0; i < ARRAY_LEN(parts) && n > 0 && (size_t)n < sizeof(t->by); i++)
        n += snprintf(t->by + n, sizeof(t->by) - (size_t)n, "%s", parts[i]);
}

static void tell_start(struct told *t)
{
    struct clean path;
    clean(t->path, &path);
    clean(t->s->repo, &t->repo);
    clean(t->s->token_note ? t->s->token_note : "the settings", &t->note);
    if (t->path && t->s->repo) {
        snprintf(t->subject, sizeof(t->subject), "'%s' of '%s'", path.text, t->repo.text);
    } else {
        snprintf(t->subject, sizeof(t->subject), "'%s'",
                 t->path ? path.text : (t->s->repo ? t->repo.text : "the list of files"));
    }
    tell_by(t);
}

/* Page on which access is asked for, shown to people. */
static const char *page_of(const struct told *t, struct why *room)
{
    err_ignore(fail(room, OK, "%s/%s%s", t->s->endpoint.text, repo_type_prefix(t->s->repo_type),
                    t->repo.text)); // for its cutting
    return room->text;
}

static enum err repo_missing(const struct told *t, struct why *why)
{
    const char *hint = strchr(t->repo.text, '/') ? "" : "; a file here is written './NAME'";
    if (t->s->have_token) {
        return fail(why, ERR_NOT_FOUND,
                    "no %s '%s', or the token from %s may not see it (%s); check the name and "
                    "--repo-type%s",
                    repo_type_word(t->s->repo_type), t->repo.text, t->note.text, t->by, hint);
    }
    return fail(why, ERR_NOT_FOUND,
                "no %s '%s', or it is private (%s); check the name and --repo-type, or give a "
                "token with HF_TOKEN or --token-file%s",
                repo_type_word(t->s->repo_type), t->repo.text, t->by, hint);
}

static enum err revision_missing(const struct told *t, struct why *why)
{
    struct clean rev;
    struct why page;
    return fail(why, ERR_NOT_FOUND,
                "'%s' has no revision '%s' (%s); its branches and tags are on %s", t->repo.text,
                clean(t->s->revision, &rev), t->by, page_of(t, &page));
}

static enum err gated(const struct told *t, struct why *why)
{
    struct why page;
    page_of(t, &page);
    if (!t->s->have_token) {
        return fail(why, ERR_AUTH,
                    "%s is gated (%s): ask for access at %s, then give a token with HF_TOKEN or "
                    "--token-file",
                    t->subject, t->by, page.text);
    }
    return fail(why, ERR_AUTH,
                "%s is gated and the token from %s has no access (%s): ask for it at %s",
                t->subject, t->note.text, t->by, page.text);
}

static enum err token_refused(const struct told *t, struct why *why)
{
    return fail(
        why, ERR_AUTH,
        "%s: the token from %s was not accepted, it may have expired (%s); renew it, or use "
        "--no-token if the repo is public",
        t->subject, t->note.text, t->by);
}

static enum err forbidden(const struct told *t, struct why *why)
{
    struct clean text;
    const char *said = t->o->error_text[0] ? clean(t->o->error_text, &text) : "access was refused";
    if (t->s->have_token && t->by_hub) {
        return fail(why, ERR_AUTH, "%s: %s (%s); the token used is the one from %s", t->subject,
                    said, t->by, t->note.text);
    }
    return fail(why, ERR_AUTH, "%s: %s (%s)", t->subject, said, t->by);
}

static enum err not_found(const struct told *t, struct why *why)
{
    const char *code = t->o->error_code;
    if (str_eq(code, "RevisionNotFound")) return revision_missing(t, why);
    if (t->by_hub && (str_eq(code, "RepoNotFound") || !t->path)) return repo_missing(t, why);
    return fail(why, ERR_NOT_FOUND, "%s is not there (%s)", t->subject, t->by);
}

static enum err unauthorised(const struct told *t, struct why *why)
{
    if (!t->by_hub) return forbidden(t, why);
    return t->s->have_token ? token_refused(t, why) : repo_missing(t, why);
}

static enum err too_many(const struct told *t, struct why *why)
{
    char again[64] = "";
    uint64_t wait_s = outcome_told_wait_s(t->o);
    if (wait_s) snprintf(again, sizeof(again), "; try again in %" PRIu64 " s", wait_s);
    return fail(why, ERR_RATE_LIMITED, "%s: too many requests (%s)%s%s", t->subject, t->by, again,
                t->s->have_token || !t->by_hub ? "" : "; with a token the Hub allows more");
}

static enum err by_status(const struct told *t, struct why *why)
{
    const struct outcome *o = t->o;
    if (t->by_hub && str_eq(o->error_code, "GatedRepo")) return gated(t, why);
    switch (o->status) {
    case 401: return unauthorised(t, why);
    case 403:
    case 451: return forbidden(t, why);
    case 404:
    case 410: return not_found(t, why);
    case 429: return too_many(t, why);
    default: break;
    }
    if (o->status >= 300 && o->status < 400) {
        return fail(why, ERR_REFUSED, "%s: a redirect that leads nowhere (%s)", t->subject, t->by);
    }
    struct clean text;
    const char *said = o->error_text[0] ? clean(o->error_text, &text) : "unexpected answer";
    return fail(why, ERR_NETWORK, "%s: %s (%s)", t->subject, said, t->by);
}

static enum err by_cause(const struct told *t, struct why *why)
{
    const struct outcome *o = t->o;
    enum err e = o->cause == CAUSE_NONE ? ERR_NETWORK : cause_error(o->cause);
    bool answered = o->status && o->cause != CAUSE_PROXY_AUTH && o->why.text[0];
    if (answered) return fail(why, e, "%s: %s (%s)", t->subject, o->why.text, t->by);
    struct why said;
    outcome_say(o, &said);
    return fail(why, e, "%s from %s", t->subject, said.text);
}

enum err source_explain(const struct source *s, const char *path, const struct outcome *o,
                        struct why *why)
{
    struct told t = {.s = s, .o = o, .path = path, .by_hub = answered_by_hub(s, o)};
    tell_start(&t);
    return outcome_is_answer(o) ? by_status(&t, why) : by_cause(&t, why);
}
