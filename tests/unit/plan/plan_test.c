#include "download/plan/plan.h"

#include <criterion/criterion.h>
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

static const struct {
    const char *path;
    enum priority priority;
} KINDS[] = {
    {"config.json", PRIORITY_CRITICAL},
    {"model.safetensors.index.json", PRIORITY_CRITICAL},
    {"tokenizer.model", PRIORITY_CRITICAL},
    {"sub/spiece.model", PRIORITY_CRITICAL},
    {"merges.txt", PRIORITY_CRITICAL},
    {"vocab.txt", PRIORITY_CRITICAL},
    {"qwen.tiktoken", PRIORITY_CRITICAL},
    {"chat_template.jinja", PRIORITY_CRITICAL},
    {"modeling_x.py", PRIORITY_CRITICAL},
    {"model-00001-of-00002.safetensors", PRIORITY_NORMAL},
    {"config.json.safetensors", PRIORITY_NORMAL},
    {"q4/model.gguf", PRIORITY_NORMAL},
    {"pytorch_model.bin", PRIORITY_NORMAL},
    {"notes.txt", PRIORITY_NORMAL},
    {"README.md", PRIORITY_LOW},
    {".gitattributes", PRIORITY_LOW},
    {"figures/a.png", PRIORITY_LOW},
    {"b.jpg", PRIORITY_LOW},
    {"LICENSE", PRIORITY_LOW},
    {"LICENSE.txt", PRIORITY_LOW},
};

Test(plan, the_kind_of_a_file_says_how_soon_a_loader_needs_it)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        cr_expect_eq(priority_of(KINDS[i].path), KINDS[i].priority, "%s: %s", KINDS[i].path,
                     priority_word(priority_of(KINDS[i].path)));
    }
}

Test(plan, priorities_have_the_words_of_the_event_stream)
{
    cr_expect_str_eq(priority_word(PRIORITY_CRITICAL), "critical");
    cr_expect_str_eq(priority_word(PRIORITY_HIGH), "high");
    cr_expect_str_eq(priority_word(PRIORITY_NORMAL), "normal");
    cr_expect_str_eq(priority_word(PRIORITY_LOW), "low");
}

static struct listing listing_of(const char *const *paths, size_t count)
{
    struct listing l = {0};
    for (size_t i = 0; i < count; i++)
        listing_add(&l, paths[i])->size = 10 * (i + 1);
    return l;
}

Test(plan, files_come_by_priority_then_in_the_listings_order)
{
    static const char *const PATHS[] = {"README.md",     "b.safetensors", "z.json",
                                        "a.safetensors", "a.json",        "unwanted.json"};
    static const bool WANTED[] = {true, true, true, true, true, false};
    static const char *const ORDER[] = {"z.json", "a.json", "b.safetensors", "a.safetensors",
                                        "README.md"};
    struct listing l = listing_of(PATHS, ARRAY_LEN(PATHS));
    struct plan p;
    plan_init(&p, &l, WANTED);
    cr_assert_eq(p.count, ARRAY_LEN(ORDER));
    for (size_t i = 0; i < p.count; i++) {
        cr_expect_str_eq(p.files[i].entry->path, ORDER[i]);
        cr_expect_eq(p.files[i].id, i, "the position in the plan");
        cr_expect_eq(p.files[i].state, PLAN_MISSING);
    }
    plan_done(&p);
    listing_done(&l);
}

Test(plan, the_users_rules_beat_the_kinds_and_the_last_one_beats_the_others)
{
    static const char *const PATHS[] = {"a.json", "b.safetensors", "x=y.safetensors", "c.md"};
    static const bool WANTED[] = {true, true, true, true};
    static const char *const RULES[] = {"*.safetensors=low", "x=*=critical", "c.md=high", NULL};
    static const char *const ORDER[] = {"a.json", "x=y.safetensors", "c.md", "b.safetensors"};
    struct listing l = listing_of(PATHS, ARRAY_LEN(PATHS));
    struct plan p;
    plan_init(&p, &l, WANTED);
    cr_assert_eq(priority_rules_check(RULES, NULL), OK);
    plan_prioritise(&p, RULES);
    for (size_t i = 0; i < p.count; i++) {
        cr_expect_str_eq(p.files[i].entry->path, ORDER[i]);
        cr_expect_eq(p.files[i].id, i);
    }
    plan_prioritise(&p, NULL);
    plan_done(&p);
    listing_done(&l);
}

Test(plan, a_rule_is_a_glob_and_a_level)
{
    static const char *const BAD[] = {"", "x", "=low", "x=", "x=lowest", "x=LOW", "low"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        const char *const rules[] = {"*=low", BAD[i], NULL};
        struct why why;
        cr_expect_eq(priority_rules_check(rules, &why), ERR_USAGE, "%s", BAD[i]);
        cr_expect_not_null(strstr(why.text, BAD[i]));
    }
    cr_expect_eq(priority_rules_check(NULL, NULL), OK);
}

Test(plan, many_files_of_one_priority_keep_their_order)
{
    enum { MANY = 2000 };
    struct listing l = {0};
    bool *wanted = mem_array(MANY, sizeof(*wanted));
    for (size_t i = 0; i < MANY; i++) {
        SCOPED(mem_freep) char *path = mem_printf("%zu.bin", (i * 7919) % MANY);
        listing_add(&l, path)->size = 1;
        wanted[i] = true;
    }
    struct plan p;
    plan_init(&p, &l, wanted);
    for (size_t i = 0; i < MANY; i++)
        cr_assert_eq(p.files[i].entry, &l.entries[i], "%zu", i);
    plan_done(&p);
    listing_done(&l);
    mem_free(wanted);
}

Test(plan, of_nothing_is_empty)
{
    static const char *const PATHS[] = {"a", "b"};
    static const bool NONE[] = {false, false};
    struct listing l = listing_of(PATHS, ARRAY_LEN(PATHS));
    struct plan p;
    plan_init(&p, &l, NONE);
    plan_total(&p);
    cr_expect_eq(p.count, 0);
    cr_expect_eq(p.bytes_total, 0);
    plan_done(&p);
    listing_done(&l);
}

static const struct {
    const char *name;
    enum plan_state state;
    uint64_t size, total, present, to_fetch, reserved;
} TOTALS[] = {
    {"missing", PLAN_MISSING, 10, 10, 0, 10, 0},
    {"partial", PLAN_PARTIAL, 10, 10, 0, 10, 10},
    {"unverified", PLAN_UNVERIFIED, 10, 10, 10, 0, 0},
    {"unlinked", PLAN_UNLINKED, 10, 10, 10, 0, 0},
    {"present", PLAN_PRESENT, 10, 10, 10, 0, 0},
    {"empty", PLAN_MISSING, 0, 0, 0, 0, 0},
    {"of unknown size", PLAN_MISSING, SIZE_NOT_KNOWN, 0, 0, 0, 0},
    {"partial of unknown size", PLAN_PARTIAL, SIZE_NOT_KNOWN, 0, 0, 0, 0},
    {"present of unknown size", PLAN_PRESENT, SIZE_NOT_KNOWN, 0, 0, 0, 0},
    {"beyond 32 bits", PLAN_MISSING, UINT64_C(1) << 42, UINT64_C(1) << 42, 0, UINT64_C(1) << 42, 0},
};

Test(plan, totals_follow_the_states)
{
    static const char *const PATHS[] = {"only"};
    static const bool WANTED[] = {true};
    for (size_t i = 0; i < ARRAY_LEN(TOTALS); i++) {
        struct listing l = listing_of(PATHS, 1);
        l.entries[0].size = TOTALS[i].size;
        struct plan p;
        plan_init(&p, &l, WANTED);
        p.files[0].state = TOTALS[i].state;
        plan_total(&p);
        plan_total(&p); // made anew, not added to
        cr_expect_eq(p.bytes_total, TOTALS[i].total, "%s", TOTALS[i].name);
        cr_expect_eq(p.bytes_present, TOTALS[i].present, "%s", TOTALS[i].name);
        cr_expect_eq(p.bytes_to_fetch, TOTALS[i].to_fetch, "%s", TOTALS[i].name);
        cr_expect_eq(p.bytes_reserved, TOTALS[i].reserved, "%s", TOTALS[i].name);
        plan_done(&p);
        listing_done(&l);
    }
}

Test(plan, totals_are_sums_over_all_files)
{
    static const char *const PATHS[] = {"a.bin", "b.bin", "c.bin", "d.bin"};
    static const bool WANTED[] = {true, true, true, false};
    struct listing l = listing_of(PATHS, ARRAY_LEN(PATHS)); // 10, 20, 30, 40 bytes
    struct plan p;
    plan_init(&p, &l, WANTED);
    p.files[0].state = PLAN_PRESENT;
    p.files[1].state = PLAN_PARTIAL;
    plan_total(&p);
    cr_expect_eq(p.bytes_total, 60);
    cr_expect_eq(p.bytes_present, 10);
    cr_expect_eq(p.bytes_to_fetch, 50);
    cr_expect_eq(p.bytes_reserved, 20);
    plan_done(&p);
    listing_done(&l);
}

Test(plan, the_number_of_a_shard_is_in_its_name)
{
    static const struct {
        const char *path;
        unsigned number;
    } CASES[] = {
        {"model-00001-of-00004.safetensors", 0},
        {"model-00003-of-00004.safetensors", 2},
        {"a-00009-of-00010/model-00002-of-00004.gguf", 1},
        {"config.json", 0},
        {"one-of-many.bin", 0},
        {"-of-", 0},
        {"model-00000-of-00004.bin", 0},
        {"model-0000x-of-00004.bin", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        cr_expect_eq(plan_shard_number(CASES[i].path), CASES[i].number, "%s", CASES[i].path);
}
