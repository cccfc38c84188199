#include "tests/flow/play.h"

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/flow/servers.h"

struct play play_new(uint64_t size)
{
    const struct hub_options paced = {.conn_rate = 80 << 20};
    struct play p = {.scene = scene_new(&paced), .size = size};
    p.mirror = start_hub(&(struct hub_options){0});
    hub_add_generated(p.scene.hub, "org/name", "big.bin", size, 1, true);
    hub_add_generated(p.mirror, "org/name", "big.bin", size, 1, true);
    return p;
}

void expect_no_token(struct hub *mirror)
{
    cr_expect_not(hub_log_contains(hub_log(mirror), &(struct hub_log_filter){0}, CANARY),
                  "a mirror got the token");
}

void play_done(struct play *p)
{
    expect_no_token(p->mirror);
    hub_free(p->mirror);
    scene_done(&p->scene);
}

void fault_at(struct hub *h, const char *spec)
{
    struct hub_fault f;
    struct why why = {{0}};
    SCOPED(mem_freep) char *text = NULL;
    cr_assert_eq(hub_fault_parse(spec, &f, &text, &why), OK, "%s", why.text);
    hub_add_fault(h, &f);
}

uint64_t bodies_of(struct hub *h)
{
    return hub_log_bytes(hub_log(h), &(struct hub_log_filter){.route = HUB_CDN}) +
           hub_log_bytes(hub_log(h), &(struct hub_log_filter){.route = HUB_SMALL});
}

size_t resolves_of(struct hub *h)
{
    return hub_log_count(hub_log(h), &(struct hub_log_filter){.route = HUB_RESOLVE});
}

void expect_right(struct play *p)
{
    scene_expect(&p->scene, 0, NULL);
    scene_expect_file(&p->scene, "out/big.bin", "org/name", "big.bin");
}

uint64_t of_origin(const struct scene *s, const char *origin, const char *key)
{
    const struct json *rows = json_get(scene_event(s, "result", 0), "origins");
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        uint64_t n = 0;
        if (!str_eq(json_string(json_get(row, "origin")), origin)) continue;
        cr_assert(json_u64(json_get(row, key), &n), "no '%s'", key);
        return n;
    }
    cr_assert_fail("no origin '%s' in the result: %s", origin, s->out);
    return 0;
}

void expect_mirror_event(const struct scene *s, const char *origin, const char *cause)
{
    cr_assert_geq(scene_events(s, "mirror"), 1, "%s", s->out);
    cr_expect_str_eq(scene_text(s, "mirror", 0, "origin"), origin);
    cr_expect_str_eq(scene_text(s, "mirror", 0, "cause"), cause);
}
