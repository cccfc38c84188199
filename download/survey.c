#include "download/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/plan/path.h"
#include "download/plan/select.h"
#include "download/probe.h"

enum { COMMIT_HEX = 40, MANIFEST_MAX_BYTES = 64 * 1024 * 1024 };

static void on_call(struct call *c)
{
    (void)c; // its task is what is waited for
}

/* Carries one request; the reply is in `c->exchange`. */
static enum err carry(struct survey *s, struct call *c, const struct request *r,
                      enum pace_kind kind, struct why *why)
{
    call_init(c, kind, on_call);
    c->parent = s->engine->spine->run;
    if (s->settings->offline) {
        return fail(why, ERR_NOT_CACHED, "%s is not cached, and --offline forbids to ask",
                    r->label ? r->label : "what was asked for");
    }
    enum err e = engine_start_calls(s->engine, why);
    if (e) return e;
    const struct spine *spine = s->engine->spine;
    request_copy(r, &c->request);
    calls_send(&s->engine->calls, c);
    e = task_await(spine->tasks, c->task, NULL);
    if (control_stopping(spine->control)) return fail(why, ERR_CANCELLED, "stopped");
    if (!e) return OK;
    if (e == ERR_RATE_LIMITED) return call_explain(c, s->source, NULL, why);
    struct why said;
    outcome_say(&c->exchange->reply.outcome, &said);
    return fail(why, e, "cannot get %s from %s", r->label ? r->label : "an answer", said.text);
}

static enum err list_files(struct survey *s, struct why *why)
{
    enum err e = OK;
    struct request r = {0};
    while (!e && source_next(s->source, &r) == SOURCE_REQUEST) {
        struct call c;
        e = carry(s, &c, &r, PACE_API, why);
        if (!e) e = source_reply(s->source, &c.exchange->reply, why);
        request_done(&r);
        call_done(&c);
    }
    return e;
}

/* A pipe or terminal may keep us waiting: a stop ends that, too. False: it did. */
static bool wait_for_input(const struct survey *s, int fd)
{
    const struct spine *spine = s->engine->spine;
    while (!control_stopping(spine->control)) {
        if (loop_turn_with(spine->loop, fd)) return true;
    }
    return false;
}

/* The user's own file: links are followed, "-" is standard input. */
static enum err read_input(const struct survey *s, const char *path, struct buf *ret,
                           struct why *why)
{
    bool is_stdin = str_eq(path, "-");
    SCOPED(fs_closep) int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    int fd = is_stdin ? STDIN_FILENO : opened;
    if (fd < 0) {
        enum err e = errno == ENOENT ? ERR_NOT_FOUND : ERR_DISK;
        return fail(why, e, "cannot read '%s': %s", path, strerror(errno));
    }
    char block[16 * 1024];
    for (;;) {
        if (!wait_for_input(s, fd)) return fail(why, ERR_CANCELLED, "stopped");
        ssize_t n = read(fd, block, sizeof(block));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(why, "cannot read '%s'", path);
        if (n == 0) return OK;
        if (buf_try_add(ret, block, (size_t)n)) continue;
        return fail(why, ERR_REFUSED, "'%s' is larger than %d bytes", path, MANIFEST_MAX_BYTES);
    }
}

static bool is_commit(const char *s)
{
    return s && strlen(s) == COMMIT_HEX && strspn(s, "0123456789abcdef") == COMMIT_HEX;
}

static enum err open_source(struct survey *s, const char *known_commit, bool skip_tree,
                            struct why *why)
{
    struct buf text;
    buf_init(&text, MANIFEST_MAX_BYTES);
    bool from_file = s->spec.kind == SOURCE_MANIFEST && s->spec.file;
    enum err e = from_file ? read_input(s, s->spec.file, &text, why) : OK;
    struct source_setup setup = {.endpoint = s->settings->endpoint,
                                 .mirrors = s->settings->mirrors,
                                 .base_url = s->settings->base_url,
                                 .manifest_text = from_file ? buf_str(&text) : NULL,
                                 .manifest_len = text.len,
                                 .have_token = s->settings->token != NULL,
                                 .token_origin_note = s->settings->token_note,
                                 .known_commit = known_commit,
                                 .skip_tree = skip_tree};
    source_free(TAKE(s->source));
    if (!e) e = source_open(&s->spec, &setup, &s->source, why);
    buf_done(&text);
    return e;
}

/* Offline: the cache's ref; of a plain directory, what is here is what there is. */
static void commit_from_disk(struct survey *s)
{
    enum err e = dest_is_cache(s->dest) ? dest_load_ref(s->dest, s->spec.revision, &s->commit, NULL)
                                        : dest_newest_tree(s->dest, &s->commit, NULL);
    err_ignore(e); // without it asking is refused with a sentence of its own
}

/* Hub: the commit first (known, cached when offline, or asked for), then its listing (cached by an
 * earlier run, or asked for). */
static enum err survey_hub(struct survey *s, struct why *why)
{
    if (is_commit(s->spec.revision)) s->commit = mem_strdup(s->spec.revision);
    if (!s->commit && s->settings->offline) commit_from_disk(s);
    bool ask = !s->commit;
    enum err e = open_source(s, s->commit, true, why);
    if (!e && ask) e = list_files(s, why);
    if (e) return e;
    if (ask) s->commit = mem_strdup(source_commit(s->source));
    s->may_be_gated = !ask || source_gated(s->source); // told with the commit only
    bool cached = s->commit && !s->settings->force_download &&
                  dest_load_tree(s->dest, s->commit, &s->cached, NULL) == OK;
    if (cached) return OK;
    e = open_source(s, s->commit, false, why);
    if (!e) e = list_files(s, why);
    return e;
}

static void tell_warnings(const struct survey *s)
{
    const char *text;
    for (size_t i = 0; s->source && (text = source_warning(s->source, i)); i++)
        emit_warning(s->emitter, "source", text);
}

static struct listing *listing_of(struct survey *s)
{
    return s->cached.commit ? &s->cached : source_listing(s->source);
}

static void note_absent(struct survey *s, const struct listing *l, const char *const *names)
{
    if (s->settings->command != COMMAND_GET || !s->commit) return;
    for (; *names; names++) {
        if (str_ends(*names, "/") || listing_find(l, *names)) continue;
        dest_note_absent(s->dest, s->commit, *names);
    }
}

static enum err select_wanted(struct survey *s, struct listing *l, struct why *why)
{
    SCOPED(mem_freep) bool *wanted = mem_array(l->count + 1, sizeof(*wanted));
    const char *one[] = {s->spec.path, NULL};
    bool named = s->settings->files && s->settings->files[0];
    struct selection sel = {.names = named          ? s->settings->files
                                     : s->spec.path ? one
                                                    : NULL,
                            .include = s->settings->include,
                            .exclude = s->settings->exclude};
    enum err e = select_files(&sel, l, wanted, why);
    if (e == ERR_NOT_FOUND && sel.names) note_absent(s, l, sel.names);
    if (e) return e;
    plan_init(&s->plan, l, wanted);
    plan_prioritise(&s->plan, s->settings->priorities);
    return OK;
}

static enum err check_paths(struct survey *s, struct why *why)
{
    size_t n = s->plan.count;
    SCOPED(mem_freep) const char **paths = mem_array(n + 1, sizeof(*paths));
    for (size_t i = 0; i < n; i++)
        paths[i] = s->plan.files[i].entry->path;
    bool folds = s->settings->command == COMMAND_GET && dest_folds_case(s->dest);
    const char *twin = NULL;
    enum err e =
        path_check_all(paths, n, folds ? PATH_TWINS_REFUSED : PATH_TWINS_ALLOWED, &twin, why);
    if (e || !twin) return e;
    SCOPED(mem_freep)
    char *text = mem_printf(
        "'%s' and another name differ only in case; some file systems cannot hold both", twin);
    emit_warning(s->emitter, "case-twins", text);
    return OK;
}

static enum err check_digests(struct survey *s, struct why *why)
{
    if (!s->settings->require_digest) return OK;
    for (size_t i = 0; i < s->plan.count; i++) {
        const struct listing_entry *e = s->plan.files[i].entry;
        if (e->digest.kind != DIGEST_NONE) continue;
        return fail(why, ERR_INTEGRITY, "the source gives no digest for '%s'", e->path);
    }
    return OK;
}

static void look_around(struct survey *s)
{
    static const enum plan_state STATES[] = {[DEST_ABSENT] = PLAN_MISSING,
                                             [DEST_UNVERIFIED] = PLAN_UNVERIFIED,
                                             [DEST_UNLINKED] = PLAN_UNLINKED,
                                             [DEST_PRESENT] = PLAN_PRESENT};
    for (size_t i = 0; !s->settings->force_download && i < s->plan.count; i++) {
        struct plan_file *f = &s->plan.files[i];
        struct dest_names names;
        dest_names_init(s->dest, f->entry, s->commit, &names);
        f->state = STATES[dest_look(s->dest, &names, f->entry->size)];
        bool partial = f->state == PLAN_MISSING && dest_has_partial(s->dest, &names);
        if (partial) f->state = PLAN_PARTIAL;
        dest_names_done(&names);
    }
    plan_total(&s->plan);
}

/* verify: of a hub's listing only what was ever fetched to here counts as missing. */
static enum err keep_published(struct survey *s, struct why *why)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->plan.count; i++) {
        struct dest_names names;
        dest_names_init(s->dest, s->plan.files[i].entry, s->commit, &names);
        bool keep = s->spec.kind != SOURCE_HUB || dest_was_published(s->dest, &names);
        dest_names_done(&names);
        if (keep) s->plan.files[kept++] = s->plan.files[i];
    }
    s->plan.count = kept;
    plan_total(&s->plan);
    return kept ? OK : fail(why, ERR_NOT_CACHED, "nothing of '%s' is here", s->settings->source);
}

/* Gated repos list their files for everybody: only asking for one tells whether we may have it. */
static enum err check_access(struct survey *s, struct why *why)
{
    bool ask = s->settings->command == COMMAND_PLAN && s->may_be_gated && !s->settings->offline;
    for (size_t i = 0; ask && i < s->plan.count; i++) {
        const struct plan_file *f = &s->plan.files[i];
        if (f->state != PLAN_MISSING && f->state != PLAN_PARTIAL) continue;
        enum err e = probe_access(s->engine, s->source, f->entry, why);
        s->gated = e == ERR_AUTH;
        return s->gated ? OK : e;
    }
    return OK;
}

/* `verify DIR`: the directory's own kept listing says what should be in it. */
static enum err survey_directory(struct survey *s, struct why *why)
{
    s->own = *s->settings;
    s->own.local_dir = s->settings->source;
    s->settings = &s->own;
    s->spec = (struct source_spec){
        .kind = SOURCE_HUB, .repo = mem_strdup(""), .revision = mem_strdup("main")};
    enum err e = dest_open(s->settings, &s->spec, true, &s->dest, why);
    if (!e) e = dest_newest_tree(s->dest, &s->commit, why);
    if (!e) e = dest_load_tree(s->dest, s->commit, &s->cached, why);
    return e;
}

static bool names_directory(const struct settings *s)
{
    struct stat st;
    bool path_like = str_starts(s->source, "/") || str_starts(s->source, ".");
    return s->command == COMMAND_VERIFY && path_like && stat(s->source, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

static enum err survey_source(struct survey *s, struct why *why)
{
    const struct source_hint hint = {.endpoint = s->settings->endpoint,
                                     .revision = s->settings->revision,
                                     .repo_type = s->settings->repo_type,
                                     .is_manifest = s->settings->source_is_manifest};
    enum err e = source_spec_parse(s->settings->source, &hint, &s->spec, why);
    if (e) return e;
    bool by_hub = s->spec.kind == SOURCE_HUB;
    bool read_only = s->settings->command != COMMAND_GET;
    if (!by_hub) e = open_source(s, NULL, false, why); // a list that cannot be read makes nothing
    if (!e) e = dest_open(s->settings, &s->spec, read_only, &s->dest, why);
    if (e) return e;
    return by_hub ? survey_hub(s, why) : list_files(s, why);
}

enum err survey_run(struct survey *s, struct why *why)
{
    SCOPED(mem_leave) enum mem_class was = mem_enter(MEM_PLAN);
    enum err e = priority_rules_check(s->settings->priorities, why);
    if (e) return e;
    e = names_directory(s->settings) ? survey_directory(s, why) : survey_source(s, why);
    if (e) return e;
    tell_warnings(s);
    struct listing *l = listing_of(s);
    e = select_wanted(s, l, why);
    if (!e) e = check_paths(s, why);
    if (!e) e = check_digests(s, why);
    if (!e) e = probe_sizes(s->settings, s->engine, s->source, &s->plan, why);
    if (e) return e;
    bool fresh = s->settings->command == COMMAND_GET && !s->cached.commit;
    if (fresh) err_ignore(dest_save_tree(s->dest, l, NULL)); // only saves a later request
    look_around(s);
    e = check_access(s, why);
    if (e) return e;
    return s->settings->command == COMMAND_VERIFY ? keep_published(s, why) : OK;
}

void survey_done(struct survey *s)
{
    plan_done(&s->plan);
    listing_done(&s->cached);
    source_free(s->source);
    dest_free(s->dest);
    source_spec_done(&s->spec);
    mem_free(s->commit);
}

char *survey_source_text(const struct survey *s)
{
    return source_spec_text(&s->spec);
}
