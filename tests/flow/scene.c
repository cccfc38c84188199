#include "tests/flow/scene.h"

#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/proc.h"

enum { WORDS_MAX = 64, LONGEST_MS = 60 * 1000, LINE_MAX = 16 * 1024 };

struct scene scene_new(const struct hub_options *o)
{
    struct scene s = {.dir = tmpdir_new()};
    struct why why = {{0}};
    const struct hub_options ordinary = {0};
    cr_assert_eq(hub_start(o ? o : &ordinary, &s.hub, &why), OK, "%s", why.text);
    hub_add_token(s.hub, CANARY);
    return s;
}

static void forget_run(struct scene *s)
{
    for (size_t i = 0; i < s->line_count; i++) {
        json_doc_free(s->lines[i]);
    }
    mem_free(s->lines);
    s->lines = NULL;
    s->line_count = 0;
    proc_free(s->proc);
    s->proc = NULL;
}

void scene_done(struct scene *s)
{
    forget_run(s);
    hub_free(s->hub);
    tmpdir_free(s->dir);
    *s = (struct scene){0};
}

/* ---- running ---- */

static size_t append(const char **list, size_t n, const char *const *words)
{
    for (; words && *words; words++) {
        cr_assert_lt(n, WORDS_MAX - 1);
        list[n++] = *words;
    }
    return n;
}

void scene_start(struct scene *s, const char *const *args)
{
    forget_run(s);
    SCOPED(mem_freep) char *home = mem_printf("HOME=%s", s->dir);
    SCOPED(mem_freep) char *hf_home = mem_printf("HF_HOME=%s/hf", s->dir);
    SCOPED(mem_freep) char *endpoint = mem_printf("HF_ENDPOINT=%s", hub_endpoint(s->hub));
    const char *argv[WORDS_MAX] = {SHARDFETCH_PATH};
    const char *env[WORDS_MAX] = {0}; // the first of two variables of one name counts
    size_t n = append(env, 0, s->env);
    append(env, n, WORDS(home, hf_home, endpoint, "HF_TOKEN=" CANARY));
    append(argv, 1, args);
    const struct proc_spec spec = {.argv = argv, .env = env, .cwd = s->dir};
    struct why why = {{0}};
    cr_assert_eq(proc_start(&spec, &s->proc, &why), OK, "%s", why.text);
}

static void parse_lines(struct scene *s)
{
    for (const char *line = s->out; *line;) {
        size_t len = strcspn(line, "\n");
        cr_assert_eq(line[len], '\n', "a line without an end");
        cr_assert_lt(len, LINE_MAX);
        s->lines = mem_resize(s->lines, (s->line_count + 1) * sizeof(struct json_doc *));
        struct why why = {{0}};
        enum err e = json_parse(line, len, &s->lines[s->line_count], &why);
        cr_assert_eq(e, OK, "%s: %.*s", why.text, (int)len, line);
        s->line_count++;
        line += len + 1;
    }
}

/* The contract's "Event stream": what every stream that was read to its end is like. */
static void check_stream(const struct scene *s)
{
    const char *run = json_string(json_get(json_root(s->lines[0]), "run"));
    cr_assert_not_null(run);
    for (size_t i = 0; i < s->line_count; i++) {
        const struct json *line = json_root(s->lines[i]);
        uint64_t seq = 0;
        cr_assert(json_u64(json_get(line, "seq"), &seq));
        cr_expect_eq(seq, i + 1, "seq");
        cr_expect_str_eq(json_string(json_get(line, "run")), run);
    }
    cr_expect_eq(scene_events(s, "run_start"), 1);
    cr_expect_eq(scene_events(s, "result"), 1);
    const char *last = json_string(json_get(json_root(s->lines[s->line_count - 1]), "type"));
    cr_assert_str_eq(last, "result");
    int exit_status = s->ended_by ? 128 + s->ended_by : s->status;
    cr_expect_eq(scene_number(s, "result", 0, "exit"), (uint64_t)exit_status);
}

static const char *last_line(const char *text)
{
    const char *last = text;
    for (const char *end; (end = strchr(last, '\n')) && end[1];) {
        last = end + 1;
    }
    return last;
}

/* The contract: "the `result` event and the last line on stderr name the code's word". */
static void check_word(const struct scene *s)
{
    if (s->status == 0 || s->line_count == 0) return;
    const char *word = scene_text(s, "result", 0, "code");
    SCOPED(mem_freep) char *start = mem_printf("shardfetch: %s", word);
    const char *told = last_line(s->err);
    cr_expect_eq(strncmp(told, start, strlen(start)), 0, "not '%s': %s", start, told);
}

static void check_token(const struct scene *s)
{
    const struct hub_log_filter cdn = {.at_cdn = true};
    cr_expect_not(hub_log_contains(hub_log(s->hub), &cdn, CANARY), "the CDN got the token");
    cr_expect_null(strstr(s->out, CANARY));
    cr_expect_null(strstr(s->err, CANARY));
    cr_expect_not(tmpdir_contains(s->dir, CANARY), "a file holds the token");
}

void scene_end(struct scene *s)
{
    cr_assert(proc_wait(s->proc, LONGEST_MS), "it does not end: %s", proc_err(s->proc));
    s->status = proc_status(s->proc);
    s->ended_by = proc_ended_by(s->proc);
    s->out = proc_out(s->proc);
    s->err = proc_err(s->proc);
    cr_expect_null(strstr(s->err, "Sanitizer"), "%s", s->err);
    if (s->ended_by != 9 && s->out[0] == '{') {
        parse_lines(s);
        check_stream(s);
        check_word(s);
    }
    check_token(s);
}

void scene_run(struct scene *s, const char *const *args)
{
    scene_start(s, args);
    scene_end(s);
}

void scene_expect(const struct scene *s, int status, const char *told)
{
    cr_expect_eq(s->status, status, "exit %d, not %d: %s", s->status, status, s->err);
    if (told) cr_expect_not_null(strstr(last_line(s->err), told), "no '%s' in: %s", told, s->err);
}

/* ---- events ---- */

const struct json *scene_event(const struct scene *s, const char *type, size_t n)
{
    for (size_t i = 0; i < s->line_count; i++) {
        const struct json *line = json_root(s->lines[i]);
        const char *is = json_string(json_get(line, "type"));
        if (is && strcmp(is, type) == 0 && n-- == 0) return line;
    }
    return NULL;
}

size_t scene_events(const struct scene *s, const char *type)
{
    size_t n = 0;
    while (scene_event(s, type, n)) {
        n++;
    }
    return n;
}

uint64_t scene_number(const struct scene *s, const char *type, size_t n, const char *key)
{
    uint64_t v = 0;
    bool there = json_u64(json_get(scene_event(s, type, n), key), &v);
    cr_assert(there, "no number '%s' in %s %zu: %s%s", key, type, n, s->out, s->err);
    return v;
}

const char *scene_text(const struct scene *s, const char *type, size_t n, const char *key)
{
    const struct json *v = json_get(scene_event(s, type, n), key);
    cr_assert_not_null(v, "no '%s' in %s %zu: %s%s", key, type, n, s->out, s->err);
    return json_string(v);
}

/* ---- hub and disk ---- */

size_t scene_requests(const struct scene *s, enum hub_route route)
{
    return hub_log_count(hub_log(s->hub), &(struct hub_log_filter){.route = route});
}

uint64_t scene_sent(const struct scene *s, const char *file)
{
    const struct hub_log_filter cdn = {.route = HUB_CDN, .file = file};
    const struct hub_log_filter small = {.route = HUB_SMALL, .file = file};
    return hub_log_bytes(hub_log(s->hub), &cdn) + hub_log_bytes(hub_log(s->hub), &small);
}

void scene_fault(struct scene *s, const char *spec)
{
    struct hub_fault f;
    struct why why = {{0}};
    SCOPED(mem_freep) char *text = NULL;
    cr_assert_eq(hub_fault_parse(spec, &f, &text, &why), OK, "%s", why.text);
    hub_add_fault(s->hub, &f);
}

void scene_expect_file(const struct scene *s, const char *rel, const char *repo, const char *path)
{
    struct hub_file_info info;
    cr_assert(hub_stat(s->hub, repo, path, &info), "the hub has no '%s'", path);
    char hex[65] = "";
    cr_expect(tmpdir_sha256(s->dir, rel, hex), "no file '%s': %s", rel, s->err);
    cr_expect_str_eq(hex, info.sha256, "'%s' is another file", rel);
}

size_t scene_published(const struct scene *s, const char *rel)
{
    SCOPED(mem_freep) char *cache = mem_printf("%s/.cache", rel);
    return tmpdir_count(s->dir, rel) - tmpdir_count(s->dir, cache);
}
