/* Who gets connections, and how many there are. */
#include <string.h>

#include <criterion/criterion.h>

#include "tests/flow/scene.h"
#include "tests/flow/servers.h"

enum { MIB = 1 << 20 };

/* Each connection is slow and more of them bring more, so there will be more. */
Test(allot, connections_grow_while_they_bring_more)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 64 * MIB, 1, true);
    scene_fault(&s, "cdn * rate=1500000");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "auto");
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/a.bin", "org/name", "a.bin");
    cr_assert_geq(scene_events(&s, "throttle"), 1);
    cr_expect_str_eq(scene_text(&s, "throttle", 0, "cause"), "climb");
    uint64_t from = scene_number(&s, "throttle", 0, "connections_from");
    cr_expect_eq(scene_number(&s, "throttle", 0, "connections_to"), 2 * from);
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_fetched"), 64 * MIB, "nothing twice");
}

Test(allot, a_number_of_connections_stays)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 16 * MIB, 1, true);
    scene_fault(&s, "cdn * rate=1500000");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "4");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "throttle"), 0);
}

/* The only connection is busy with a shard when it becomes known where the critical file is: it is
 * taken at once, and the shard goes on later where it was. */
Test(allot, a_critical_file_takes_the_connection_of_a_shard)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 12 * MIB, 1, true);
    hub_add_generated(s.hub, "org/name", "b.bin", 1 * MIB, 2, true);
    scene_fault(&s, "cdn a.bin rate=4000000");
    scene_fault(&s, "resolve b.bin delay=700");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "1", "--priority", "b.bin=critical");
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/a.bin", "org/name", "a.bin");
    scene_expect_file(&s, "out/b.bin", "org/name", "b.bin");
    cr_expect_str_eq(scene_text(&s, "file_done", 0, "file"), "b.bin");
    cr_expect_eq(scene_events(&s, "retry"), 0, "it is no failure");
    cr_expect_eq(scene_number(&s, "result", 0, "bytes_fetched"), 13 * MIB, "nothing was lost");
    cr_expect_geq(scene_sent(&s, "a.bin"), 12 * MIB);
}

/* One connection gets a trickle: it is ended, and what it had to bring comes over others. */
Test(allot, a_connection_that_crawls_is_given_up)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 160 * MIB, 1, true);
    scene_fault(&s, "cdn * ##3 rate=2000");
    scene_fault(&s, "cdn * rate=6000000");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "5");
    scene_expect(&s, 0, NULL);
    scene_expect_file(&s, "out/a.bin", "org/name", "a.bin");
    cr_expect_eq(scene_events(&s, "retry"), 0);
    cr_expect_geq(scene_number(&s, "result", 0, "bytes_fetched"), 160 * MIB);
}

/* Its origin knows no ranges, so ending its request would lose what it has: even a critical file
 * waits for it. (It is asked three times: cut short, answered with the whole, and for the whole.)
 */
Test(allot, a_file_that_cannot_be_continued_keeps_its_connection)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", 8 * MIB, 1, true);
    hub_add_generated(s.hub, "org/name", "b.bin", 1 * MIB, 2, true);
    scene_fault(&s, "cdn a.bin #1 close=1000000");
    scene_fault(&s, "cdn a.bin ignore-range rate=2000000");
    scene_fault(&s, "resolve b.bin delay=2000");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "1", "--priority", "b.bin=critical");
    scene_expect(&s, 0, NULL);
    const struct hub_log_filter bodies = {.route = HUB_CDN, .file = "a.bin"};
    cr_expect_eq(hub_log_count(hub_log(s.hub), &bodies), 3);
    scene_expect_file(&s, "out/a.bin", "org/name", "a.bin");
    scene_expect_file(&s, "out/b.bin", "org/name", "b.bin");
}
