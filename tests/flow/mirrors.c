/* Several hubs with the same repo: what is wrong with one of them costs time, never the file, and
 * the source's own refusals stay the answer. */
#include <inttypes.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/play.h"
#include "tests/flow/servers.h"

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
}

/* Its answer may be long in coming: nobody waits for it once the file is here. */
Test(mirrors, one_that_does_not_answer_keeps_nobody_waiting)
{
    SCOPED(play_done) struct play p = play_new(LARGE);
    fault_at(p.mirror, "resolve * delay=600000");
    p.scene.env = WORDS("HF_HUB_ETAG_TIMEOUT=3600");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2", "--stall-timeout", "3600");
    expect_right(&p);
    cr_expect_eq(resolves_of(p.mirror), 1);
}

Test(mirrors, where_nobody_is_well_the_run_fails_as_without_them)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * status=503");
    fault_at(p.mirror, "cdn * status=503");
    PLAY(&p, hub_endpoint(p.mirror), "--retries", "1");
    scene_expect(&p.scene, 8, "503");
}

Test(mirrors, a_wait_that_the_source_told_is_kept_where_no_mirror_helps)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * status=429 header=Retry-After:%20300");
    fault_at(p.mirror, "resolve * status=404");
    PLAY(&p, hub_endpoint(p.mirror), "--max-wait", "5");
    scene_expect(&p.scene, 7, NULL);
    cr_expect_eq(hub_log_count(hub_log(p.scene.hub), &(struct hub_log_filter){.route = HUB_CDN}), 1,
                 "it was not asked again");
}

Test(mirrors, a_mirrors_url_that_expires_is_asked_for_again)
{
    const struct hub_options brief = {.url_uses = 1};
    SCOPED(play_done) struct play p = play_new(LARGE);
    hub_free(p.mirror);
    p.mirror = start_hub(&brief);
    hub_add_generated(p.mirror, "org/name", "big.bin", LARGE, 1, true);
    scene_fault(&p.scene, "cdn * status=503");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "2");
    expect_right(&p);
    cr_expect_gt(resolves_of(p.mirror), 1);
}

/* ---- other sources ---- */

Test(mirrors, further_urls_of_a_manifest_are_mirrors)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    struct hub_file_info info;
    cr_assert(hub_stat(p.scene.hub, "org/name", "big.bin", &info));
    SCOPED(mem_freep)
    char *text = mem_printf("{\"schema\":1,\"files\":[{\"path\":\"big.bin\",\"size\":%d,\"digest\":"
                            "\"sha256:%s\",\"urls\":[\"http://127.0.0.1:1/big.bin\","
                            "\"%s/org/name/resolve/main/big.bin\"]}]}",
                            SMALL, info.sha256, hub_endpoint(p.mirror));
    tmpdir_put_text(p.scene.dir, "m.json", text);
    GET(&p.scene, "./m.json", "--local-dir", "out");
    expect_right(&p);
    expect_mirror_event(&p.scene, "http://127.0.0.1:1", "connect");
    cr_expect_str_eq(scene_text(&p.scene, "file_done", 0, "origin"), hub_endpoint(p.mirror));
}
