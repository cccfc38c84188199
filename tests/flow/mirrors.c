/* Several hubs with the same repo: the scene's own is the source, the others are mirrors. What one
 * of them does wrong costs time or bytes, never the file; no mirror ever sees the token. */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/flow/scene.h"
#include "tests/flow/servers.h"

enum {
    SMALL = 1 << 20,  // of one request
    LARGE = 80 << 20, // more parts than connections, and worth asking mirrors for
};

struct play {
    struct scene scene;
    struct hub *mirror;
    uint64_t size;
};

/* Large files take long enough for a mirror to answer before their last part is given out. */
static struct play play_new(uint64_t size)
{
    const struct hub_options paced = {.conn_rate = 40 << 20};
    struct play p = {.scene = scene_new(&paced), .size = size};
    p.mirror = start_hub(&(struct hub_options){0});
    hub_add_generated(p.scene.hub, "org/name", "big.bin", size, 1, true);
    hub_add_generated(p.mirror, "org/name", "big.bin", size, 1, true);
    return p;
}

/* Never the token, to no mirror, at no origin of it. */
static void expect_no_token(struct hub *mirror)
{
    cr_expect_not(hub_log_contains(hub_log(mirror), &(struct hub_log_filter){0}, CANARY),
                  "a mirror got the token");
}

static void play_done(struct play *p)
{
    expect_no_token(p->mirror);
    hub_free(p->mirror);
    scene_done(&p->scene);
}

static void fault_at(struct hub *h, const char *spec)
{
    struct hub_fault f;
    struct why why = {{0}};
    SCOPED(mem_freep) char *text = NULL;
    cr_assert_eq(hub_fault_parse(spec, &f, &text, &why), OK, "%s", why.text);
    hub_add_fault(h, &f);
}

#define PLAY(p, mirror_url, ...)                                                                   \
    GET(&(p)->scene, "org/name", "--local-dir", "out", "--mirror", mirror_url, "--stall-timeout",  \
        "1", "--connect-timeout", "1", __VA_ARGS__)

static uint64_t bodies_of(struct hub *h)
{
    return hub_log_bytes(hub_log(h), &(struct hub_log_filter){.route = HUB_CDN}) +
           hub_log_bytes(hub_log(h), &(struct hub_log_filter){.route = HUB_SMALL});
}

static size_t resolves_of(struct hub *h)
{
    return hub_log_count(hub_log(h), &(struct hub_log_filter){.route = HUB_RESOLVE});
}

static void expect_right(struct play *p)
{
    scene_expect(&p->scene, 0, NULL);
    scene_expect_file(&p->scene, "out/big.bin", "org/name", "big.bin");
}

/* The row of an origin in `result`; a missing one fails the test. */
static uint64_t of_origin(const struct scene *s, const char *origin, const char *key)
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

static void expect_mirror_event(const struct scene *s, const char *origin, const char *cause)
{
    cr_assert_geq(scene_events(s, "mirror"), 1, "%s", s->out);
    cr_expect_str_eq(scene_text(s, "mirror", 0, "origin"), origin);
    cr_expect_str_eq(scene_text(s, "mirror", 0, "cause"), cause);
}

/* ---- all are well ---- */

Test(mirrors, a_large_file_comes_from_both)
{
    SCOPED(play_done) struct play p = play_new(LARGE);
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2");
    expect_right(&p);
    cr_expect_gt(bodies_of(p.mirror), 0);
    cr_expect_gt(bodies_of(p.scene.hub), 0);
    cr_expect_eq(scene_number(&p.scene, "result", 0, "bytes_fetched"), p.size);
    uint64_t own = of_origin(&p.scene, hub_endpoint(p.scene.hub), "bytes");
    uint64_t other = of_origin(&p.scene, hub_endpoint(p.mirror), "bytes");
    cr_expect_eq(own + other, p.size, "%" PRIu64 " and %" PRIu64, own, other);
    cr_expect_eq(scene_number(&p.scene, "file_done", 0, "origins"), 2);
    cr_expect_eq(scene_events(&p.scene, "mirror"), 0);
}

Test(mirrors, a_small_file_does_not_ask_them)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2");
    expect_right(&p);
    cr_expect_eq(resolves_of(p.mirror), 0);
    cr_expect_str_eq(scene_text(&p.scene, "file_done", 0, "origin"), hub_endpoint(p.scene.hub));
    cr_expect_eq(scene_number(&p.scene, "file_done", 0, "origins"), 1);
}

/* ---- the source's own place is not well ---- */

static const struct {
    const char *name, *fault, *cause;
} SICK[] = {
    {"its CDN says 503", "cdn * status=503", "status"},
    {"its CDN hangs up", "cdn * hang-up", "reset"},
    {"its CDN stalls", "cdn * stall=1000", "stalled"},
    {"it says 502 where the file is asked for", "resolve * status=502", "status"},
    {"it hangs up where the file is asked for", "resolve * hang-up", "reset"},
    {"it says 429 where the file is asked for", "resolve * status=429 header=Retry-After:%20300",
     "rate-limit"},
    {"its CDN says 429", "cdn * status=429 header=Retry-After:%20300", "rate-limit"},
};

static void own_place_is_sick(uint64_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(SICK); i++) {
        SCOPED(play_done) struct play p = play_new(size);
        scene_fault(&p.scene, SICK[i].fault);
        PLAY(&p, hub_endpoint(p.mirror), "--retries", "2");
        expect_right(&p);
        cr_expect_geq(bodies_of(p.mirror) + 100000, size, "%s", SICK[i].name);
        expect_mirror_event(&p.scene, hub_endpoint(p.scene.hub), SICK[i].cause);
    }
}

Test(mirrors, serve_a_small_file_when_the_source_cannot)
{
    own_place_is_sick(SMALL);
}

Test(mirrors, serve_a_large_file_when_the_source_cannot)
{
    own_place_is_sick(20 << 20);
}

static const struct {
    const char *fault;
    int status;
} REFUSALS[] = {
    {"resolve * status=404 header=X-Error-Code:%20EntryNotFound", 3},
    {"resolve * status=403", 4},
    {"resolve * status=401", 4},
    {"cdn * status=404", 3},
    {"cdn * status=403", 4},
};

Test(mirrors, do_not_hide_that_the_source_refuses)
{
    for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++) {
        SCOPED(play_done) struct play p = play_new(SMALL);
        scene_fault(&p.scene, REFUSALS[i].fault);
        PLAY(&p, hub_endpoint(p.mirror), "--retries", "1");
        scene_expect(&p.scene, REFUSALS[i].status, NULL);
        cr_expect_eq(bodies_of(p.mirror), 0, "%s", REFUSALS[i].fault);
    }
}

/* ---- a mirror is not well ---- */

Test(mirrors, one_that_is_dead_costs_nothing)
{
    SCOPED(play_done) struct play p = play_new(LARGE);
    PLAY(&p, "http://127.0.0.1:1", "--connections", "2");
    expect_right(&p);
    cr_expect_eq(of_origin(&p.scene, hub_endpoint(p.scene.hub), "bytes"), p.size);
    expect_mirror_event(&p.scene, "http://127.0.0.1:1", "connect");
}

static const struct {
    const char *name, *fault, *cause;
} BAD[] = {
    {"it is without the revision", "resolve * status=404", "not-found"},
    {"it wants a token", "resolve * status=401", "auth"},
    {"it sends the whole file for a range", "cdn * ignore-range", "range"},
    {"its CDN has lost the file", "cdn * status=404", "status"},
    {"it says 503", "cdn * status=503", "status"},
    {"it cuts", "cdn * close=1000", "reset"},
    {"it stalls", "cdn * stall=300000", "stalled"},
    {"it says that it has another file",
     "resolve * header=X-Linked-ETag:%20%22"
     "00000000000000000000000000000000000000000000000000000000000000ff%22",
     "differs"},
    {"it says that it is larger", "resolve * header=X-Linked-Size:%2099999999", "differs"},
};

Test(mirrors, one_that_is_not_well_is_left)
{
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        SCOPED(play_done) struct play p = play_new(LARGE);
        fault_at(p.mirror, BAD[i].fault);
        PLAY(&p, hub_endpoint(p.mirror), "--connections", "2", "--retries", "1");
        cr_expect_eq(p.scene.status, 0, "%s: %s", BAD[i].name, p.scene.err);
        expect_right(&p);
        expect_mirror_event(&p.scene, hub_endpoint(p.mirror), BAD[i].cause);
    }
}

Test(mirrors, one_with_another_revision_is_not_mixed_in)
{
    SCOPED(play_done) struct play p = play_new(LARGE);
    hub_add_generated(p.mirror, "org/name", "big.bin", LARGE, 2, true);
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2");
    expect_right(&p);
    cr_expect_eq(scene_number(&p.scene, "result", 0, "bytes_fetched"), p.size);
}

Test(mirrors, one_that_crawls_is_left_to_its_pace)
{
    SCOPED(play_done) struct play p = play_new(LARGE);
    fault_at(p.mirror, "cdn * rate=20000 drip=2000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2");
    expect_right(&p);
    cr_expect_lt(bodies_of(p.mirror), SMALL);
    cr_expect_lt(scene_number(&p.scene, "result", 0, "elapsed_ms"), 20000,
                 "80 MiB would take an hour");
}

/* ---- bytes that are wrong ---- */

/* A mirror that says to have the file and sends another's bytes, of the same size. */
struct liar {
    struct play play;
    struct hub *other;
};

static struct liar liar_new(uint64_t size)
{
    struct liar l = {.play = play_new(size)};
    l.other = start_hub(&(struct hub_options){0});
    hub_add_generated(l.other, "org/name", "big.bin", size, 2, true);
    SCOPED(mem_freep)
    char *fault =
        mem_printf("resolve * location=%s/org/name/resolve/main/big.bin", hub_endpoint(l.other));
    fault_at(l.play.mirror, fault);
    return l;
}

static void liar_done(struct liar *l)
{
    expect_no_token(l->other);
    hub_free(l->other);
    play_done(&l->play);
}

Test(mirrors, bytes_that_a_mirror_got_wrong_are_fetched_again_elsewhere)
{
    SCOPED(liar_done) struct liar l = liar_new(LARGE);
    struct play *p = &l.play;
    PLAY(p, hub_endpoint(p->mirror), "--connections", "2");
    expect_right(p);
    expect_mirror_event(&p->scene, hub_endpoint(p->mirror), "digest");
    uint64_t again = scene_number(&p->scene, "mirror", 0, "bytes");
    cr_expect_gt(again, 0);
    cr_expect_lt(again, p->size, "only what it sent");
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->mirror), "bytes"), again);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->mirror), "wrong"), 1);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->scene.hub), "bytes"), p->size);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->scene.hub), "wrong"), 0);
    cr_expect_eq(scene_number(&p->scene, "result", 0, "bytes_fetched"), p->size + again);
}

Test(mirrors, one_that_was_wrong_serves_no_other_file)
{
    SCOPED(liar_done) struct liar l = liar_new(SMALL);
    struct play *p = &l.play;
    hub_add_generated(p->scene.hub, "org/name", "next.bin", SMALL, 3, true);
    hub_add_generated(p->mirror, "org/name", "next.bin", SMALL, 3, true);
    hub_add_generated(l.other, "org/name", "next.bin", SMALL, 4, true);
    scene_fault(&p->scene, "cdn * #1 status=503"); // each begins at the mirror, if it may
    PLAY(p, hub_endpoint(p->mirror), "--connections", "1", "--max-workers", "1");
    expect_right(p);
    scene_expect_file(&p->scene, "out/next.bin", "org/name", "next.bin");
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->mirror), "bytes"), SMALL, "%s", p->scene.out);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->mirror), "wrong"), 1);
}

Test(mirrors, of_three_the_wrong_one_is_found)
{
    SCOPED(liar_done) struct liar l = liar_new(LARGE);
    struct play *p = &l.play;
    SCOPED(hub_freep) struct hub *third = start_hub(&(struct hub_options){0});
    hub_add_generated(third, "org/name", "big.bin", LARGE, 1, true);
    PLAY(p, hub_endpoint(p->mirror), "--mirror", hub_endpoint(third), "--connections", "3");
    expect_right(p);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->mirror), "wrong"), 1);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(third), "wrong"), 0);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->scene.hub), "wrong"), 0);
    expect_no_token(third);
}

Test(mirrors, a_source_that_is_wrong_is_found_out_by_its_mirror)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * flip=1000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "1");
    expect_right(&p);
    expect_mirror_event(&p.scene, hub_endpoint(p.scene.hub), "digest");
    cr_expect_eq(of_origin(&p.scene, hub_endpoint(p.scene.hub), "wrong"), 1);
    cr_expect_eq(bodies_of(p.mirror), SMALL);
}

Test(mirrors, where_all_are_wrong_the_file_fails_and_nothing_is_published)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * flip=1000");
    fault_at(p.mirror, "cdn * flip=1000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "1");
    scene_expect(&p.scene, 5, "is not what its source promises");
    cr_expect_not(tmpdir_has(p.scene.dir, "out/big.bin"));
    cr_expect_eq(scene_events(&p.scene, "mirror"), 2, "both");
}
