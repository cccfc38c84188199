/* Connections to an origin: made once, used again, told in the result. */
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/str.h"
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

/* ---- a name with two addresses: "localhost", one hub at each ---- */

struct pair {
    struct scene scene; // its hub is at 127.0.0.1
    struct hub *other;  // at ::1, same port
    char *endpoint;     // "HF_ENDPOINT=http://localhost:PORT"
};

static struct pair pair_new(uint64_t size)
{
    if (!nginx_ipv6_available()) cr_skip_test("there is no IPv6 on this machine's loopback");
    struct pair p = {.scene = scene_new(NULL)};
    const char *port = strrchr(hub_endpoint(p.scene.hub), ':') + 1;
    uint64_t number = 0;
    cr_assert(str_u64(port, UINT16_MAX, &number));
    p.other = start_hub(&(struct hub_options){.ipv6_port = (unsigned)number});
    hub_add_token(p.other, CANARY);
    p.endpoint = mem_printf("HF_ENDPOINT=http://localhost:%s", port);
    SCOPED(mem_freep) unsigned char *data = mem_new(size);
    for (uint64_t i = 0; i < size; i++)
        data[i] = (unsigned char)(i * 31 + i / 251);
    hub_add_file(p.scene.hub, "org/name", "a.bin", data, size, false);
    hub_add_file(p.other, "org/name", "a.bin", data, size, false);
    return p;
}

static void pair_done(struct pair *p)
{
    hub_free(p->other);
    mem_free(p->endpoint);
    scene_done(&p->scene);
}

static size_t bodies_at(struct hub *h)
{
    return hub_log_count(hub_log(h), &(struct hub_log_filter){.route = HUB_SMALL});
}

enum { CONNECTIONS = 16 };

/* 64 MiB by their name; `fault`: of the one at ::1. */
static void fetch_from_both(struct pair *p, const char *fault)
{
    scene_fault(&p->scene, "small * rate=2000000");
    fault_at(p->other, fault);
    const char *const env[] = {p->endpoint, NULL};
    p->scene.env = env;
    SCOPED(mem_freep) char *connections = mem_printf("%d", CONNECTIONS);
    GET(&p->scene, "org/name", "--local-dir", "out", "--connections", connections);
    p->scene.env = NULL;
    scene_expect(&p->scene, 0, NULL);
    scene_expect_file(&p->scene, "out/a.bin", "org/name", "a.bin");
}

Test(pool, connections_go_to_all_addresses_of_a_name)
{
    SCOPED(pair_done) struct pair p = pair_new(64 << 20);
    fetch_from_both(&p, "small * rate=2000000");
    cr_expect_gt(bodies_at(p.scene.hub), 0);
    cr_expect_gt(bodies_at(p.other), 0);
    cr_expect_eq(of_origin(&p.scene, strchr(p.endpoint, '=') + 1, "addresses"), 2);
}

/* One of the two crawls from the start: what it has is given up, and the rest of the file goes to
 * the other one. */
Test(pool, an_address_that_crawls_is_avoided)
{
    SCOPED(pair_done) struct pair p = pair_new(64 << 20);
    fetch_from_both(&p, "small * rate=2000");
    cr_expect_leq(bodies_at(p.other), CONNECTIONS);
    cr_expect_eq(scene_events(&p.scene, "retry"), 0);
}
