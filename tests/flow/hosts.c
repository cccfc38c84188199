/* What one run learned of a server, and the next one begins with. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/flow/scene.h"

enum { FILES = 8, MIB = 1 << 20, FIRST = 8 }; // connections to one that nothing is known of

static const char HOSTS[] = ".local/state/shardfetch/hosts";

/* As many files as connections are tried first, each slow: so long that their goodput is measured.
 */
static struct scene scene_with_files(void)
{
    struct scene s = scene_new(NULL);
    for (uint64_t i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%d.bin", (int)i);
        hub_add_generated(s.hub, "org/name", path, 4 * MIB, i, true);
    }
    scene_fault(&s, "cdn * rate=1500000");
    return s;
}

#define FETCH(s, ...)                                                                              \
    GET(s, "org/name", "--local-dir", "out", "--force-download", "--max-workers", "8", __VA_ARGS__)

/* Connections that the file has for the CDN; 0: none. */
static unsigned kept(const struct scene *s)
{
    SCOPED(mem_freep) char *text = tmpdir_get(s->dir, HOSTS, NULL);
    SCOPED(mem_freep) char *start = mem_printf("\n%s ", hub_cdn(s->hub));
    const char *line = text ? strstr(text, start) : NULL;
    if (!line) return 0;
    const char *number = line + strlen(start);
    uint64_t connections = 0;
    cr_assert(str_u64_n(number, strcspn(number, " "), UINT32_MAX, &connections));
    return (unsigned)connections;
}

Test(hosts, a_run_begins_with_what_the_one_before_learned)
{
    SCOPED(scene_done) struct scene s = scene_with_files();
    SCOPED(mem_freep)
    char *text = mem_printf("shardfetch hosts 1\nhttps://other 20 0 0 %llu\n%s 3 0 0 %llu\n",
                            (unsigned long long)(clock_wall_ms() / 1000), hub_cdn(s.hub),
                            (unsigned long long)(clock_wall_ms() / 1000));
    tmpdir_put_text(s.dir, HOSTS, text);
    FETCH(&s, "--no-sync");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_number(&s, "throttle", 0, "connections_from"), 3);
    unsigned learned = kept(&s);
    cr_expect_gt(learned, 3);
    cr_expect(tmpdir_contains(s.dir, "https://other 20 "), "what it did not meet stays");
    FETCH(&s, "--no-sync");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_number(&s, "throttle", 0, "connections_from"), learned);
}

Test(hosts, a_damaged_file_is_as_good_as_none)
{
    SCOPED(scene_done) struct scene s = scene_with_files();
    tmpdir_put_text(s.dir, HOSTS, "\xff\x01shardfetch hosts 1\n{\"\n");
    FETCH(&s, "--no-sync");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(scene_events(&s, "warning"), 0);
    cr_expect_eq(scene_number(&s, "throttle", 0, "connections_from"), FIRST);
    cr_expect_gt(kept(&s), 0);
}

Test(hosts, a_place_that_cannot_be_written_is_told_and_fails_nothing)
{
    SCOPED(scene_done) struct scene s = scene_with_files();
    tmpdir_put_text(s.dir, "plain", "");
    SCOPED(mem_freep) char *state = mem_printf("XDG_STATE_HOME=%s/plain", s.dir);
    s.env = WORDS(state);
    FETCH(&s, "--no-sync");
    scene_expect(&s, 0, NULL);
    cr_assert_eq(scene_events(&s, "warning"), 1);
    cr_expect_str_eq(scene_text(&s, "warning", 0, "code"), "state");
    cr_expect_not(tmpdir_has(s.dir, HOSTS));
}

Test(hosts, a_number_of_the_users_own_is_not_learned)
{
    SCOPED(scene_done) struct scene s = scene_with_files();
    FETCH(&s, "--connections", "8");
    scene_expect(&s, 0, NULL);
    cr_expect_not(tmpdir_has(s.dir, HOSTS));
}
