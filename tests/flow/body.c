/* What can happen to the body of a file: each case is a fault, how the run ends, and what the hub
 * had to send for it. */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/scene.h"

enum {
    SIZE = 1000000,       // one request
    SPLIT_SIZE = 40 << 20 // several
};

/* Nothing is told about the bytes sent. */
#define ANY_BYTES UINT64_MAX

struct body_case {
    const char *name;
    const char *faults[2];
    int status;
    const char *told;     // stderr's last line contains it
    const char *cause;    // of the first `retry` event; NULL = there is none
    uint64_t least, most; // bytes sent
};

static void play(const struct body_case *c, uint64_t size)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "big.bin", size, 1, true);
    for (size_t i = 0; i < ARRAY_LEN(c->faults) && c->faults[i]; i++) {
        scene_fault(&s, c->faults[i]);
    }
    GET(&s, "org/name", "--local-dir", "out", "--stall-timeout", "1", "--retries", "2");
    cr_expect_eq(s.status, c->status, "%s: exit %d: %s", c->name, s.status, s.err);
    if (c->told) cr_expect_not_null(strstr(s.err, c->told), "%s: %s", c->name, s.err);
    uint64_t sent = scene_sent(&s, "*");
    cr_expect(c->least == ANY_BYTES || (c->least <= sent && sent <= c->most),
              "%s: sent %" PRIu64 " bytes", c->name, sent);
    if (c->status == 0) {
        scene_expect_file(&s, "out/big.bin", "org/name", "big.bin");
        cr_expect_eq(scene_number(&s, "file_done", 0, "size"), size, "%s", c->name);
    } else {
        cr_expect_not(tmpdir_has(s.dir, "out/big.bin"), "%s: published", c->name);
        cr_expect_eq(scene_events(&s, "file_failed"), 1, "%s", c->name);
    }
    const char *cause = scene_event(&s, "retry", 0) ? scene_text(&s, "retry", 0, "cause") : NULL;
    if (c->cause) cr_expect(cause && strcmp(cause, c->cause) == 0, "%s: %s", c->name, cause);
    if (!c->cause) cr_expect_null(cause, "%s: retry for %s", c->name, cause);
}

static const struct body_case healing[] = {
    {"cut once", {"cdn * #1 close=400000"}, 0, NULL, "reset", SIZE, SIZE},
    {"cut again and again", {"cdn * #1-4 close=200000"}, 0, NULL, "reset", SIZE, SIZE},
    {"cut without a length", {"cdn * #1 chunked close=400000"}, 0, NULL, "reset", SIZE, SIZE},
    {"reset once", {"cdn * #1 reset=400000"}, 0, NULL, "reset", SIZE, SIZE + 400000},
    {"hung up on", {"cdn * #1 hang-up"}, 0, NULL, "reset", SIZE, SIZE},
    {"503 once", {"cdn * #1 status=503"}, 0, NULL, "status", SIZE, SIZE + 100},
    {"resolve says 502 once", {"resolve * #1 status=502"}, 0, NULL, "status", SIZE, SIZE},
    {"one byte wrong once", {"cdn * #1 flip=500000"}, 0, NULL, "digest", 2 * SIZE, 2 * SIZE},
    {"ranges ignored", {"cdn * ignore-range"}, 0, NULL, NULL, SIZE, SIZE},
    {"cut, then ranges ignored",
     {"cdn * #1 close=400000", "cdn * ignore-range"},
     0,
     NULL,
     "reset",
     SIZE,
     3 * SIZE},
    {"cut twice where ranges are ignored",
     {"cdn * #1-3 close=400000", "cdn * ignore-range"},
     0,
     NULL,
     "reset",
     SIZE,
     ANY_BYTES - 1},
    {"cut, then the wrong range",
     {"cdn * #1 close=400000", "cdn * #2 content-range=bytes%200-599999/1000000"},
     0,
     NULL,
     "reset",
     SIZE,
     2 * SIZE},
    {"cut, then another ETag",
     {"cdn * #1 close=400000", "cdn * #2 etag=%22other%22"},
     0,
     NULL,
     "reset",
     SIZE,
     3 * SIZE},
    {"416 once", {"cdn * #1 status=416"}, 0, NULL, "status", SIZE, SIZE + 100},
    {"403 once", {"cdn * #1 status=403"}, 0, NULL, NULL, SIZE, SIZE + 100},
};

Test(body, what_heals_costs_no_more_than_was_lost)
{
    for (size_t i = 0; i < ARRAY_LEN(healing); i++) {
        play(&healing[i], SIZE);
    }
}

static const struct body_case waiting[] = {
    {"stalled once", {"cdn * #1 stall=400000"}, 0, NULL, "stalled", SIZE, SIZE},
    {"stalled before the first byte", {"cdn * #1 stall=0"}, 0, NULL, "stalled", SIZE, SIZE},
    {"429 with seconds",
     {"cdn * #1 status=429 header=Retry-After:%201"},
     0,
     NULL,
     "rate-limit",
     SIZE,
     SIZE + 100},
    {"503 with seconds",
     {"cdn * #1 status=503 header=Retry-After:%201"},
     0,
     NULL,
     "rate-limit",
     SIZE,
     SIZE + 100},
    {"429 with RateLimit",
     {"cdn * #1 status=429 header=RateLimit:%20%22resolvers%22;r=0;t=1"},
     0,
     NULL,
     "rate-limit",
     SIZE,
     SIZE + 100},
};

Test(body, waiting_helps_where_it_was_asked_for)
{
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        play(&waiting[i], SIZE);
    }
}

static const struct body_case final[] = {
    {"one byte wrong for ever",
     {"cdn * flip=500000"},
     5,
     "integrity",
     "digest",
     2 * SIZE,
     2 * SIZE},
    {"cut at once for ever", {"cdn * close=0"}, 8, "network", "reset", 0, 0},
    {"stalled for ever", {"cdn * stall=0"}, 8, "network", "stalled", 0, 0},
    {"503 for ever", {"cdn * status=503"}, 8, "503", "status", ANY_BYTES, 0},
    {"404 at the CDN", {"cdn * status=404"}, 3, "not-found", NULL, ANY_BYTES, 0},
    {"403 for ever", {"cdn * status=403"}, 4, "auth", NULL, ANY_BYTES, 0},
    {"416 for ever", {"cdn * status=416"}, 8, "416", "status", ANY_BYTES, 0},
    {"encoded", {"cdn * encoding=gzip"}, 5, "integrity", NULL, ANY_BYTES, 0},
    {"the wrong range for ever",
     {"cdn * content-range=bytes%205-9/1000000"},
     5,
     "integrity",
     "range",
     ANY_BYTES,
     0},
    {"another size",
     {"cdn * content-range=bytes%200-999999/1000001"},
     5,
     "integrity",
     "range",
     ANY_BYTES,
     0},
    {"no range told", {"cdn * content-range="}, 5, "integrity", "range", ANY_BYTES, 0},
    {"to a file", {"resolve * location=file:///etc/passwd"}, 11, "refused", NULL, 0, 0},
    {"to ftp", {"resolve * location=ftp://127.0.0.1/x"}, 11, "refused", NULL, 0, 0},
    {"in a circle",
     {"resolve * location=/org/name/resolve/main/big.bin"},
     11,
     "refused",
     NULL,
     0,
     0},
    {"429 for too long",
     {"cdn * status=429 header=Retry-After:%20100000"},
     7,
     "try again",
     NULL,
     ANY_BYTES,
     0},
};

Test(body, what_does_not_heal_has_a_name)
{
    for (size_t i = 0; i < ARRAY_LEN(final); i++) {
        play(&final[i], SIZE);
    }
}

static const struct body_case split[] = {
    {"as it should be", {NULL}, 0, NULL, NULL, SPLIT_SIZE, ANY_BYTES - 1},
    {"ranges ignored", {"cdn * ignore-range"}, 0, NULL, NULL, SPLIT_SIZE, ANY_BYTES - 1},
    {"a range as if it were all", {"cdn * as-200"}, 0, NULL, NULL, SPLIT_SIZE, ANY_BYTES - 1},
    {"one range cut", {"cdn * #2 close=100000"}, 0, NULL, "reset", SPLIT_SIZE, ANY_BYTES - 1},
    {"one byte wrong",
     {"cdn * flip=39999999"},
     5,
     "integrity",
     "digest",
     SPLIT_SIZE,
     ANY_BYTES - 1},
};

Test(body, split_files_heal_too)
{
    for (size_t i = 0; i < ARRAY_LEN(split); i++) {
        play(&split[i], SPLIT_SIZE);
    }
}
