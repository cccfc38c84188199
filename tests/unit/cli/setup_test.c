#include "cli/setup.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/environment.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/unit/cli/given.h"

static const char CONFIG[] = ".config/shardfetch/config";

static void start(void)
{
    given_home();
}

TestSuite(setup, .init = start, .fini = given_clean);

Test(setup, defaults_are_those_of_the_contract)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    const struct settings *s = &g.o.settings;
    cr_assert_str_eq(s->endpoint, "https://huggingface.co");
    cr_assert_eq(s->min_free_bytes, UINT64_MAX);
    cr_assert_eq(s->max_workers, 0, "auto");
    cr_assert_eq(s->connections, 0, "auto");
    cr_assert_eq(s->retries, 8);
    cr_assert_eq(s->max_wait_s, 600);
    cr_assert_eq(s->stall_timeout_s, 30);
    cr_assert_eq(s->connect_timeout_s, 10);
    cr_assert_eq(s->api_timeout_s, 10);
    cr_assert_str_eq(g.o.progress, "auto");
    cr_assert_null(s->token);
    cr_assert_null(s->local_dir);
    SCOPED(mem_freep) char *cache = mem_printf("%s/.cache/huggingface/hub", getenv("HOME"));
    cr_assert_str_eq(s->cache_dir, cache);
}

Test(setup, a_flag_beats_the_environment_beats_the_config_beats_the_default)
{
    static const struct {
        const char *flag, *variable, *config;
        uint64_t expected;
    } CASES[] = {
        {NULL, NULL, NULL, 30},
        {NULL, NULL, "stall-timeout = 11\n", 11},
        {NULL, "12", "stall-timeout = 11\n", 12},
        {"--stall-timeout=13", "12", "stall-timeout = 11\n", 13},
        {"--stall-timeout=13", NULL, "stall-timeout = 11\n", 13},
        {NULL, "", "stall-timeout = 11\n", 11},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        given_file(CONFIG, CASES[i].config ? CASES[i].config : "");
        unsetenv("HF_HUB_DOWNLOAD_TIMEOUT");
        if (CASES[i].variable) setenv("HF_HUB_DOWNLOAD_TIMEOUT", CASES[i].variable, 1);
        SCOPED(given_done) struct given g = {0};
        GIVEN(&g, "get", "a/b", CASES[i].flag);
        cr_expect_eq(g.e, OK, "%s", g.why.text);
        cr_expect_eq(g.o.settings.stall_timeout_s, CASES[i].expected, "case %zu", i);
    }
}

Test(setup, lists_of_a_higher_layer_replace)
{
    given_file(CONFIG, "include = a\ninclude = b\n");
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_eq(g.o.include.count, 2);
    SCOPED(given_done) struct given h = {0};
    GIVEN(&h, "get", "a/b", "--include=c");
    cr_assert_eq(h.o.include.count, 1);
    cr_assert_str_eq(h.o.include.items[0], "c");
}

Test(setup, a_switch_can_be_taken_back)
{
    given_file(CONFIG, "offline = true\nkeep-going = true\n");
    setenv("TRANSFORMERS_OFFLINE", "0", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--keep-going=false");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_not(g.o.settings.offline);
    cr_assert_not(g.o.settings.keep_going);
}

Test(setup, the_first_variable_that_is_not_empty_counts)
{
    setenv("HF_HUB_CACHE", "", 1);
    setenv("HUGGINGFACE_HUB_CACHE", "/legacy", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_str_eq(g.o.settings.cache_dir, "/legacy");
    setenv("HF_HUB_CACHE", "/new", 1);
    SCOPED(given_done) struct given h = {0};
    GIVEN(&h, "get", "a/b");
    cr_assert_str_eq(h.o.settings.cache_dir, "/new");
}

Test(setup, paths_expand_home_and_variables_but_not_those_of_flags)
{
    static const struct {
        const char *path, *expected;
    } CASES[] = {
        {"~/x", "/h/x"},  {"~", "/h"},        {"~other/x", "~other/x"},
        {"$V/x", "/v/x"}, {"a${V}b", "a/vb"}, {"$MISSING/x", "$MISSING/x"},
        {"${V", "${V"},   {"100$", "100$"},   {"$$V", "$/v"},
        {"x~", "x~"},     {"${}", "${}"},     {"", ""},
    };
    setenv("HOME", "/h", 1);
    setenv("V", "/v", 1);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        SCOPED(mem_freep) char *path = options_expand(CASES[i].path);
        cr_expect_str_eq(path, CASES[i].expected);
    }
    setenv("HF_HUB_CACHE", "$V/hub", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--local-dir=$V");
    cr_assert_str_eq(g.o.settings.cache_dir, "/v/hub");
    cr_assert_str_eq(g.o.settings.local_dir, "$V");
}

Test(setup, the_cache_follows_hf_home_then_xdg)
{
    setenv("XDG_CACHE_HOME", "/xdg", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_str_eq(g.o.settings.cache_dir, "/xdg/huggingface/hub");
    setenv("HF_HOME", "~/hf", 1);
    SCOPED(given_done) struct given h = {0};
    GIVEN(&h, "get", "a/b");
    SCOPED(mem_freep) char *cache = mem_printf("%s/hf/hub", getenv("HOME"));
    cr_assert_str_eq(h.o.settings.cache_dir, cache);
}

Test(setup, the_state_is_below_xdgs_place_or_home)
{
    static const struct {
        const char *home, *xdg, *expected;
    } CASES[] = {
        {"/h", NULL, "/h/.local/state/shardfetch"},
        {"/h", "/xdg", "/xdg/shardfetch"},
        {"/h", "", "/h/.local/state/shardfetch"},
        {"/h", "relative", "/h/.local/state/shardfetch"},
        {"h", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        setenv("HOME", CASES[i].home, 1);
        unsetenv("XDG_STATE_HOME");
        if (CASES[i].xdg) setenv("XDG_STATE_HOME", CASES[i].xdg, 1);
        SCOPED(given_done) struct given g = {0};
        GIVEN(&g, "get", "a/b", "--cache-dir=/c");
        const char *is = g.o.settings.state_dir;
        cr_expect(str_eq(is, CASES[i].expected), "%zu: '%s'", i, is ? is : "none");
    }
}

Test(setup, a_cache_flag_beats_a_local_dir_from_the_config)
{
    given_file(CONFIG, "local-dir = /data\n");
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--cache-dir=/c");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_null(g.o.settings.local_dir);
}

Test(setup, bad_variables_are_named)
{
    setenv("HF_HUB_ETAG_TIMEOUT", "soon", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_eq(g.e, ERR_USAGE);
    cr_assert(strstr(g.why.text, "HF_HUB_ETAG_TIMEOUT: 'soon'"), "%s", g.why.text);
}

Test(setup, bad_config_lines_are_named_by_file_and_line)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"# remark\n\nrevison = x\n", ":3: unknown key 'revison'; did you mean 'revision'?"},
        {"zzzzzzzzzzzz = x\n", ":1: unknown key 'zzzzzzzzzzzz'"},
        {"offline\n", ":1: a line is 'key = value'"},
        {"offline = perhaps\n", ":1: 'offline': 'perhaps' is neither"},
        {"revision =\n", ":1: 'revision': the value is empty"},
        {"help = true\n", ":1: 'help' is a flag only"},
        {"retries = -1", ":1: 'retries': '-1' is not a number"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *path = given_file("my.conf", CASES[i].text);
        SCOPED(given_done) struct given g = {0};
        GIVEN(&g, "get", "a/b", "--config", path);
        cr_expect_eq(g.e, ERR_USAGE, "%s", CASES[i].text);
        cr_expect(strstr(g.why.text, CASES[i].says), "%s", g.why.text);
        cr_expect(strstr(g.why.text, path), "%s", g.why.text);
    }
}

Test(setup, a_config_that_was_named_must_be_there)
{
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "--config=/nowhere/config");
    cr_assert_eq(g.e, ERR_USAGE);
    cr_assert(strstr(g.why.text, "/nowhere/config"), "%s", g.why.text);
}

Test(setup, config_values_keep_inner_blanks_and_equal_signs)
{
    given_file("xdg/shardfetch/config", "  revision=a = b \r\n ipv6 = true\nmin-free = 1.5G\n");
    SCOPED(mem_freep) char *xdg = mem_printf("%s/xdg", getenv("HOME"));
    setenv("XDG_CONFIG_HOME", xdg, 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    cr_assert_str_eq(g.o.settings.revision, "a = b");
    cr_assert_eq(g.o.settings.ip, IP_V6);
    cr_assert_eq(g.o.settings.min_free_bytes, 1536ULL * 1024 * 1024);
}

Test(setup, progress_bars_are_disabled_by_the_variable_unless_a_flag_says_otherwise)
{
    setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_str_eq(g.o.progress, "none");
    SCOPED(given_done) struct given h = {0};
    GIVEN(&h, "get", "a/b", "--progress=plain");
    cr_assert_str_eq(h.o.progress, "plain");
}

Test(setup, authorities_come_in_a_documented_order)
{
    setenv("REQUESTS_CA_BUNDLE", "/requests.pem", 1);
    setenv("CURL_CA_BUNDLE", "/curl.pem", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_str_eq(g.o.settings.cacert, "/curl.pem");
    setenv("SSL_CERT_FILE", "/ssl.pem", 1);
    setenv("SSL_CERT_DIR", "/ssl", 1);
    SCOPED(given_done) struct given h = {0};
    GIVEN(&h, "get", "a/b");
    cr_assert_str_eq(h.o.settings.cacert, "/ssl.pem");
    cr_assert_str_eq(h.o.settings.capath, "/ssl");
    SCOPED(given_done) struct given i = {0};
    GIVEN(&i, "get", "a/b", "--cacert=own.pem");
    cr_assert_str_eq(i.o.settings.cacert, "own.pem");
    cr_assert_null(i.o.settings.capath);
}

Test(setup, a_bundle_that_is_a_directory_is_one)
{
    setenv("REQUESTS_CA_BUNDLE", getenv("HOME"), 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_null(g.o.settings.cacert);
    cr_assert_str_eq(g.o.settings.capath, getenv("HOME"));
}

Test(setup, the_endpoint_loses_its_slashes)
{
    setenv("HF_ENDPOINT", "https://mirror.example/hub//", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b");
    cr_assert_str_eq(g.o.settings.endpoint, "https://mirror.example/hub");
}

Test(setup, only_a_no_color_with_content_counts)
{
    cr_assert_not(environment_no_color());
    setenv("NO_COLOR", "", 1);
    cr_assert_not(environment_no_color());
    setenv("NO_COLOR", "0", 1);
    cr_assert(environment_no_color());
}

Test(setup, origins_are_explained_without_secrets)
{
    given_file(CONFIG, "retries = 2\nproxy = http://user:hf_canary@proxy\n");
    setenv("HF_ENDPOINT", "https://mirror.example", 1);
    setenv("HF_TOKEN", "hf_canary", 1);
    SCOPED(given_done) struct given g = {0};
    GIVEN(&g, "get", "a/b", "-v", "--include=*.json", "--include=x");
    cr_assert_eq(g.e, OK, "%s", g.why.text);
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 64 * 1024);
    setup_explain(&g.o, &b);
    static const char *const SAYS[] = {
        "endpoint = https://mirror.example  (environment: HF_ENDPOINT)\n",
        "retries = 2  (config: ",
        "config:1: 'retries')\n",
        "token = (hidden)  (environment: HF_TOKEN)\n",
        "proxy = (hidden)  (config: ",
        "verbose = true  (flag: --verbose)\n",
        "include = *.json x  (flag: --include)\n",
        "token from HF_TOKEN\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(SAYS); i++)
        cr_expect(strstr(buf_str(&b), SAYS[i]), "%s in %s", SAYS[i], buf_str(&b));
    cr_expect_not(strstr(buf_str(&b), "canary"));
    cr_expect_not(strstr(buf_str(&b), "max-wait"));
}
