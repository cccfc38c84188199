#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/flow/run.h"
#include "tests/flow/servers.h"
#include "tests/support/tmpdir.h"

enum { MODEL_FILES = 11 }; // of a model in four shards

static void add_model(struct hub *h)
{
    const struct hub_model m = {.shards = 4, .bytes = 4 * 1024 * 1024, .seed = 1};
    struct why why = {{0}};
    cr_assert_eq(hub_add_model(h, "org/name", &m, &why), OK, "%s", why.text);
}

static struct run get(const char *dir, struct hub *h, const char *const *env)
{
    return run(dir, WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out"),
               env);
}

/* Files in the directory a user sees. */
static size_t published(const char *dir)
{
    return tmpdir_count(dir, "out") - tmpdir_count(dir, "out/.cache");
}

Test(endpoint, a_listing_comes_in_pages)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){.page_size = 3});
    add_model(h);
    SCOPED(run_done) struct run r = get(dir, h, NO_ENV);
    cr_expect_eq(r.status, 0, "%s", r.err);
    cr_expect_eq(published(dir), MODEL_FILES);
    cr_expect_eq(hub_log_count(hub_log(h), &(struct hub_log_filter){.route = HUB_TREE}), 4);
}

Test(endpoint, a_mirror_may_have_a_prefix_and_forget_it)
{
    static const struct {
        const char *name;
        struct hub_options options;
    } cases[] = {
        {"prefix", {.prefix = "/artifactory/api/hf", .page_size = 3}},
        {"mirror", {.link_host = "https://huggingface.co", .page_size = 3}},
        {"both", {.prefix = "/a/b", .link_host = "https://huggingface.co", .page_size = 3}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(hub_freep) struct hub *h = start_hub(&cases[i].options);
        add_model(h);
        hub_add_token(h, "hf_canary");
        SCOPED(run_done) struct run r = get(dir, h, WORDS("HF_TOKEN=hf_canary"));
        cr_expect_eq(r.status, 0, "%s: %s", cases[i].name, r.err);
        cr_expect_eq(published(dir), MODEL_FILES, "%s", cases[i].name);
        struct hub_log *l = hub_log(h);
        const struct hub_log_filter all = {0};
        const struct hub_log_filter cdn = {.at_cdn = true};
        const char *prefix = cases[i].options.prefix ? cases[i].options.prefix : "";
        SCOPED(mem_freep) char *below = mem_printf("%s/*", prefix);
        const struct hub_log_filter own = {.target = below, .authorized = true};
        cr_expect_eq(hub_log_count(l, &own), hub_log_count(l, &all) - hub_log_count(l, &cdn),
                     "%s: all at the endpoint with the token", cases[i].name);
        cr_expect_not(hub_log_contains(l, &cdn, "canary"), "%s", cases[i].name);
    }
}

Test(endpoint, beside_its_path_it_is_sent_no_token)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){.prefix = "/mirror"});
    hub_add_file(h, "org/name", "config.json", "{}", 2, false);
    hub_add_token(h, "hf_canary");
    SCOPED(mem_freep)
    char *beside = mem_printf("%.*s/mirror-of-others/x",
                              (int)(strlen(hub_endpoint(h)) - strlen("/mirror")), hub_endpoint(h));
    struct hub_fault away = HUB_FAULT_NONE;
    away.route = HUB_RESOLVE;
    away.location = beside;
    hub_add_fault(h, &away);
    SCOPED(run_done) struct run r = get(dir, h, WORDS("HF_TOKEN=hf_canary"));
    cr_expect_eq(r.status, 3, "nothing is there: %s", r.err);
    const struct hub_log_filter at = {.target = "/mirror-of-others/*"};
    cr_expect_gt(hub_log_count(hub_log(h), &at), 0);
    cr_expect_not(hub_log_contains(hub_log(h), &at, "canary"));
    cr_expect(hub_log_contains(hub_log(h), NULL, "canary"));
}

Test(endpoint, plan_says_that_files_are_gated_before_anything_is_fetched)
{
    static const struct {
        const char *name;
        const char *env;
        bool listed_by_commit;
        bool gated;
    } cases[] = {
        {"nobody", "HF_TOKEN=", false, true},
        {"somebody without access", "HF_TOKEN=hf_other", false, true},
        {"by commit", "HF_TOKEN=", true, true},
        {"somebody with access", "HF_TOKEN=hf_reader", false, false},
    };
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    add_model(h);
    hub_set_gated(h, "org/name");
    hub_add_token(h, "hf_other");
    hub_grant(h, "org/name", "hf_reader");
    char commit[41];
    cr_assert(hub_commit_id(h, "org/name", "main", commit));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(run_done)
        struct run r = run(dir,
                           WORDS("plan", "org/name", "--endpoint", hub_endpoint(h), "--json",
                                 "--revision", cases[i].listed_by_commit ? commit : "main"),
                           WORDS(cases[i].env));
        const char *told = cases[i].gated ? "\"gated\":true" : "\"gated\":false";
        cr_expect_eq(r.status, 0, "%s: %s", cases[i].name, r.err);
        cr_expect(strstr(r.out, told), "%s", cases[i].name);
    }
}

Test(endpoint, a_gated_file_fails_with_the_page_to_ask_at)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    add_model(h);
    hub_set_gated(h, "org/name");
    hub_add_token(h, "hf_other");
    SCOPED(mem_freep) char *page = mem_printf("%s/org/name", hub_endpoint(h));
    SCOPED(run_done) struct run nobody = get(dir, h, NO_ENV);
    cr_expect_eq(nobody.status, 4, "%s", nobody.err);
    cr_expect(strstr(nobody.err, page), "%s", nobody.err);
    SCOPED(run_done) struct run other = get(dir, h, WORDS("HF_TOKEN=hf_other"));
    cr_expect_eq(other.status, 4, "%s", other.err);
    cr_expect(strstr(other.err, page) && strstr(other.err, "HF_TOKEN"), "%s", other.err);
    cr_expect_not(run_tells(&other, "hf_other"));
    cr_expect_eq(published(dir), 0);
}

Test(endpoint, an_expired_token_on_a_public_repo_is_named_and_can_be_left_out)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(hub_freep) struct hub *h = start_hub(&(struct hub_options){0});
    add_model(h);
    hub_add_token(h, "hf_valid");
    SCOPED(run_done) struct run r = get(dir, h, WORDS("HUGGING_FACE_HUB_TOKEN=hf_expired"));
    cr_expect_eq(r.status, 4, "%s", r.err);
    cr_expect(strstr(r.err, "HUGGING_FACE_HUB_TOKEN"), "%s", r.err);
    cr_expect(strstr(r.err, "--no-token"), "%s", r.err);
    cr_expect_not(run_tells(&r, "hf_expired"));
    SCOPED(run_done)
    struct run without = run(
        dir,
        WORDS("get", "org/name", "--endpoint", hub_endpoint(h), "--local-dir", "out", "--no-token"),
        WORDS("HUGGING_FACE_HUB_TOKEN=hf_expired"));
    cr_expect_eq(without.status, 0, "%s", without.err);
    cr_expect_eq(published(dir), MODEL_FILES);
}

Test(endpoint, one_version_of_ip_can_be_asked_for)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    tmpdir_put_text(root, "file", "abc");
    if (!nginx_ipv6_available()) cr_skip_test("there is no IPv6 on this machine's loopback");
    SCOPED(nginx_freep) struct nginx *four = start_nginx(&(struct nginx_options){.root = root});
    SCOPED(nginx_freep)
    struct nginx *six = start_nginx(&(struct nginx_options){.root = root, .ipv6 = true});
    SCOPED(mem_freep) char *at_four = mem_printf("%s/file", nginx_url(four));
    SCOPED(mem_freep) char *at_six = mem_printf("%s/file", nginx_url(six));
    const struct {
        const char *url, *flag;
        int status;
    } cases[] = {
        {at_four, "-4", 0}, {at_six, "-6", 0}, {at_six, "-v", 0},
        {at_four, "-6", 8}, {at_six, "-4", 8},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        SCOPED(run_done)
        struct run r =
            run(dir, WORDS("get", cases[i].url, cases[i].flag, "--retries", "0"), NO_ENV);
        cr_expect_eq(r.status, cases[i].status, "%s %s: %s", cases[i].flag, cases[i].url, r.err);
        cr_expect_eq(tmpdir_has(dir, "file"), cases[i].status == 0);
    }
}
