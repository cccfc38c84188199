/* Several connections of one file share its fate, what cannot be continued begins anew, and what is
 * known of a file is not forgotten on the way. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

#define MIB            (UINT64_C(1) << 20)
#define LARGE          (64 * MIB) // enough for eight connections
#define RETRIES_OF_ALL "6" // half of the refusals: pressure may leave two connections at a time

static void fault(struct hub *h, const char *spec)
{
    struct hub_fault f = HUB_FAULT_NONE;
    char *text = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_fault_parse(spec, &f, &text, &why), OK, "%s: %s", spec, why.text);
    hub_add_fault(h, &f);
    mem_free(text);
}

static struct run get(const char *dir, struct hub *h)
{
    return run(dir,
               WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out",
                     "--json", "--retries", RETRIES_OF_ALL),
               NO_ENV);
}

static const struct {
    const char *name;
    unsigned url_uses;
    uint64_t size;
    const char *faults[3];
} CASES[] = {
    {"a server without ranges is asked by many at once", 0, LARGE, {"cdn * ignore-range"}},
    {"a server without ranges hangs up",
     0,
     2 * MIB,
     {"cdn * #1-3 ignore-range close=1000000", "cdn * ignore-range"}},
    {"a signed URL ends for many at once", 3, LARGE, {NULL}},
    {"an outage meets all of them, twice",
     0,
     LARGE,
     {"cdn * ##1-8 reset=100000", "cdn * ##9-20 status=503"}},
    {"ranges end in the midst of the file",
     0,
     LARGE,
     {"cdn * ##1-4 reset=3000000", "cdn * ignore-range"}},
};

Test(fates, what_happens_to_all_connections_happens_once)
{
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        const struct hub_options o = {.url_uses = CASES[i].url_uses};
        SCOPED(hub_freep) struct hub *h = start_hub(&o);
        hub_add_generated(h, "org/name", "large.bin", CASES[i].size, 1, true);
        for (size_t n = 0; n < ARRAY_LEN(CASES[i].faults) && CASES[i].faults[n]; n++)
            fault(h, CASES[i].faults[n]);
        SCOPED(run_done) struct run r = get(dir, h);
        cr_expect_eq(r.status, 0, "%s: %s", CASES[i].name, r.err);
        cr_expect_eq(tmpdir_size(dir, "out/large.bin"), (int64_t)CASES[i].size, "%s",
                     CASES[i].name);
    }
}

Test(fates, a_server_without_ranges_that_always_hangs_up_is_given_up)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    hub_add_generated(h, "org/name", "large.bin", 2 * MIB, 1, true);
    fault(h, "cdn * ignore-range close=1000000");
    SCOPED(run_done) struct run r = get(dir, h);
    cr_expect_eq(r.status, 8, "%s", r.err);
}

#define READ                                                                                       \
    {                                                                                              \
        .action = RAW_READ                                                                         \
    }
#define SEND(text)                                                                                 \
    {                                                                                              \
        .action = RAW_SEND, .bytes = (text)                                                        \
    }

/* Two versions of equal size, told apart by nothing, or by an ETag. */
Test(fates, two_versions_are_never_mixed)
{
    static const struct {
        const char *name;
        struct raw_script scripts[4];
        const char *wanted;
    } cases[] = {
        {"no digest and no validator",
         {{{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n")}},
          {{READ, SEND("HTTP/1.1 206 P\r\nContent-Range: bytes 0-5/6\r\nContent-Length: 6\r\n\r\n"
                       "old")}},
          {{READ, SEND("HTTP/1.1 206 P\r\nContent-Range: bytes 0-5/6\r\nContent-Length: 6\r\n\r\n"
                       "newnew")}}},
         "newnew"},
        {"a validator that does not hold any more",
         {{{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nETag: \"1\"\r\n"
                       "Connection: close\r\n\r\n")}},
          {{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"2\"\r\n"
                       "Connection: close\r\n\r\nnewer")}},
          {{READ, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"2\"\r\n"
                       "Connection: close\r\n\r\n")}},
          {{READ, SEND("HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/5\r\nContent-Length: 5\r\n"
                       "ETag: \"2\"\r\n\r\nnewer")}}},
         "newer"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(raw_server_freep)
        struct raw_server *s =
            start_raw(cases[i].scripts, cases[i].scripts[3].steps[0].action ? 4 : 3);
        SCOPED(mem_freep) char *url = mem_printf("%s/file.bin", raw_server_url(s));
        SCOPED(run_done)
        struct run r = run(dir, WORDS("get", url, "--connections", "1"), NO_ENV);
        cr_expect_eq(r.status, 0, "%s: %s", cases[i].name, r.err);
        size_t len = 0;
        SCOPED(mem_freep) char *got = tmpdir_get(dir, "file.bin", &len);
        cr_expect(got && strcmp(got, cases[i].wanted) == 0, "%s: '%s'", cases[i].name, got);
    }
}

Test(fates, offline_a_damaged_file_is_not_asked_for)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    hub_add_file(h, "org/name", "config.json", "{}", 2, false);
    SCOPED(run_done) struct run first = get(dir, h);
    cr_assert_eq(first.status, 0, "%s", first.err);
    size_t asked = hub_log_count(hub_log(h), &(struct hub_log_filter){0});
    tmpdir_put_text(dir, "out/config.json", "[]");
    SCOPED(run_done)
    struct run r = run(
        dir,
        WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out", "--offline"),
        NO_ENV);
    cr_expect_eq(r.status, 3, "%s", r.err);
    cr_expect_eq(hub_log_count(hub_log(h), &(struct hub_log_filter){0}), asked);
}

Test(fates, a_list_that_cannot_be_read_makes_nothing)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(run_done) struct run r = run(dir, WORDS("get", "./no-such-list"), NO_ENV);
    cr_expect_eq(r.status, 3, "%s", r.err);
    cr_expect_not(tmpdir_has(dir, ".cache"));
}

Test(fates, a_link_made_anew_does_not_make_the_blob_unknown)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    hub_add_file(h, "org/name", "config.json", "{}", 2, false);
    static const char *const MOVED[] = {"first", "second", "third"};
    for (size_t i = 0; i < ARRAY_LEN(MOVED); i++) {
        SCOPED(run_done)
        struct run r =
            run(dir, WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--json"), NO_ENV);
        cr_expect_eq(r.status, 0, "%s: %s", MOVED[i], r.err);
        bool told = strstr(r.out, "\"file_done\"") && strstr(r.out, "\"file\":\"config.json\"");
        cr_expect_eq(told, i < 2, "%s", MOVED[i]);
        if (i > 0) continue; // the same blob, another commit
        hub_add_file(h, "org/name", "other.json", "[]", 2, false);
    }
}
