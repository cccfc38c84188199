#include "tests/support/hub_args.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

/* A value "REPO<sep>REST" taken apart; repo is freed by the caller. */
struct pair {
    char *repo;
    const char *rest;
};

static void pair_done(struct pair *p)
{
    mem_free(p->repo);
}

static bool pair_parse(const char *value, char separator, struct pair *ret)
{
    const char *at = strchr(value, separator);
    if (!at || at == value || at[1] == '\0') return false;
    *ret = (struct pair){.repo = mem_strndup(value, (size_t)(at - value)), .rest = at + 1};
    return true;
}

/* N with an optional K, M, G, T (powers of 1024). */
static bool size_parse(const char *text, const char **ret_rest, uint64_t *ret)
{
    static const char suffixes[] = "KMGT";
    char *end = NULL;
    uint64_t n = strtoull(text, &end, 10);
    if (end == text) return false;
    const char *suffix = *end ? strchr(suffixes, *end) : NULL;
    if (suffix) {
        n <<= 10 * (suffix - suffixes + 1);
        end++;
    }
    *ret = n;
    *ret_rest = end;
    return true;
}

static bool size_whole(const char *text, uint64_t *ret)
{
    const char *rest = NULL;
    return size_parse(text, &rest, ret) && *rest == '\0';
}

/* N:BYTES[:SEED] */
static bool numbers_parse(const char *text, uint64_t ret[3])
{
    for (size_t i = 0; i < 3; i++) {
        if (!size_parse(text, &text, &ret[i])) return false;
        if (*text == '\0') return i >= 1;
        if (*text++ != ':') return false;
    }
    return false;
}

static enum err bad_value(const char *value, struct why *why)
{
    return fail(why, ERR_USAGE, "cannot read '%s'", value);
}

/* ---- options that fill the hub ---- */

typedef enum err (*apply_fn)(const struct hubd_args *a, struct hub *h, const char *value,
                             struct why *why);

static enum err apply_model(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    uint64_t n[3] = {0};
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, ':', &p) || !numbers_parse(p.rest, n)) return bad_value(value, why);
    struct hub_model m = {
        .shards = (unsigned)n[0], .bytes = n[1], .seed = n[2], .no_digests = a->no_digests};
    return hub_add_model(h, p.repo, &m, why);
}

static enum err apply_files(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    (void)a;
    uint64_t n[3] = {0};
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, ':', &p) || !numbers_parse(p.rest, n)) return bad_value(value, why);
    hub_add_many(h, p.repo, (size_t)n[0], (size_t)n[1]);
    return OK;
}

static enum err apply_dir(const struct hubd_args *a, struct hub *h, const char *value,
                          struct why *why)
{
    (void)a;
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, '=', &p)) return bad_value(value, why);
    return hub_add_dir(h, p.repo, p.rest, why);
}

static enum err apply_replay(const struct hubd_args *a, struct hub *h, const char *value,
                             struct why *why)
{
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, '=', &p)) return bad_value(value, why);
    return hub_add_replay(h, p.repo, p.rest, a->generate, why);
}

static enum err apply_gated(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    (void)a;
    (void)why;
    hub_set_gated(h, value);
    return OK;
}

static enum err apply_private(const struct hubd_args *a, struct hub *h, const char *value,
                              struct why *why)
{
    (void)a;
    (void)why;
    hub_set_private(h, value);
    return OK;
}

static enum err apply_disabled(const struct hubd_args *a, struct hub *h, const char *value,
                               struct why *why)
{
    (void)a;
    (void)why;
    hub_set_disabled(h, value);
    return OK;
}

static enum err apply_token(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    (void)a;
    (void)why;
    hub_add_token(h, value);
    return OK;
}

static enum err apply_grant(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    (void)a;
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, '=', &p)) return bad_value(value, why);
    hub_grant(h, p.repo, p.rest);
    return OK;
}

static enum err apply_ref(const struct hubd_args *a, struct hub *h, const char *value,
                          struct why *why)
{
    (void)a;
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, '=', &p)) return bad_value(value, why);
    hub_set_ref(h, p.repo, p.rest);
    return OK;
}

static enum err apply_rename(const struct hubd_args *a, struct hub *h, const char *value,
                             struct why *why)
{
    (void)a;
    SCOPED(pair_done) struct pair p = {0};
    if (!pair_parse(value, '=', &p)) return bad_value(value, why);
    hub_rename(h, p.repo, p.rest, 307);
    return OK;
}

static enum err apply_fault(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    (void)a;
    struct hub_fault f;
    SCOPED(mem_freep) char *text = NULL;
    enum err e = hub_fault_parse(value, &f, &text, why);
    if (!e) hub_add_fault(h, &f);
    return e;
}

/* BUCKET=QUOTA/SECONDS */
static enum err apply_limit(const struct hubd_args *a, struct hub *h, const char *value,
                            struct why *why)
{
    (void)a;
    SCOPED(pair_done) struct pair p = {0};
    char *end = NULL;
    if (!pair_parse(value, '=', &p)) return bad_value(value, why);
    unsigned long quota = strtoul(p.rest, &end, 10);
    double seconds = *end == '/' ? strtod(end + 1, &end) : 0;
    bool api = strcmp(p.repo, "api") == 0;
    if (*end || seconds <= 0 || (!api && strcmp(p.repo, "resolvers") != 0)) {
        return bad_value(value, why);
    }
    hub_limit(h, api ? HUB_BUCKET_API : HUB_BUCKET_RESOLVERS, (unsigned)quota,
              (uint64_t)(seconds * 1000));
    return OK;
}

/* ---- options of the hub itself ---- */

enum option_kind { OPT_FLAG, OPT_TEXT, OPT_U64, OPT_SIZE, OPT_UNSIGNED, OPT_STEP };

struct hubd_option {
    const char *name;
    const char *value; // as help shows it, NULL = none
    const char *help;
    enum option_kind kind;
    size_t member; // of struct hubd_args
    apply_fn apply;
};

#define MEMBER(m) offsetof(struct hubd_args, m)

static const struct hubd_option table[] = {
    {"--model", "REPO:SHARDS:BYTES[:SEED]", "a generated model", OPT_STEP, 0, apply_model},
    {"--files", "REPO:COUNT:BYTES", "many small files", OPT_STEP, 0, apply_files},
    {"--dir", "REPO=PATH", "a directory", OPT_STEP, 0, apply_dir},
    {"--replay", "REPO=DIR", "a recorded listing: DIR/tree.json, DIR/files", OPT_STEP, 0,
     apply_replay},
    {"--generate", NULL, "replayed files whose bytes were not kept get made-up ones", OPT_FLAG,
     MEMBER(generate), NULL},
    {"--ref", "REPO=NAME", "a branch, tag or refs/pr/N", OPT_STEP, 0, apply_ref},
    {"--rename", "OLD=NEW", "OLD answers 307 to NEW", OPT_STEP, 0, apply_rename},
    {"--gated", "REPO", "listed, but files need a grant", OPT_STEP, 0, apply_gated},
    {"--private", "REPO", "needs a grant", OPT_STEP, 0, apply_private},
    {"--disabled", "REPO", "403 to everybody", OPT_STEP, 0, apply_disabled},
    {"--token", "TOKEN", "a valid token; others answer 401", OPT_STEP, 0, apply_token},
    {"--grant", "REPO=TOKEN", "a valid token that may read REPO", OPT_STEP, 0, apply_grant},
    {"--fault", "SPEC", "see below", OPT_STEP, 0, apply_fault},
    {"--rate-limit", "BUCKET=QUOTA/SECONDS", "api or resolvers", OPT_STEP, 0, apply_limit},
    {"--no-digests", NULL, "models list made-up SHA-256", OPT_FLAG, MEMBER(no_digests), NULL},
    {"--prefix", "/PATH", "before everything at the endpoint", OPT_TEXT, MEMBER(options.prefix),
     NULL},
    {"--link-host", "URL", "origin in Link: rel=next, as mirrors have it", OPT_TEXT,
     MEMBER(options.link_host), NULL},
    {"--page-size", "N", "entries per page (1000)", OPT_SIZE, MEMBER(options.page_size), NULL},
    {"--url-life", "MS", "of signed URLs (3600000)", OPT_U64, MEMBER(options.url_life_ms), NULL},
    {"--url-uses", "N", "GETs a signed URL is good for", OPT_UNSIGNED, MEMBER(options.url_uses),
     NULL},
    {"--conn-rate", "BYTES", "body bytes per second and connection", OPT_U64,
     MEMBER(options.conn_rate), NULL},
    {"--max-conns-before-collapse", "N", "more bodies at once all become slow", OPT_UNSIGNED,
     MEMBER(options.collapse_above), NULL},
    {"--collapse-rate", "BYTES", "bytes per second then (64K)", OPT_U64,
     MEMBER(options.collapse_rate), NULL},
    {"--one-origin", NULL, "bodies come from the endpoint too, redirects name no host", OPT_FLAG,
     MEMBER(options.one_origin), NULL},
    {"--log", "FILE", "one JSON line per request", OPT_TEXT, MEMBER(options.log_path), NULL},
    {"--port-file", "FILE", "written when ready: endpoint, CDN", OPT_TEXT, MEMBER(port_file), NULL},
    {"--until-eof", NULL, "end when stdin does", OPT_FLAG, MEMBER(until_eof), NULL},
    {"--help", NULL, "this text", OPT_FLAG, MEMBER(help), NULL},
};

void hubd_args_help(FILE *out)
{
    fputs("usage: hubd OPTION...\nA Hugging Face Hub on loopback, for tests and demonstrations.\n"
          "REPO is ORG/NAME, datasets/ORG/NAME or spaces/ORG/NAME; BYTES may end in K M G T.\n\n",
          out);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        SCOPED(mem_freep)
        char *left = mem_printf("%s %s", table[i].name, table[i].value ? table[i].value : "");
        fprintf(out, "  %-34s %s\n", left, table[i].help);
    }
    fputs("\nSPEC: ROUTE GLOB [WHEN] ACTION..., values percent-encoded\n"
          "  ROUTE   any info tree paths resolve small cdn other\n"
          "  GLOB    of the file's path; * crosses /\n"
          "  WHEN    #3 (third request of each path)  #2-4  #2+  ##3 (third of all)\n"
          "  ACTION  status=503 header=Retry-After:%202 body=TEXT location=URL hang-up delay=MS\n"
          "          stall=BYTES close=BYTES reset=BYTES flip=OFFSET rate=BYTES/S drip=BYTES\n"
          "          ignore-range as-200 chunked content-range=TEXT length=N etag=TEXT\n"
          "          encoding=gzip\n"
          "e.g. --fault 'cdn model-00002* #1 close=1048576'\n",
          out);
}

/* ---- parsing ---- */

static const struct hubd_option *find_option(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].name, name) == 0) return &table[i];
    }
    return NULL;
}

static void add_step(struct hubd_args *a, const struct hubd_option *o, const char *value)
{
    a->steps = mem_resize(a->steps, (a->step_count + 1) * sizeof(*a->steps));
    a->steps[a->step_count++] = (struct hubd_step){.option = o, .value = value};
}

static bool store(struct hubd_args *a, const struct hubd_option *o, const char *value)
{
    char *member = (char *)a + o->member;
    uint64_t n = 0;
    bool is_number = o->kind == OPT_U64 || o->kind == OPT_SIZE || o->kind == OPT_UNSIGNED;
    if (is_number && !size_whole(value, &n)) return false;
    size_t size = (size_t)n;
    unsigned small = (unsigned)n;
    bool yes = true;

    switch (o->kind) {
    case OPT_FLAG: memcpy(member, &yes, sizeof(yes)); break;
    case OPT_TEXT: memcpy(member, &value, sizeof(value)); break;
    case OPT_U64: memcpy(member, &n, sizeof(n)); break;
    case OPT_SIZE: memcpy(member, &size, sizeof(size)); break;
    case OPT_UNSIGNED: memcpy(member, &small, sizeof(small)); break;
    case OPT_STEP: add_step(a, o, value); break;
    }
    return true;
}

enum err hubd_args_parse(int argc, char **argv, struct hubd_args *ret, struct why *why)
{
    for (int i = 1; i < argc; i++) {
        const struct hubd_option *o = find_option(argv[i]);
        if (!o) return fail(why, ERR_USAGE, "unknown option '%s' (try --help)", argv[i]);
        const char *value = o->value ? argv[++i] : "";
        if (!value) return fail(why, ERR_USAGE, "'%s' needs %s", o->name, o->value);
        if (!store(ret, o, value)) return bad_value(value, why);
    }
    return OK;
}

enum err hubd_args_apply(const struct hubd_args *a, struct hub *h, struct why *why)
{
    for (size_t i = 0; i < a->step_count; i++) {
        enum err e = a->steps[i].option->apply(a, h, a->steps[i].value, why);
        if (e) return e;
    }
    return OK;
}

void hubd_args_done(struct hubd_args *a)
{
    mem_free(a->steps);
}
