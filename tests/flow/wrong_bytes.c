/* An origin that sends other bytes than it should: found out by the digest, and by fetching again
 * only what it sent. */
#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/play.h"
#include "tests/flow/servers.h"

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

Test(wrong_bytes, bytes_that_a_mirror_got_wrong_are_fetched_again_elsewhere)
{
    SCOPED(liar_done) struct liar l = liar_new(LARGE);
    struct play *p = &l.play;
    PLAY(p, hub_endpoint(p->mirror), "--connections", "2");
    expect_right(p);
    expect_mirror_event(&p->scene, hub_endpoint(p->mirror), "digest");
    uint64_t again = of_origin(&p->scene, hub_endpoint(p->mirror), "bytes");
    cr_expect_geq(scene_number(&p->scene, "mirror", 0, "bytes"), again);
    cr_expect_gt(again, 0);
    cr_expect_lt(again, p->size, "only what it sent");
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->mirror), "wrong"), 1);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->scene.hub), "bytes"), p->size);
    cr_expect_eq(of_origin(&p->scene, hub_endpoint(p->scene.hub), "wrong"), 0);
    cr_expect_eq(scene_number(&p->scene, "result", 0, "bytes_fetched"), p->size + again);
}

/* The source's CDN ends the first request early; the rest comes from the mirror. */
Test(wrong_bytes, the_wrong_bytes_are_found_to_a_block)
{
    enum { BEGUN = 300000, WRONG = 700000, BLOCK = 64 * 1024 };
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * #1 close=300000");
    fault_at(p.mirror, "cdn * flip=700000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "1");
    expect_right(&p);
    cr_expect_eq(scene_events(&p.scene, "mirror"), 2, "cut, then found to be wrong");
    cr_expect_str_eq(scene_text(&p.scene, "mirror", 1, "cause"), "digest");
    cr_expect_str_eq(scene_text(&p.scene, "mirror", 1, "origin"), hub_endpoint(p.mirror));
    uint64_t from = scene_number(&p.scene, "mirror", 1, "offset");
    cr_expect_leq(from, WRONG);
    cr_expect_gt(from + scene_number(&p.scene, "mirror", 1, "bytes"), WRONG);
    cr_expect_leq(scene_number(&p.scene, "mirror", 1, "bytes"), BLOCK);
    cr_expect_eq(bodies_of(p.mirror), SMALL - BEGUN);
    cr_expect_eq(scene_sent(&p.scene, "*"), SMALL, "what was right is not fetched again");
}

Test(wrong_bytes, one_that_was_wrong_serves_no_other_file)
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

Test(wrong_bytes, of_three_the_wrong_one_is_found)
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

Test(wrong_bytes, a_source_that_is_wrong_is_found_out_by_its_mirror)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * flip=1000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "1");
    expect_right(&p);
    expect_mirror_event(&p.scene, hub_endpoint(p.scene.hub), "digest");
    cr_expect_eq(of_origin(&p.scene, hub_endpoint(p.scene.hub), "wrong"), 1);
    cr_expect_eq(bodies_of(p.mirror), SMALL);
}

Test(wrong_bytes, where_all_are_wrong_the_file_fails_and_nothing_is_published)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    scene_fault(&p.scene, "cdn * flip=1000");
    fault_at(p.mirror, "cdn * flip=1000");
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "1");
    scene_expect(&p.scene, 5, "is not what its source promises");
    cr_expect_not(tmpdir_has(p.scene.dir, "out/big.bin"));
    cr_expect_eq(scene_events(&p.scene, "mirror"), 2, "both");
}

/* What an earlier run left is nobody's of this one: it is doubted first, and nobody is to blame. */
Test(wrong_bytes, of_an_earlier_run_are_the_first_to_be_doubted)
{
    enum { SIZE = 20 << 20, BEGUN = 9 << 20 };
    SCOPED(play_done) struct play p = play_new(SIZE);
    scene_fault(&p.scene, "cdn * flip=1000 close=9437184");
    GET(&p.scene, "org/name", "--local-dir", "out", "--retries", "0", "--connections", "1");
    scene_expect(&p.scene, 8, NULL);
    hub_clear_faults(p.scene.hub);
    PLAY(&p, hub_endpoint(p.mirror), "--connections", "1");
    expect_right(&p);
    cr_expect_geq(scene_number(&p.scene, "file_start", 0, "resumed_from"), BEGUN);
    cr_expect_eq(scene_number(&p.scene, "result", 0, "bytes_fetched"), p.size);
    cr_expect_eq(scene_number(&p.scene, "result", 0, "bytes_reused"), 0, "in the end");
    cr_expect_eq(scene_events(&p.scene, "mirror"), 0);
}

/* While the last mirror is suspected the other one loses the file: the source is asked again. */
Test(wrong_bytes, whoever_is_suspected_is_not_waited_for)
{
    SCOPED(play_done) struct play p = play_new(SMALL);
    SCOPED(hub_freep) struct hub *third = start_hub(&(struct hub_options){0});
    hub_add_generated(third, "org/name", "big.bin", SMALL, 1, true);
    scene_fault(&p.scene, "resolve * #1 status=502");
    fault_at(p.mirror, "cdn * #1 flip=1000 close=300000");
    fault_at(p.mirror, "cdn * status=404");
    PLAY(&p, hub_endpoint(p.mirror), "--mirror", hub_endpoint(third), "--connections", "1");
    expect_right(&p);
    cr_expect_gt(bodies_of(third), 0);
    cr_expect_gt(bodies_of(p.scene.hub), 0);
}
