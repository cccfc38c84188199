#include "cli/jsonl.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/sched/why_slow.h"
#include "tests/unit/cli/sample.h"

extern char **environ;

static const struct jsonl_head HEAD = {1, "0123456789abcdef", {2, 3}, true};

static void encode(const struct event *e, uint64_t seq, struct buf *ret)
{
    struct jsonl_head head = HEAD;
    head.seq = seq;
    jsonl_encode(e, &head, ret);
}

/* Exit code of tests/cli/validate-events [--lines] over `lines`. */
static int validate(const struct buf *lines, bool whole)
{
    char name[] = "/tmp/shardfetch-lines-XXXXXX";
    int fd = mkstemp(name);
    cr_assert(fd >= 0);
    unlink(name);
    cr_assert_eq(write(fd, lines->data, lines->len), (ssize_t)lines->len);
    lseek(fd, 0, SEEK_SET);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    char script[] = SOURCE_PATH "/tests/cli/validate-events";
    char flag[] = "--lines";
    char *argv[] = {script, whole ? NULL : flag, NULL};
    pid_t pid = 0;
    cr_assert_eq(posix_spawn(&pid, script, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    close(fd);
    return WEXITSTATUS(status);
}

static void encode_all(const struct event *events, size_t count, struct buf *ret)
{
    for (size_t i = 0; i < count; i++)
        encode(&events[i], i + 1, ret);
}

Test(jsonl, a_run_of_every_type_keeps_the_schema)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    size_t count;
    const struct event *run = sample_run(&count);
    encode_all(run, count, &b);
    cr_assert_not(b.overflowed);
    cr_assert_eq(validate(&b, true), 0, "%s", buf_str(&b));
}

Test(jsonl, extremes_keep_the_schema)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    size_t count;
    const struct event *run = sample_extremes(&count);
    encode_all(run, count, &b);
    cr_assert_eq(validate(&b, true), 0, "%s", buf_str(&b));
}

Test(jsonl, the_validator_sees_what_is_wrong)
{
    static const struct {
        const char *name, *from, *to;
    } CASES[] = {
        {"gap in seq", "\"seq\":2,", "\"seq\":7,"},
        {"unknown field", "\"gated\":", "\"hated\":"},
        {"wrong type", "\"gated\":false", "\"gated\":\"no\" "},
        {"result not last", "\"type\":\"result\"", "\"type\":\"wait\"  "},
        {"other run", "\"run\":\"0123456789abcdef\"", "\"run\":\"fedcba9876543210\""},
        {"no JSON", "{\"v\":1,", "{\"v\":1;"},
    };
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    size_t count;
    const struct event *run = sample_run(&count);
    encode_all(run, count, &b);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(mem_freep) char *text = mem_strdup(b.data);
        char *at = strstr(text, CASES[i].from);
        cr_assert(at, "%s", CASES[i].name);
        memcpy(at, CASES[i].to, strlen(CASES[i].to));
        struct buf bent = {.data = text, .len = b.len};
        cr_expect_eq(validate(&bent, true), 1, "%s", CASES[i].name);
    }
}

static const struct json *field(const struct json_doc *doc, const char *key)
{
    return json_get(json_root(doc), key);
}

/* One line, parsed by the strict reader. */
static struct json_doc *parsed(const struct event *e, struct buf *b)
{
    encode(e, 1, b);
    cr_assert_not(b->overflowed);
    cr_assert_leq(b->len, JSONL_MAX_BYTES);
    cr_assert_eq(memchr(b->data, '\n', b->len), b->data + b->len - 1);
    struct json_doc *doc = NULL;
    struct why why = {""};
    cr_assert_eq(json_parse(b->data, b->len - 1, &doc, &why), OK, "%s", why.text);
    return doc;
}

Test(jsonl, the_head_is_complete)
{
    struct event e = {EV_WARNING, .wall_ms = UINT64_C(1795409730123), .mono_ms = 42,
                      .u.warning = {"x", "y"}};
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    encode(&e, 5, &b);
    cr_assert_str_eq(b.data, "{\"v\":1,\"seq\":5,\"run\":\"0123456789abcdef\","
                             "\"time\":\"2026-11-23T04:55:30.123Z\",\"mono_ms\":42,"
                             "\"type\":\"warning\",\"code\":\"x\",\"message\":\"y\"}\n");
}

Test(jsonl, losses_are_in_the_result)
{
    struct event e = {EV_RESULT, .u.result = {.status = "ok"}};
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    encode(&e, 1, &b);
    cr_assert(strstr(b.data, "\"events_coalesced\":2,\"events_dropped\":3"), "%s", b.data);
}

Test(jsonl, a_name_that_is_no_utf8_comes_in_base64_too)
{
    struct event e = {EV_FILE_START, .u.file_start = {.file = "a\xff"
                                                              "b",
                                                      .priority = "low"}};
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    SCOPED(json_doc_freep) struct json_doc *doc = parsed(&e, &b);
    cr_assert_str_eq(json_string(field(doc, "file")), "a\xEF\xBF\xBD"
                                                      "b");
    cr_assert_str_eq(json_string(field(doc, "file_b64")), "Yf9i");
}

Test(jsonl, a_usual_name_has_no_base64)
{
    struct event e = {EV_FILE_START, .u.file_start = {.file = "é\n\"", .priority = "low"}};
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    SCOPED(json_doc_freep) struct json_doc *doc = parsed(&e, &b);
    cr_assert_str_eq(json_string(field(doc, "file")), "é\n\"");
    cr_assert_null(field(doc, "file_b64"));
}

/* The longest texts, of bytes that grow most when they are escaped. */
Test(jsonl, no_line_is_longer_than_the_contract_says)
{
    enum { LONG = 64 * 1024 };
    SCOPED(mem_freep) char *text = mem_new(LONG);
    static const char WORST[] = {'x', '\x01', '\xff', '"'};
    for (size_t i = 0; i < ARRAY_LEN(WORST); i++) {
        memset(text, WORST[i], LONG - 1);
        struct origin_row origins[RESULT_ORIGINS_MAX];
        for (size_t k = 0; k < RESULT_ORIGINS_MAX; k++) {
            origins[k] = (struct origin_row){.requests = UINT64_MAX - 1,
                                             .failures = UINT64_MAX - 1,
                                             .bytes = UINT64_MAX - 1,
                                             .wrong = UINT64_MAX - 1,
                                             .connections = UINT64_MAX - 1,
                                             .reused = UINT64_MAX - 1,
                                             .addresses = UINT64_MAX - 1};
            memset(origins[k].name, WORST[i], ORIGIN_NAME_MAX - 1);
        }
        const struct event events[] = {
            {EV_RUN_START,
             .u.run_start = {text, text, text, text, text, text, text, text, text, 1}},
            {EV_PLAN, .u.plan = {.commit = text, .dest = text}},
            {EV_PLAN_FILE, .u.plan_file = {1, text, 1, text, text, text}},
            {EV_FILE_START, .u.file_start = {1, text, 1, text, 1, text}},
            {EV_PROGRESS, .u.progress = {.waiting_for = text}},
            {EV_RETRY, .u.retry = {.cause = text}},
            {EV_WAIT, .u.wait = {text, 1, text}},
            {EV_MIRROR, .u.mirror = {.origin = text, .cause = text}},
            {EV_THROTTLE, .u.throttle = {text, 1, 2, text, 3}},
            {EV_FILE_DONE,
             .u.file_done =
                 {.file = text, .path = text, .digest = text, .verified_by = text, .origin = text}},
            {EV_FILE_FAILED, .u.file_failed = {1, text, ERR_DISK, text, true}},
            {EV_WARNING, .u.warning = {text, text}},
            {EV_RESULT, .u.result = {.status = text,
                                     .message = text,
                                     .path = text,
                                     .commit = text,
                                     .origins = origins,
                                     .origin_count = RESULT_ORIGINS_MAX}},
        };
        for (size_t k = 0; k < ARRAY_LEN(events); k++) {
            SCOPED(buf_done) struct buf b;
            buf_init(&b, JSONL_MAX_BYTES);
            SCOPED(json_doc_freep) struct json_doc *doc = parsed(&events[k], &b);
            cr_assert(json_is_object(json_root(doc)));
        }
    }
}

Test(jsonl, texts_are_cut_between_characters)
{
    enum { LONG = 20000 };
    SCOPED(mem_freep) char *text = mem_new(LONG + 1);
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 <= LONG; i += 3)
            memcpy(text + i, "€", 4);
        struct event e = {EV_WARNING, .u.warning = {"x", text}};
        SCOPED(buf_done) struct buf b;
        buf_init(&b, JSONL_MAX_BYTES);
        SCOPED(json_doc_freep) struct json_doc *doc = parsed(&e, &b);
        const char *message = json_string(field(doc, "message"));
        cr_assert(strstr(message, "€…"), "%s", message);
        cr_assert_not(strstr(message, "\xEF\xBF\xBD"));
    }
}

Test(jsonl, more_files_than_a_line_holds_are_left_out)
{
    enum { MANY = 1000 };
    SCOPED(mem_freep) struct progress_file *files = mem_array(MANY, sizeof(*files));
    for (size_t i = 0; i < MANY; i++)
        files[i] = (struct progress_file){JSON_MAX_INTEGER, JSON_MAX_INTEGER, JSON_MAX_INTEGER,
                                          JSON_MAX_INTEGER, JSON_MAX_INTEGER, FILE_IN_PROGRESS,
                                          JSON_MAX_INTEGER};
    struct event e = {EV_PROGRESS, .u.progress = {.files = files, .file_count = MANY}};
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    SCOPED(json_doc_freep) struct json_doc *doc = parsed(&e, &b);
    size_t shown = json_count(field(doc, "files"));
    cr_assert_geq(shown, 60);
    cr_assert_lt(shown, MANY);
    cr_assert_geq(b.len, JSONL_MAX_BYTES - 512);
}

static const char *why_slow_of(const struct event *e, bool asked_for)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    struct jsonl_head head = HEAD;
    head.why_slow = asked_for;
    jsonl_encode(e, &head, &b);
    const char *at = strstr(buf_str(&b), "\"why_slow\":");
    cr_assert_not_null(at);
    static char value[16];
    at += strlen("\"why_slow\":");
    size_t len = strcspn(at, ",}");
    cr_assert_lt(len, sizeof(value));
    memcpy(value, at, len);
    value[len] = '\0';
    return value;
}

Test(jsonl, what_keeps_it_from_being_faster_is_in_the_result_and_else_when_asked_for)
{
    struct event progress = {EV_PROGRESS, .u.progress = {.why_slow = "hash"}};
    cr_expect_str_eq(why_slow_of(&progress, true), "\"hash\"");
    cr_expect_str_eq(why_slow_of(&progress, false), "null");
    struct event result = {EV_RESULT, .u.result = {.status = "ok", .why_slow = "link"}};
    cr_expect_str_eq(why_slow_of(&result, false), "\"link\"");
    result.u.result.why_slow = NULL;
    cr_expect_str_eq(why_slow_of(&result, true), "null");
}

/* Every word is one of the schema's. */
Test(jsonl, all_that_can_keep_it_from_being_faster_keeps_the_schema)
{
    struct event run[SLOW_VERDICTS + 2] = {0};
    size_t count;
    const struct event *sample = sample_run(&count);
    run[0] = sample[0];
    for (size_t v = 0; v < SLOW_VERDICTS; v++)
        run[v + 1] = (struct event){EV_PROGRESS,
                                    .u.progress = {.why_slow = slow_word((enum slow_verdict)v)}};
    run[SLOW_VERDICTS + 1] = sample[count - 1];
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    encode_all(run, ARRAY_LEN(run), &b);
    cr_assert_eq(validate(&b, true), 0, "%s", buf_str(&b));
}
