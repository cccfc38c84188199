/* Connections to an origin: made once, used again, told in the result. */
#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/play.h"
#include "tests/flow/servers.h"

enum { FILES = 12, FILE_BYTES = 300000 };

static void add_files(struct scene *s)
{
    for (size_t i = 0; i < FILES; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%zu.bin", i);
        hub_add_generated(s->hub, "org/name", path, FILE_BYTES, i, true);
    }
}

static uint64_t of_hub(const struct scene *s, const char *key)
{
    return of_origin(s, hub_endpoint(s->hub), key);
}

Test(pool, files_share_the_connections)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    add_files(&s);
    GET(&s, "org/name", "--local-dir", "out", "--connections", "2");
    scene_expect(&s, 0, NULL);
    const struct hub_log_filter bodies = {.route = HUB_CDN};
    uint64_t made = hub_log_connections(hub_log(s.hub), &bodies);
    cr_expect_leq(made, FILES / 2);
    cr_expect_eq(of_hub(&s, "connections"), made);
    cr_expect_eq(of_hub(&s, "requests"), FILES);
    cr_expect_eq(of_hub(&s, "reused"), FILES - made);
    cr_expect_eq(of_hub(&s, "addresses"), 1);
}

/* A body that ends early takes its connection along; a refusal does not. */
Test(pool, retries_go_over_the_same_connection)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    hub_add_generated(s.hub, "org/name", "a.bin", FILE_BYTES, 1, true);
    scene_fault(&s, "cdn * #1 close=1000");
    scene_fault(&s, "cdn * #1-2 status=503");
    GET(&s, "org/name", "--local-dir", "out", "--connections", "1");
    scene_expect(&s, 0, NULL);
    cr_expect_eq(of_hub(&s, "requests"), 4);
    cr_expect_eq(of_hub(&s, "connections"), 2);
    cr_expect_eq(of_hub(&s, "reused"), 2);
}

Test(pool, what_is_not_reached_is_no_connection)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    SCOPED(mem_freep)
    char *manifest = mem_printf("{\"schema\":1,\"files\":[{\"path\":\"big.bin\",\"size\":%d,"
                                "\"urls\":[\"http://127.0.0.1:1/big.bin\"]}]}",
                                SMALL);
    tmpdir_put_text(p.scene.dir, "m.json", manifest);
    GET(&p.scene, "./m.json", "--local-dir", "out", "--retries", "0");
    scene_expect(&p.scene, 8, NULL);
    cr_expect_eq(of_origin(&p.scene, "http://127.0.0.1:1", "reused"), 0);
    cr_expect_eq(of_origin(&p.scene, "http://127.0.0.1:1", "addresses"), 0);
}

/* Which address a proxy took is its own business. */
Test(pool, through_a_proxy_no_address_is_told)
{
    SCOPED(scene_done) struct scene s = scene_new(NULL);
    SCOPED(proxy_freep) struct proxy *proxy = start_proxy(&(struct proxy_options){0});
    add_files(&s);
    GET(&s, "org/name", "--local-dir", "out", "--connections", "2", "--proxy", proxy_url(proxy));
    scene_expect(&s, 0, NULL);
    cr_expect_eq(of_hub(&s, "addresses"), 0);
    cr_expect_geq(of_hub(&s, "connections"), 1);
}
