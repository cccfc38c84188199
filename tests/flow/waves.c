/* What befalls all connections of a file at once counts once. */
#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

enum { PART_BYTES = 32 << 20 }; // of sched.h: so many connections as parts begin together

/* Counted one by one, each of these would be more than is allowed; counted once it is far less, so
 * that a machine that delays one of the requests changes nothing. */
static const struct {
    const char *name, *fault;
    unsigned parts;
    const char *retries;
} WAVES[] = {
    {"two outages", "cdn * ##1-16 hang-up", 8, "8"},
    {"no ranges at all", "cdn * ignore-range", 4, "1"},
    {"a busy origin", "cdn * ##1-4 status=429 header=Retry-After:%201", 4, "1"},
};

static void add_fault(struct hub *h, const char *spec)
{
    struct hub_fault fault;
    SCOPED(mem_freep) char *text = NULL;
    cr_assert_eq(hub_fault_parse(spec, &fault, &text, NULL), OK);
    hub_add_fault(h, &fault);
}

Test(waves, one_event_is_one_failure_however_many_connections_saw_it)
{
    for (size_t i = 0; i < ARRAY_LEN(WAVES); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
        uint64_t size = (uint64_t)WAVES[i].parts * PART_BYTES;
        hub_add_generated(h, "org/name", "big.bin", size, i, true);
        add_fault(h, WAVES[i].fault);
        SCOPED(mem_freep) char *connections = mem_printf("%u", WAVES[i].parts);
        SCOPED(run_done)
        struct run r = run(dir,
                           WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir",
                                 "out", "--connections", connections, "--retries", WAVES[i].retries,
                                 "--max-wait", "3"),
                           NO_ENV);
        cr_expect_eq(r.status, 0, "%s: %s", WAVES[i].name, r.err);
        cr_expect_eq(tmpdir_size(dir, "out/big.bin"), (int64_t)size, "%s", WAVES[i].name);
    }
}
