#include "tests/unit/cli/sample.h"

#include "download/base/scoped.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define SHA256 "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define WALL   UINT64_C(1795409730123)
#define GIB    (UINT64_C(1) << 30)
#define AT(n)  .wall_ms = WALL + (n)*100, .mono_ms = (n)*100

static const struct progress_file FILES[] = {
    {1, GIB / 2, 4 * GIB, 100 << 20, 36, FILE_IN_PROGRESS, GIB / 2},
    {2, 4 * GIB, 4 * GIB, 0, 0, FILE_VERIFYING, 3 * GIB},
};

static const struct origin_row ORIGINS[] = {{"https://huggingface.co", 9, 1, 6 * GIB, 0, 3, 6, 2},
                                            {"https://mirror.example", 4, 0, GIB, 1, 1, 3, 1}};

static const struct event RUN[] = {
    {EV_RUN_START, AT(0),
     .u.run_start = {"0.1.0", "get", "hf://org/name", "main", "host", "8.0", "3.0.14", "1.5.4",
                     "1.7.15", 4711}},
    {EV_PLAN, AT(1),
     .u.plan = {COMMIT, 3, 9 * GIB, GIB, 8 * GIB, 100 * GIB, "/models/name", false}},
    {EV_PLAN_FILE, AT(2),
     .u.plan_file = {1, "model-00001-of-00002.safetensors", 4 * GIB, SHA256, "missing", "normal"}},
    {EV_FILE_START, AT(3),
     .u.file_start = {1, "model-00001-of-00002.safetensors", 4 * GIB, SHA256, 0, "normal"}},
    {EV_FILE_START, AT(4),
     .u.file_start = {2, "model-00002-of-00002.safetensors", 4 * GIB, SHA256, GIB, "normal"}},
    {EV_PROGRESS, AT(5),
     .u.progress = {FILE_IN_PROGRESS, 1, 3, 5 * GIB, 4 * GIB, 9 * GIB, 200 << 20, 20, 8, NULL,
                    FILES, ARRAY_LEN(FILES), "connection"}},
    {EV_RETRY, AT(6), .u.retry = {1, GIB / 2, 2, 1500, "status", 503}},
    {EV_WAIT, AT(7), .u.wait = {"https://huggingface.co", 12000, "rate-limit"}},
    {EV_MIRROR, AT(7), .u.mirror = {"https://mirror.example", 1, "digest", 3600000, GIB, 65536}},
    {EV_FILE_DONE, AT(8),
     .u.file_done = {2, "model-00002-of-00002.safetensors",
                     "/models/name/model-00002-of-00002.safetensors", 4 * GIB, SHA256, true,
                     "sha256", 12345, 3 * GIB, GIB, "https://huggingface.co", 2}},
    {EV_FILE_FAILED, AT(9),
     .u.file_failed = {1, "model-00001-of-00002.safetensors", ERR_NETWORK,
                       "host 'cdn.example' answered 503", true}},
    {EV_THROTTLE, AT(9), .u.throttle = {"https://cdn.example", 4, 8, "climb", 80 << 20}},
    {EV_WARNING, AT(10), .u.warning = {"token-rejected", "the token from HF_TOKEN was rejected"}},
    {EV_RESULT, AT(11),
     .u.result = {"failed",
                  8,
                  ERR_NETWORK,
                  "1 of 3 files failed",
                  true,
                  60,
                  "/models/name",
                  COMMIT,
                  2,
                  1,
                  7 * GIB,
                  GIB,
                  3 << 20,
                  1100,
                  64 << 20,
                  {4 << 20, 2 << 20, 1 << 16, 1 << 18, 1 << 12, 1 << 20},
                  ORIGINS,
                  ARRAY_LEN(ORIGINS),
                  "origin"}},
};

const struct event *sample_run(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(RUN);
    return RUN;
}

#define NONE NUMBER_UNKNOWN
#define MOST (UINT64_MAX - 1)

static const struct progress_file EXTREME_FILES[] = {
    {MOST, MOST, NONE, MOST, NONE, FILE_NOT_STARTED, MOST}};

/* More than a line has room for. */
static struct task_row rows[200] = {
    {(UINT64_C(1) << 53) - 1, 0, 0, "run", "running", "\x01\x02\x03 and \xff", UINT64_MAX - 1},
};

static const struct event EXTREMES[] = {
    {EV_RUN_START, AT(0), .u.run_start = {"0", "verify", "x", NULL, "h", "1", "1", "1", "1", MOST}},
    {EV_PLAN, AT(0), .u.plan = {NULL, MOST, NONE, MOST, NONE, NONE, NULL, true}},
    {EV_PLAN_FILE, AT(0), .u.plan_file = {MOST, "x", NONE, NULL, "partial", "low"}},
    {EV_FILE_START, AT(0), .u.file_start = {MOST, "x", NONE, NULL, MOST, "critical"}},
    {EV_PROGRESS, AT(0),
     .u.progress = {FILE_PAUSED, MOST, MOST, MOST, MOST, NONE, MOST, NONE, MOST, "lock",
                    EXTREME_FILES, 1, NULL}},
    {EV_PROGRESS, AT(0), .u.progress = {.status = FILE_NOT_STARTED, .total = NONE, .eta_s = NONE}},
    {EV_RETRY, AT(0), .u.retry = {NONE, MOST, MOST, MOST, "reset", NONE}},
    {EV_WAIT, AT(0), .u.wait = {NULL, MOST, "lock"}},
    {EV_MIRROR, AT(0), .u.mirror = {"x", MOST, "differs", NONE, NONE, NONE}},
    {EV_MIRROR, AT(0), .u.mirror = {"x", MOST, "not-found", MOST, MOST, MOST}},
    {EV_FILE_DONE, AT(0),
     .u.file_done = {MOST, "x", "/x", MOST, NULL, false, NULL, MOST, MOST, MOST, NULL, 0}},
    {EV_FILE_FAILED, AT(0), .u.file_failed = {MOST, "x", ERR_INTEGRITY, "y", false}},
    {EV_WARNING, AT(0), .u.warning = {"x", "y"}},
    {EV_TASKS, AT(0),
     .u.tasks = {rows,
                 200,
                 {{"hub session", "degraded", "\x1b\x1b\x1b"},
                  {"connections", "ready", ""},
                  {"journal", "closed", ""}}}},
    {EV_RESULT, AT(0),
     .u.result = {"cancelled",
                  130,
                  ERR_CANCELLED,
                  NULL,
                  true,
                  NONE,
                  NULL,
                  NULL,
                  MOST,
                  MOST,
                  MOST,
                  MOST,
                  MOST,
                  MOST,
                  MOST,
                  {MOST, MOST, MOST, MOST, MOST, MOST},
                  NULL,
                  0,
                  NULL}},
};

const struct event *sample_extremes(size_t *ret_count)
{
    for (size_t i = 1; i < ARRAY_LEN(rows); i++)
        rows[i] = rows[0];
    *ret_count = ARRAY_LEN(EXTREMES);
    return EXTREMES;
}

struct event sample_progress(uint64_t mono_ms, uint64_t downloaded)
{
    return (struct event){EV_PROGRESS, .wall_ms = WALL + mono_ms, .mono_ms = mono_ms,
                          .u.progress = {.status = FILE_IN_PROGRESS,
                                         .total_files = 3,
                                         .downloaded = downloaded,
                                         .downloaded_this_session = downloaded,
                                         .total = 9 * GIB,
                                         .eta_s = NUMBER_UNKNOWN}};
}
