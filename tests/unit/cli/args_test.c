#include "cli/args.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/cli/given.h"

static void start(void)
{
    given_home();
}

TestSuite(args, .init = start, .fini = given_clean);

struct bad_case {
    const char *name;
    const char *words[6];
    const char *says;
};

Test(args, bad_words_are_named)
{
    static const struct bad_case CASES[] = {
        {"nothing at all", {NULL}, "a command is missing"},
        {"no source", {"get"}, "get needs a SOURCE"},
        {"mistyped command", {"gte", "a/b"}, "did you mean 'get'?"},
        {"strange command", {"frobnicate"}, "unknown command 'frobnicate'"},
        {"mistyped flag", {"get", "a/b", "--revison", "x"}, "did you mean '--revision'?"},
        {"mistyped flag with value",
         {"get", "a/b", "--jsn=true"},
         "'--jsn'; did you mean '--json'?"},
        {"strange flag", {"get", "--qqqqqqqqqqqqqqqq"}, "unknown flag '--qqqqqqqqqqqqqqqq'"},
        {"strange letter", {"get", "-x"}, "unknown flag '-x'"},
        {"missing value", {"get", "a/b", "--revision"}, "'--revision' needs a value"},
        {"empty value", {"get", "a/b", "--revision", ""}, "--revision: the value is empty"},
        {"value too many", {"get", "a/b", "--ipv4=yes"}, "'--ipv4' takes no value"},
        {"switch with a word", {"get", "a/b", "--json=maybe"}, "neither true nor false"},
        {"flag of another command", {"verify", "a/b", "--keep-going"}, "'verify' has no flag"},
        {"bad number", {"get", "a/b", "--retries", "many"}, "is not a number from 0 to 1000"},
        {"sign", {"get", "a/b", "--retries", "+1"}, "is not a number"},
        {"zero where none may be", {"get", "a/b", "--max-workers=0"}, "from 1 to 256"},
        {"too large", {"get", "a/b", "--connections=257"}, "from 1 to 256"},
        {"far too large", {"get", "a/b", "--max-wait=99999999999999999999"}, "is not a number"},
        {"bad size", {"get", "a/b", "--min-free", "10Q"}, "is not a size"},
        {"bad choice", {"get", "a/b", "--repo-type", "modle"}, "none of model|dataset|space"},
        {"part of a choice", {"get", "a/b", "--progress", "pla"}, "none of auto|bar|plain|none"},
        {"two places", {"get", "a/b", "--local-dir=x", "--cache-dir=y"}, "exclude each other"},
        {"names and globs", {"get", "a/b", "file", "--include=*"}, "exclude each other"},
        {"verify with files", {"verify", "a/b", "file"}, "'file' is too many"},
        {"stdout twice", {"get", "a/b", "--json", "--events=fd:1"}, "the same stream"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(given_done) struct given g = {0};
        given_words(&g, CASES[i].words);
        cr_expect_eq(g.e, ERR_USAGE, "%s", CASES[i].name);
        cr_expect(strstr(g.why.text, CASES[i].says), "%s: %s", CASES[i].name, g.why.text);
    }
}

Test(args, flags_may_stand_anywhere_and_in_any_form)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "-q", "get", "--retries", "3", "a/b", "--revision=v1", "one", "-v4", "dir/");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    const struct settings *s = &g.o.settings;
    cr_assert_eq(s->command, COMMAND_GET);
    cr_assert_str_eq(s->source, "a/b");
    cr_assert_str_eq(s->files[0], "one");
    cr_assert_str_eq(s->files[1], "dir/");
    cr_assert_null(s->files[2]);
    cr_assert_eq(s->retries, 3);
    cr_assert_str_eq(s->revision, "v1");
    cr_assert(g.o.quiet && s->verbose);
    cr_assert_eq(s->ip, IP_V4);
}

Test(args, two_dashes_end_the_flags)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--", "--json", "-");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_not(g.o.json);
    cr_assert_str_eq(g.o.settings.files[0], "--json");
    cr_assert_str_eq(g.o.settings.files[1], "-");
}

Test(args, one_dash_is_a_source)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "plan", "-");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_str_eq(g.o.settings.source, "-");
    cr_assert_null(g.o.settings.files);
}

Test(args, the_last_one_wins_and_lists_grow)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--revision=x", "--revision=y", "-4", "-6", "--include=a",
          "--include=b", "--json", "--json=false");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_str_eq(g.o.settings.revision, "y");
    cr_assert_eq(g.o.settings.ip, IP_V6);
    cr_assert_str_eq(g.o.settings.include[0], "a");
    cr_assert_str_eq(g.o.settings.include[1], "b");
    cr_assert_null(g.o.settings.include[2]);
    cr_assert_not(g.o.json);
}

Test(args, a_manifest_is_the_source_and_all_names_are_files)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "--manifest", "list.json", "one");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert(g.o.settings.source_is_manifest);
    cr_assert_str_eq(g.o.settings.source, "list.json");
    cr_assert_str_eq(g.o.settings.files[0], "one");
}

Test(args, dry_run_is_plan)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--dry-run");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_eq(g.o.settings.command, COMMAND_PLAN);
}

Test(args, help_needs_nothing_else)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "--help");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert(g.o.help);
}

Test(args, a_token_is_wiped_from_argv_in_both_forms)
{
    static const char TOKEN[] = "hf_canary";
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--token", TOKEN, "--token=hf_canary");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    for (int i = 0; i < g.argc; i++)
        cr_expect_not(strstr(g.argv[i], TOKEN), "%s", g.argv[i]);
    cr_assert(g.o.settings.token);
}

Test(args, a_token_is_wiped_also_when_another_flag_is_bad)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--token=hf_canary", "--retries=x");
    cr_assert_eq(g.e, ERR_USAGE);
    cr_assert_not(strstr(g.argv[3], "canary"));
    cr_assert_not(strstr(g.why.text, "canary"));
}
